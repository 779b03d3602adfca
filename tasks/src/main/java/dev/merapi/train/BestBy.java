package dev.merapi.train;

import dev.merapi.metrics.Metrics;

/// The metric that says which epoch is the best; of equal epochs the first counts.
public enum BestBy {
    ACCURACY,
    MICRO_F1,
    MACRO_F1,
    /// The evaluation's loss, the lower the better.
    LOSS;

    /// The metric's value, larger for better.
    public double score(Metrics metrics) {
        return switch (this) {
            case ACCURACY -> metrics.accuracy();
            case MICRO_F1 -> metrics.microF1();
            case MACRO_F1 -> metrics.macroF1();
            case LOSS -> -metrics.loss();
        };
    }
}
