package dev.merapi.cli;

import dev.merapi.metrics.ClassScore;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.Metrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// An [Evaluation] as a table for people or as one JSON line.
record EvaluationReport(Evaluation evaluation) {

    /// A line a label, then the metrics over all of them.
    List<String> table() {
        int width = evaluation.classes().stream()
                .mapToInt(c -> c.label().length())
                .max()
                .orElse(0);
        String row = "%-" + Math.max(width, 5) + "s  %9s  %6s  %5s  %7s";
        List<String> lines = new ArrayList<>();
        lines.add(row.formatted("label", "precision", "recall", "F1", "rows"));
        for (ClassScore c : evaluation.classes())
            lines.add(row.formatted(c.label(), share(c.precision()), share(c.recall()), share(c.f1()), c.support()));
        Metrics all = evaluation.metrics();
        lines.add(String.format(
                Locale.ROOT,
                "%d rows: accuracy %.3f, micro F1 %.3f, macro F1 %.3f, weighted F1 %.3f, loss %.4f",
                all.rows(),
                all.accuracy(),
                all.microF1(),
                all.macroF1(),
                all.weightedF1(),
                all.loss()));
        return lines;
    }

    private static String share(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    JsonLine json() {
        JsonLine line = new JsonLine().put("rows", evaluation.metrics().rows());
        evaluation.metrics().values().forEach(line::put);
        return line.put(
                "labels",
                evaluation.classes().stream().map(EvaluationReport::json).toList());
    }

    private static JsonLine json(ClassScore score) {
        return new JsonLine()
                .put("label", score.label())
                .put("precision", score.precision())
                .put("recall", score.recall())
                .put("f1", score.f1())
                .put("support", score.support());
    }
}
