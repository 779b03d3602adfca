package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.StratifiedFolds;
import dev.merapi.metrics.Evaluation;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.Model;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.train.Inference;
import dev.merapi.train.Pace;
import dev.merapi.train.TrainEvent.End;
import dev.merapi.train.TrainingSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/// Trains a model a fold, each in its own folder `fold-<k>`, and collects what they say.
///
/// @param division which row is tested in which fold
/// @param outOfFold logits of each training row, of the model that did not learn from it, [rows][…]
/// @param test mean logits of each test row, of all models, [rows][…]; null without test data
/// @param scores of each fold's rows
/// @param tokenizer that all models were trained with
/// @param input how all models read texts
record FoldRuns(
        StratifiedFolds division,
        float[][] outOfFold,
        float[][] test,
        List<Evaluation> scores,
        Tokenizer tokenizer,
        InputSettings input) {
    /// A trained model, and how it reads texts.
    private record Fold<M extends Model>(M model, Tokenizer tokenizer, InputSettings input) {}

    /// @return empty if the run was stopped, or its time is over
    static <M extends Model> Optional<FoldRuns> train(FoldPlan<M> plan) {
        FineTuning run = plan.run().inMemory();
        Dataset all = run.train();
        StratifiedFolds division = StratifiedFolds.shuffled(
                all.strata(), plan.folds(), run.training().seed());
        Json.Obj settings = plan.settings();
        FoldNotes notes = plan.isTrial()
                ? new FoldNotes(null, settings, -1, List.of())
                : FoldNotes.open(run.outputDir(), settings, run.resume());
        float[][] outOfFold = new float[all.size()][];
        List<float[][]> test = new ArrayList<>();
        List<Evaluation> scores = new ArrayList<>();
        Fold<M> model = null;
        long started = System.nanoTime();
        for (int k = 0; k < plan.folds(); k++) {
            Dataset held = all.rows(all.source() + " fold " + k, division.test(k));
            Dataset rest = all.rows(all.source() + " without fold " + k, division.train(k));
            Path folder = run.outputDir().resolve("fold-" + k);
            Recipe<M> recipe = plan.recipe().apply(rest);
            if (notes.done().contains(k)) {
                model = saved(recipe, folder, run);
            } else {
                boolean resume = run.resume()
                        && notes.begun() == k
                        && RunFolder.beside(folder).hasCheckpoint();
                notes = notes.begin(k);
                TaskRun.Finished<M> done =
                        TaskRun.train(run.fold(rest, held, left(run, started), folder, resume), recipe);
                if (!Set.of(End.COMPLETED, End.NO_IMPROVEMENT)
                        .contains(done.outcome().end())) return Optional.empty();
                notes = notes.finish(k);
                model = new Fold<>(done.model(), done.tokenizer(), done.input());
            }
            if (run.stop().requested()) return Optional.empty();
            Recipe.Prepared heldRows = recipe.prepare(held, model.tokenizer(), model.input());
            float[][] said = logits(model, heldRows, run);
            for (int i = 0; i < said.length; i++) outOfFold[division.test(k)[i]] = said[i];
            scores.add(heldRows.scoring().apply(said));
            if (plan.test() != null)
                test.add(logits(model, recipe.prepare(plan.test(), model.tokenizer(), model.input()), run));
        }
        float[][] mean = plan.test() == null ? null : mean(test, plan.mean());
        return Optional.of(new FoldRuns(division, outOfFold, mean, scores, model.tokenizer(), model.input()));
    }

    private static <M extends Model> float[][] logits(Fold<M> fold, Recipe.Prepared rows, FineTuning run) {
        return Inference.logits(
                fold.model(), rows.tokens(), run.training().batching().perDeviceEvalBatchSize());
    }

    private static <M extends Model> Fold<M> saved(Recipe<M> recipe, Path folder, FineTuning run) {
        LoadOptions options = LoadOptions.pretrained().device(run.device());
        Loaded<M> loaded = Loaded.from(folder, () -> recipe.saved(folder, options));
        return new Fold<>(loaded.model(), loaded.tokenizer(), InputSettings.of(folder));
    }

    /// @param startedNanos when the first fold began: all share the time that there is
    private static TrainingSettings left(FineTuning run, long startedNanos) {
        Pace pace = run.training().pace();
        if (pace.maxSeconds() == 0) return run.training();
        double left = pace.maxSeconds() - (System.nanoTime() - startedNanos) * 1e-9;
        return run.training().pace(pace.maxSeconds(Math.max(left, Double.MIN_VALUE)));
    }

    /// Each output of each row over all models.
    private static float[][] mean(List<float[][]> all, ToDoubleFunction<double[]> mean) {
        float[][] means = new float[all.getFirst().length][];
        for (int row = 0; row < means.length; row++) {
            means[row] = new float[all.getFirst()[row].length];
            for (int i = 0; i < means[row].length; i++) {
                int r = row;
                int column = i;
                means[row][i] = (float) mean.applyAsDouble(
                        all.stream().mapToDouble(logits -> logits[r][column]).toArray());
            }
        }
        return means;
    }
}
