package dev.merapi.metrics;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// All that an evaluation found.
///
/// @param metrics in a line
/// @param classes each class alone
/// @param confusion what was taken for what; empty where a row may have several labels
public record Evaluation(Metrics metrics, List<ClassScore> classes, Optional<ConfusionMatrix> confusion) {
    public Evaluation {
        classes = List.copyOf(classes);
    }

    /// Of rows with one label each.
    public static Evaluation of(ConfusionMatrix confusion, double loss, List<String> labels) {
        ClassCounts scores = confusion.scores();
        return new Evaluation(
                metrics(scores, confusion.rows(), confusion.accuracy(), loss)
                        .with(Metric.MATTHEWS, confusion.matthews()),
                scores.report(labels),
                Optional.of(confusion));
    }

    /// Of rows with any number of labels.
    ///
    ///     holds, order [K][rows]: scores that order the rows, whatever a threshold decides
    public static Evaluation of(
            MultilabelCounts counts, double loss, List<String> labels, boolean[][] holds, double[][] order) {
        ClassCounts scores = counts.scores();
        double[] areas = IntStream.range(0, labels.size())
                .mapToDouble(k -> Ranking.rocAuc(holds[k], order[k]))
                .filter(area -> !Double.isNaN(area))
                .toArray();
        double precision = IntStream.range(0, labels.size())
                .mapToDouble(k -> Ranking.averagePrecision(holds[k], order[k]))
                .average()
                .orElse(0);
        Metrics metrics = metrics(scores, counts.rows(), counts.accuracy(), loss)
                .with(Metric.ROC_AUC, Arrays.stream(areas).average().orElse(Double.NaN))
                .with(Metric.AVERAGE_PRECISION, precision);
        return new Evaluation(metrics, scores.report(labels), Optional.empty());
    }

    private static Metrics metrics(ClassCounts scores, long rows, double accuracy, double loss) {
        return new Metrics(
                Math.toIntExact(rows),
                loss,
                accuracy,
                scores.f1(Average.MICRO),
                scores.f1(Average.MACRO),
                scores.f1(Average.WEIGHTED));
    }
}
