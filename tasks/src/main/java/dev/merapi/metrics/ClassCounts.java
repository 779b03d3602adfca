package dev.merapi.metrics;

import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/// For each of K classes how often it was predicted, how often it was right, and how often it should have been:
/// all that precision, recall and F1 need.
///
///     precision = hit / predicted      recall = hit / actual      F1 = 2 · hit / (predicted + actual)
///
/// A quotient 0 / 0 counts as 0, as in scikit-learn with `zero_division=0`.
public final class ClassCounts {
    private final long[] hit; // [K]
    private final long[] predicted; // [K]
    private final long[] actual; // [K]

    ClassCounts(int classes) {
        hit = new long[classes];
        predicted = new long[classes];
        actual = new long[classes];
    }

    /// Counts one decision of class `k`.
    void add(int k, boolean isActual, boolean isPredicted) {
        add(k, isActual, isPredicted, 1);
    }

    void add(int k, boolean isActual, boolean isPredicted, long times) {
        if (isActual) actual[k] += times;
        if (isPredicted) predicted[k] += times;
        if (isActual && isPredicted) hit[k] += times;
    }

    public int classes() {
        return hit.length;
    }

    public double precision(int k) {
        return ratio(hit[k], predicted[k]);
    }

    public double recall(int k) {
        return ratio(hit[k], actual[k]);
    }

    public double f1(int k) {
        return ratio(2 * hit[k], predicted[k] + actual[k]);
    }

    /// How many rows are of class `k`.
    public long support(int k) {
        return actual[k];
    }

    public double precision(Average average) {
        return average == Average.MICRO ? ratio(sum(hit), sum(predicted)) : mean(average, this::precision);
    }

    public double recall(Average average) {
        return average == Average.MICRO ? ratio(sum(hit), sum(actual)) : mean(average, this::recall);
    }

    public double f1(Average average) {
        return average == Average.MICRO ? ratio(2 * sum(hit), sum(predicted) + sum(actual)) : mean(average, this::f1);
    }

    /// The scores of each class, under its name.
    public List<ClassScore> report(List<String> labels) {
        if (labels.size() != classes()) {
            throw new IllegalArgumentException(
                    "ClassCounts.report: expected " + classes() + " names, one for each class, got " + labels);
        }
        return IntStream.range(0, classes())
                .mapToObj(k -> new ClassScore(labels.get(k), precision(k), recall(k), f1(k), support(k)))
                .toList();
    }

    private double mean(Average average, IntToDoubleFunction score) {
        double total = 0;
        double weights = 0;
        for (int k = 0; k < classes(); k++) {
            double weight = switch (average) {
                case MACRO -> 1;
                case MACRO_SEEN -> actual[k] + predicted[k] > 0 ? 1 : 0;
                case WEIGHTED -> actual[k];
                case MICRO -> throw new IllegalArgumentException("ClassCounts.mean: MICRO is no mean of classes");
            };
            total += weight * score.applyAsDouble(k);
            weights += weight;
        }
        return weights == 0 ? 0 : total / weights;
    }

    private static double ratio(long part, long whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }

    private static long sum(long[] counts) {
        long sum = 0;
        for (long count : counts) sum += count;
        return sum;
    }
}
