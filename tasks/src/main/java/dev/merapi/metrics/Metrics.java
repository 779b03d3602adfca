package dev.merapi.metrics;

import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/// What an evaluation says in a line.
///
/// @param rows   how many examples were evaluated
/// @param scores those that the task has, in the order of [Metric]
public record Metrics(int rows, Map<Metric, Double> scores) {
    public Metrics {
        scores = Collections.unmodifiableMap(new EnumMap<>(scores));
    }

    /// Of classes.
    public Metrics(int rows, double loss, double accuracy, double microF1, double macroF1, double weightedF1) {
        this(
                rows,
                Map.of(
                        Metric.LOSS, loss,
                        Metric.ACCURACY, accuracy,
                        Metric.MICRO_F1, microF1,
                        Metric.MACRO_F1, macroF1,
                        Metric.WEIGHTED_F1, weightedF1));
    }

    /// These and one more.
    public Metrics with(Metric metric, double value) {
        Map<Metric, Double> more = new EnumMap<>(scores);
        more.put(metric, value);
        return new Metrics(rows, more);
    }

    /// @throws IllegalArgumentException if the task has no such metric
    public double get(Metric metric) {
        Double value = scores.get(metric);
        if (value == null)
            throw new IllegalArgumentException(
                    "metrics: this task has no " + metric.column() + ", found " + values().keySet());
        return value;
    }

    public double loss() {
        return get(Metric.LOSS);
    }

    public double accuracy() {
        return get(Metric.ACCURACY);
    }

    public double macroF1() {
        return get(Metric.MACRO_F1);
    }

    /// Name and value of each, in a fixed order: `loss`, `accuracy`, `micro_f1`, `macro_f1`, `weighted_f1`.
    public Map<String, Double> values() {
        Map<String, Double> values = new LinkedHashMap<>();
        scores.forEach((metric, value) -> values.put(metric.column(), value));
        return values;
    }
}
