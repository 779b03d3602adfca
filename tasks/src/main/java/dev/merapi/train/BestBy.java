package dev.merapi.train;

import dev.merapi.metrics.Metrics;

/// The metric that says which epoch is the best. Of epochs that are equal in it the one with the lower loss counts,
/// then
/// the first.
public enum BestBy {
    ACCURACY,
    MICRO_F1,
    MACRO_F1,
    /// The evaluation's loss, the lower the better.
    LOSS;

    /// Whether `one` is better than `other`; what is no number is never better.
    public boolean better(Metrics one, Metrics other) {
        return score(one) > score(other) || score(one) == score(other) && one.loss() < other.loss();
    }

    /// The metric's value, larger for better.
    private double score(Metrics metrics) {
        return switch (this) {
            case ACCURACY -> metrics.accuracy();
            case MICRO_F1 -> metrics.microF1();
            case MACRO_F1 -> metrics.macroF1();
            case LOSS -> -metrics.loss();
        };
    }
}
