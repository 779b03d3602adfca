package dev.merapi.cli;

import dev.merapi.data.Dataset;
import dev.merapi.metrics.FoldScores;
import dev.merapi.metrics.Metric;
import dev.merapi.tasks.FineTuning;
import dev.merapi.tasks.MultilabelFolds;
import dev.merapi.tasks.OrdinalFolds;
import dev.merapi.tasks.PairFolds;
import dev.merapi.tasks.SpanFolds;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;

/// `train --folds`: a model a fold, and what they come to together.
record FoldsTraining(Console console, boolean json, int folds) {

    /// @param unseen to be predicted by all models together; null for none
    void train(Task task, TaskOptions options, FineTuning run, Dataset unseen) {
        Optional<FoldScores> scores = switch (task) {
            case PAIR_CLASSIFICATION -> new PairFolds(options.pairs(), folds).train(run, unseen);
            case ORDINAL -> new OrdinalFolds(options.ordinal(), folds).train(run, unseen);
            case SPAN_EXTRACTION -> new SpanFolds(options.spans(), folds).train(run, unseen);
            case MULTILABEL ->
                new MultilabelFolds(options.multilabel(), folds)
                        .train(run, unseen)
                        .map(this::tuned);
        };
        scores.ifPresent(this::report);
        boolean saved = scores.isPresent() && run.training().trial().fastDevRun() == 0;
        if (!saved || json) return;
        console.print("the report is " + run.outputDir().resolve("report.html"));
        console.print("the models and their predictions are in " + run.outputDir());
    }

    private FoldScores tuned(MultilabelFolds.Result result) {
        if (json)
            console.print(new JsonLine()
                    .put("event", "thresholds")
                    .put(
                            "thresholds",
                            Arrays.stream(result.thresholds()).boxed().toList())
                    .put("macro_f1_at_half", result.macroF1AtHalf())
                    .put("macro_f1", result.macroF1())
                    .toString());
        else
            console.print(text(
                    "out of fold: macro F1 %.4f with a threshold of 0.5, %.4f with %s",
                    result.macroF1AtHalf(), result.macroF1(), Arrays.toString(result.thresholds())));
        return result.scores();
    }

    private void report(FoldScores scores) {
        if (json) {
            JsonLine mean = new JsonLine();
            JsonLine deviation = new JsonLine();
            scores.means().forEach((metric, value) -> mean.put(metric.column(), value));
            scores.deviations().forEach((metric, value) -> deviation.put(metric.column(), value));
            console.print(new EvaluationReport(scores.outOfFold())
                    .json()
                    .put("event", "folds")
                    .put("folds", folds)
                    .put("mean", mean)
                    .put("sd", deviation)
                    .toString());
            scores.test()
                    .ifPresent(test -> console.print(new EvaluationReport(test)
                            .json()
                            .put("event", "test")
                            .toString()));
            return;
        }
        console.print("out of fold, each row by the model that did not learn from it:");
        new EvaluationReport(scores.outOfFold()).table().forEach(console::print);
        StringJoiner each = new StringJoiner(", ");
        Map<Metric, Double> deviations = scores.deviations();
        scores.means()
                .forEach((metric, mean) ->
                        each.add(text("%s %.3f ± %.3f", EvaluationReport.name(metric), mean, deviations.get(metric))));
        console.print(folds + " folds: " + each);
        scores.test().ifPresent(test -> {
            console.print("on the test data, all models together:");
            new EvaluationReport(test).table().forEach(console::print);
        });
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
