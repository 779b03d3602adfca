package dev.merapi.metrics;

import java.util.List;
import java.util.Optional;

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
                metrics(scores, confusion.rows(), confusion.accuracy(), loss),
                scores.report(labels),
                Optional.of(confusion));
    }

    /// Of rows with any number of labels.
    public static Evaluation of(MultilabelCounts counts, double loss, List<String> labels) {
        ClassCounts scores = counts.scores();
        return new Evaluation(
                metrics(scores, counts.rows(), counts.accuracy(), loss), scores.report(labels), Optional.empty());
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
