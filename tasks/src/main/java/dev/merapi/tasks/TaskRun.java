package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.Metrics;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.Model;
import dev.merapi.report.Environment;
import dev.merapi.report.TrainingReport;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.train.Batching;
import dev.merapi.train.Checkpoints;
import dev.merapi.train.CsvLog;
import dev.merapi.train.Inference;
import dev.merapi.train.SettingsException;
import dev.merapi.train.TensorBoardLog;
import dev.merapi.train.TrainEvent;
import dev.merapi.train.TrainListener;
import dev.merapi.train.Trainer;
import dev.merapi.train.TrainingSettings;
import dev.merapi.train.TrainingState;
import dev.merapi.train.Trial;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// Fine-tunes a model, whatever the task: checks, loads, tokenizes, trains, keeps the best evaluation's model.
///
/// @param <M> the kind of model
final class TaskRun<M extends Model> {
    private final FineTuning run;
    private final Recipe<M> recipe;
    private final TrainingSettings training;
    private final RunFolder folder;
    private final OutputFolder output;
    private final Tokenizer tokenizer;
    private final M model;
    private final InputSettings input;
    private final Recipe.Prepared dev;
    private final CsvLog log;

    private Scored latest;
    private Scored best; // null while nothing is kept
    private boolean changed; // whether the model was trained since it was kept

    /// @param <M> the kind of model
    /// @param model of the best evaluation; of the last step where nothing was evaluated
    record Finished<M extends Model>(
            M model,
            Tokenizer tokenizer,
            InputSettings input,
            Optional<Evaluation> evaluation,
            TrainEvent.Outcome outcome) {}

    /// @param logits [rows][…] of the development data
    private record Scored(float[][] logits, Evaluation evaluation) {}

    private TaskRun(FineTuning run, Recipe<M> recipe) {
        this.run = run;
        this.recipe = recipe;
        training = run.training().orBestBy(recipe.bestBy());
        folder = RunFolder.beside(run.outputDir());
        log = new CsvLog(recipe.metrics(), isTrial() ? null : folder.log());
        tokenizer = run.start().tokenizer();
        output = new OutputFolder(run.outputDir(), tokenizer);
        model = recipe.start(run.start(), run.train(), recipe.dropout(), run.device(), training.seed());
        if (recipe.freezeEncoder()) model.freezeEncoder();
        input = recipe.input().resolve(model, tokenizer);
        dev = recipe.prepare(run.dev(), tokenizer, input);
    }

    static <M extends Model> Finished<M> train(FineTuning run, Recipe<M> recipe) {
        run.train().require(recipe.target());
        run.dev().require(recipe.target());
        List<String> labels = run.train().labels();
        if (!labels.equals(run.dev().labels())) {
            throw new SettingsException(
                    run.dev().source() + " has the labels " + run.dev().labels() + ", expected those of "
                            + run.train().source() + ", " + labels + "; read both with the same labels");
        }
        if (run.start().liesIn(run.outputDir())) {
            throw new SettingsException("output-dir: " + run.outputDir()
                    + " is the folder of the model to start from, which saving would replace; name another folder");
        }
        TrainingSettings training = run.training().orBestBy(recipe.bestBy());
        if (!recipe.metrics().contains(training.metricForBestModel().metric())) {
            throw new SettingsException("metric-for-best-model: expected one of "
                    + recipe.metrics().stream().map(metric -> metric.column()).toList() + ", got "
                    + training.metricForBestModel().metric().column());
        }
        return new TaskRun<>(trial(run), recipe).train();
    }

    /// The data of a trial: the first batches.
    private static FineTuning trial(FineTuning run) {
        TrainingSettings training = run.training();
        Trial trial = training.trial();
        int batches = Math.max(trial.fastDevRun(), trial.overfitBatches());
        if (batches == 0) return run;
        Batching batching = training.batching();
        int step = batching.perDeviceTrainBatchSize() * batching.gradientAccumulationSteps();
        Dataset train = first(run.train(), Math.multiplyExact(batches, step));
        if (trial.fastDevRun() == 0) return run.with(train, train, training);
        Dataset dev = first(run.dev(), Math.multiplyExact(batches, batching.perDeviceEvalBatchSize()));
        return run.with(train, dev, training.numTrainEpochs(1));
    }

