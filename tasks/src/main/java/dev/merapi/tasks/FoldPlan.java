package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.FoldScores;
import dev.merapi.metrics.Metric;
import dev.merapi.nn.model.Model;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.report.Environment;
import dev.merapi.report.Findings;
import dev.merapi.report.FoldsReport;
import dev.merapi.train.TrainingSettings;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/// How K models of a task are trained, and what they came to.
///
/// @param run whose `train` is divided; with `resume`, folds that are done are not trained again
/// @param folds K, stratified by [Dataset#strata] and shuffled by the run's seed
/// @param test to be predicted by all models together; null for none
/// @param recipe of the task, for the examples to learn from
/// @param mean what one output of all models becomes
record FoldPlan<M extends Model>(
        FineTuning run, int folds, Dataset test, Function<Dataset, Recipe<M>> recipe, ToDoubleFunction<double[]> mean) {
    /// Outputs are averaged as they are.
    static double mean(double... outputs) {
        return Arrays.stream(outputs).average().orElseThrow();
    }

    /// A trial takes the first rows alone: so many batches a fold.
    FoldPlan {
        int batches = run.training().trial().fastDevRun();
        if (batches > 0) {
            int rows = Math.multiplyExact(
                    folds, batches * run.training().batching().perDeviceTrainBatchSize());
            run = run.with(TaskRun.first(run.train(), rows), run.dev(), run.training());
            test = test == null ? null : TaskRun.first(test, rows);
        }
        run.train().require(recipe.apply(run.train()).target());
    }

    /// Whether nothing is written.
    boolean isTrial() {
        return run.training().trial().fastDevRun() > 0;
    }

    /// What `settings.json` would say of one model for all rows.
    Json.Obj settings() {
        Recipe<M> all = recipe.apply(run.train());
        TrainingSettings training = run.training().orBestBy(all.bestBy());
        return RunReport.settings(run, training, all, all.input())
                .with("folds", folds)
                .with("rows", run.train().size());
    }

    /// Examples as all models read them.
    Recipe.Prepared prepare(Dataset data, FoldRuns runs) {
        return recipe.apply(run.train()).prepare(data, runs.tokenizer(), runs.input());
    }

    /// Whether every test example comes with its answer.
    private boolean isTestLabelled() {
        Class<?> target = recipe.apply(run.train()).target();
        return test != null && test.examples().stream().allMatch(example -> target.isInstance(example.target()));
    }

    /// Scores the runs, and writes `metrics.json` and `report.html`.
    FoldScores report(FoldRuns runs) {
        Recipe.Prepared rows = prepare(run.train(), runs);
        return report(
                runs,
                rows.scoring().apply(runs.outOfFold()),
                rows.findings().apply(runs.outOfFold()),
                () -> prepare(test, runs).scoring().apply(runs.test()),
                Map.of());
    }

    /// @param outOfFold all rows
    /// @param findings of all rows
    /// @param test of the test data, asked for where all of them are labelled
    /// @param more metrics that the task adds
    FoldScores report(
            FoldRuns runs,
            Evaluation outOfFold,
            Findings findings,
            Supplier<Evaluation> test,
            Map<String, Double> more) {
        FoldScores scores =
                new FoldScores(outOfFold, runs.scores(), isTestLabelled() ? Optional.of(test.get()) : Optional.empty());
        if (isTrial()) return scores;
        Json.Obj metrics =
                Json.Obj.empty(OutputFolder.METRICS).with("end", "completed").with("folds", folds);
        for (Map.Entry<String, Double> metric : more.entrySet())
            metrics = metrics.with(metric.getKey(), metric.getValue());
        metrics = RunReport.evaluation(metrics, outOfFold)
                .with("mean", values(scores.means()))
                .with("sd", values(scores.deviations()))
                .with(
                        "by_fold",
                        new Json.Arr(scores.folds().stream()
                                .map(fold -> values(fold.metrics().scores())
                                        .with("rows", fold.metrics().rows()))
                                .<Json>map(fold -> fold)
                                .toList()));
        if (scores.test().isPresent())
            metrics = metrics.with(
                    "test",
                    RunReport.evaluation(Json.Obj.empty("test"), scores.test().get()));
        ResultFiles files = new ResultFiles(run.outputDir());
        files.text(OutputFolder.METRICS, metrics.pretty() + "\n");
        files.text(
                OutputFolder.REPORT,
                new FoldsReport(settings(), scores, findings, Environment.of(run.device())).html());
        return scores;
    }

    private static Json.Obj values(Map<Metric, Double> scores) {
        Json.Obj json = Json.Obj.empty(OutputFolder.METRICS);
        for (Map.Entry<Metric, Double> score : scores.entrySet())
            json = json.with(score.getKey().column(), score.getValue());
        return json;
    }

    /// A table beside the models; in a trial, none.
    void csv(String name, List<List<String>> rows) {
        if (!isTrial()) new ResultFiles(run.outputDir()).csv(name, rows);
    }
}
