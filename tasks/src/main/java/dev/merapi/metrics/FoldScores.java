package dev.merapi.metrics;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/// What K models found that each learned from all folds but one.
///
/// @param outOfFold all rows together, each by the model that did not learn from it
/// @param folds each fold's rows alone
/// @param test rows of a test file by all models together; empty where there are none with answers
public record FoldScores(Evaluation outOfFold, List<Evaluation> folds, Optional<Evaluation> test) {
    public FoldScores {
        folds = List.copyOf(folds);
    }

    /// The mean of each metric over the folds where it is a number: a fold without a label has no ROC AUC of
    /// it, say. NaN where there is none.
    public Map<Metric, Double> means() {
        return each(this::mean);
    }

    /// How much these folds differ in each metric: `√(Σ(x − x̄)² / (K − 1))`, the standard deviation of a
    /// sample. NaN where there are not two.
    public Map<Metric, Double> deviations() {
        return each(metric -> {
            double mean = mean(metric);
            double[] values = values(metric);
            double squares =
                    Arrays.stream(values).map(x -> (x - mean) * (x - mean)).sum();
            return Math.sqrt(squares / (values.length - 1));
        });
    }

    private double mean(Metric metric) {
        return Arrays.stream(values(metric)).average().orElse(Double.NaN);
    }

    private double[] values(Metric metric) {
        return folds.stream()
                .mapToDouble(fold -> fold.metrics().get(metric))
                .filter(value -> !Double.isNaN(value))
                .toArray();
    }

    private Map<Metric, Double> each(ToDoubleFunction<Metric> value) {
        Map<Metric, Double> values = new TreeMap<>(); // in the order of the metrics
        for (Metric metric : outOfFold.metrics().scores().keySet()) values.put(metric, value.applyAsDouble(metric));
        return values;
    }
}