    /// As many of the first rows as there are.
    static Dataset first(Dataset data, int rows) {
        return data.rows(
                data.source(), IntStream.range(0, Math.min(rows, data.size())).toArray());
    }

    /// Whether nothing is written.
    private boolean isTrial() {
        return run.training().trial().fastDevRun() > 0;
    }

    private Finished<M> train() {
        List<TrainListener> listeners = new ArrayList<>(run.listeners());
        listeners.addFirst(this::watch);
        listeners.addFirst(log);
        TensorBoardLog events = run.loggingDir() == null || isTrial() ? null : new TensorBoardLog(run.loggingDir());
        if (events != null) listeners.addFirst(events);
        Recipe.Prepared train = recipe.prepare(run.train(), tokenizer, input);
        Trainer trainer = new Trainer(
                model,
                train.tokens(),
                train.objective(),
                this::evaluate,
                this::keep,
                training,
                state(),
                run.stop(),
                listeners);
        TrainEvent.Outcome outcome;
        try (log;
                events) {
            outcome = trainer.fit();
        }
        boolean kept = outcome.bestEpoch() > 0 && !isTrial();
        boolean interrupted = outcome.end() == TrainEvent.End.STOPPED || outcome.end() == TrainEvent.End.TIME_OVER;
        M result = kept && changed ? reload() : model;
        if (kept && best == null) best = score(result); // resumed after the best evaluation
        if (!kept && !isTrial() && !interrupted) {
            save(RunReport.metrics(outcome, null)); // max-steps ended the first epoch early
            output.write(OutputFolder.REPORT, report(outcome));
        } else if (kept) {
            output.write(OutputFolder.METRICS, RunReport.metrics(outcome, best.evaluation()));
            output.write(OutputFolder.LOG, log.text());
            output.write(OutputFolder.REPORT, report(outcome));
        }
        if (!interrupted && !isTrial()) folder.discardIfWithoutCheckpoints();
        return new Finished<>(
                result, tokenizer, input, Optional.ofNullable(best).map(Scored::evaluation), outcome);
    }

    private TrainingState state() {
        if (isTrial()) return TrainingState.NONE;
        Checkpoints checkpoints = new Checkpoints(folder.path(), training.pace().saveTotalLimit());
        return new TrainingState(checkpoints, run.resume(), RunReport.settings(run, training, recipe, input), log);
    }

    private void watch(TrainEvent event) {
        if (event instanceof TrainEvent.StepEnd || event instanceof TrainEvent.Resumed) changed = true;
    }

    private Metrics evaluate() {
        latest = score(model);
        return latest.evaluation().metrics();
    }

    private Scored score(M model) {
        int rows = training.batching().perDeviceEvalBatchSize();
        float[][] logits = Inference.logits(model, dev.tokens(), rows);
        return new Scored(logits, dev.scoring().apply(logits));
    }

    private String report(TrainEvent.Outcome outcome) {
        return new TrainingReport(
                        RunReport.settings(run, training, recipe, input),
                        log.text(),
                        outcome,
                        Optional.ofNullable(best).map(Scored::evaluation),
                        Optional.ofNullable(best).map(scored -> dev.findings().apply(scored.logits())),
                        Environment.of(model.device()))
                .html();
    }

    private Path keep(int epoch, Metrics metrics) {
        if (!isTrial()) save(RunReport.metrics(epoch, latest.evaluation()));
        best = latest;
        changed = isTrial();
        return output.path();
    }

    private void save(String metrics) {
        output.save(
                model,
                Map.of(
                        OutputFolder.SETTINGS,
                        RunReport.settings(run, training, recipe, input).pretty() + "\n",
                        OutputFolder.METRICS,
                        metrics,
                        OutputFolder.LOG,
                        log.text()));
    }

    /// The best evaluation's model, where a later one is in memory.
    private M reload() {
        return recipe.saved(output.path(), LoadOptions.pretrained().device(run.device()));
    }
}
