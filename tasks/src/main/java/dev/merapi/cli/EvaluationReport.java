package dev.merapi.cli;

import dev.merapi.metrics.ClassScore;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/// An [Evaluation] as a table for people or as one JSON line.
record EvaluationReport(Evaluation evaluation) {

    /// A line a label, where there are labels, then the metrics over all of them.
    List<String> table() {
        List<String> lines = new ArrayList<>();
        if (!evaluation.classes().isEmpty()) classes(lines);
        StringJoiner all = new StringJoiner(", ");
        evaluation.metrics().scores().forEach((metric, value) -> {
            if (metric != Metric.LOSS) all.add(name(metric) + " " + share(value));
        });
        lines.add(String.format(
                Locale.ROOT,
                "%d rows: %s, loss %.4f",
                evaluation.metrics().rows(),
                all,
                evaluation.metrics().loss()));
        return lines;
    }

    private void classes(List<String> lines) {
        int width = evaluation.classes().stream()
                .mapToInt(c -> c.label().length())
                .max()
                .orElse(0);
        String row = "%-" + Math.max(width, 5) + "s  %9s  %6s  %5s  %7s";
        lines.add(row.formatted("label", "precision", "recall", "F1", "rows"));
        for (ClassScore c : evaluation.classes())
            lines.add(row.formatted(c.label(), share(c.precision()), share(c.recall()), share(c.f1()), c.support()));
    }

    /// For people: `macro F1`.
    static String name(Metric metric) {
        return switch (metric) {
            case MAE, RMSE -> metric.name();
            case ROC_AUC -> "ROC AUC";
            case MATTHEWS -> "MCC";
            case BASELINE_MAE -> "MAE of the median";
            default -> metric.column().replace('_', ' ').replace("f1", "F1");
        };
    }

    private static String share(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    JsonLine json() {
        JsonLine line = new JsonLine().put("rows", evaluation.metrics().rows());
        evaluation.metrics().values().forEach(line::put);
        if (evaluation.classes().isEmpty()) return line;
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
