package dev.merapi.train;

import dev.merapi.data.Encoded;
import dev.merapi.data.PackedBatch;
import dev.merapi.metrics.Metrics;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.model.Model;
import dev.merapi.nn.optim.AdamW;
import dev.merapi.nn.optim.Clip;
import dev.merapi.nn.optim.GradScaler;
import dev.merapi.nn.optim.Gradients;
import dev.merapi.nn.optim.MetricSchedule;
import dev.merapi.nn.optim.Optimizer;
import dev.merapi.nn.optim.Schedule;
import dev.merapi.nn.optim.WeightAverage;
import dev.merapi.train.TrainEvent.End;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/// Fine-tunes a model: the whole way of the data, from batches to the optimizer, in [#fit] and [#step].
///
/// The same settings and data give bitwise the same weights, however many threads there are: the order of rows
/// and all randomness are functions of the seed, and every kernel divides its work by the problem alone. For
/// the same reason a run that goes on from a [TrainingState] ends with the weights of one that was never
/// interrupted.
public final class Trainer {
    private final Model model;
    private final List<Parameter> parameters; // those that are trained
    private final Encoded train;
    private final Objective objective;
    private final Supplier<Metrics> evaluation;
    private final Keeper keeper;
    private final TrainingSettings settings;
    private final Stop stop;
    private final List<TrainListener> listeners;
    private final TrainingState state;

    private final Optimizer optimizer;
    private final Schedule schedule;
    private final WeightAverage average; // null: none
    private final Passes passes;
    private final GradScaler scaler; // null: losses are not scaled
    private final Progress progress;
    private final long startedNanos = System.nanoTime();
    private final boolean behind; // whether steps are asked for before those before are done
    private List<List<int[]>> steps = List.of(); // of the epoch at hand
    private long lastEnd; // nanoseconds

    /// @param model whose parameters are changed in place
    /// @param train examples to learn from
    /// @param objective the loss
    /// @param evaluation of the model as it is
    /// @param keeper saves the model when an evaluation is the best so far
    /// @param settings how
    /// @param state where the run's state is saved, and what it goes on from
    /// @param stop ends the run early
    /// @param listeners are told how it goes
    public Trainer(
            Model model,
            Encoded train,
            Objective objective,
            Supplier<Metrics> evaluation,
            Keeper keeper,
            TrainingSettings settings,
            TrainingState state,
            Stop stop,
            List<TrainListener> listeners) {
        this.model = model;
        this.parameters =
                model.parameters().stream().filter(Parameter::trainable).toList();
        this.train = train;
        this.objective = objective;
        this.evaluation = evaluation;
        this.keeper = keeper;
        this.settings = settings;
        this.state = state;
        this.stop = stop;
        this.listeners = List.copyOf(listeners);
        this.optimizer = settings.optimizer(parameters, model.config().layers());
        this.schedule = settings.schedule(train.size());
        double decay = settings.tuning().emaDecay();
        this.average = decay == 0 ? null : WeightAverage.exponential(parameters, decay);
        this.passes = new Passes(model, parameters, objective, settings);
        this.scaler = settings.computation().scaler();
        this.progress = new Progress(settings, train.size());
        this.behind = scaler == null
                && !settings.trial().detectAnomaly()
                && optimizer instanceof AdamW
                && parameters.getFirst().tensor().device().kernels().runBehind();
    }

    /// Trains to the end, or to the step during which somebody asks to stop. The model is then as the last step
    /// left it; the best one is where the keeper put it.
    ///
    /// @throws TrainingException if the loss or the gradients are no numbers any more
    public TrainEvent.Outcome fit() {
        tell(progress.start(train.size(), train.tokens(), trainedNumbers()));
        resume();
        if (!progress.settled()) settle(); // a state that was saved between a step and its evaluation
        Step before = null; // on its way
        while (goesOn()) {
            if (progress.stepInEpoch() == 0 || steps.isEmpty()) steps = steps(progress.epoch());
            Step step = step(progress.epoch(), steps.get(progress.stepInEpoch()));
            progress.made(step.number);
            if (before != null) end(before);
            before = behind ? step : null;
            if (before == null) end(step);
            if (before != null && progress.somethingFollows()) {
                end(before);
                before = null;
            }
            if (interrupted()) break;
            settle();
            if (progress.checkpointIsDue()) save();
        }
        if (before != null) end(before);
        if (progress.interrupted() && progress.steps() > 0) save();
        tell(new TrainEvent.RunEnd(progress.outcome()));
        return progress.outcome();
    }

    private boolean goesOn() {
        return progress.goesOn() && !interrupted();
    }

    /// Whether the run ends here from outside, leaving what would follow the step to a resumed run.
    private boolean interrupted() {
        double most = settings.pace().maxSeconds();
        if (stop.requested()) progress.stop(End.STOPPED);
        else if (most > 0 && seconds(startedNanos) >= most) progress.stop(End.TIME_OVER);
        return progress.interrupted();
    }

    /// What follows a step: the end of its epoch, an evaluation.
    private void settle() {
        if (progress.epochIsOver()) tell(progress.epochEnd());
        if (progress.evaluationIsDue()) evaluate();
        progress.settle();
    }

    private void resume() {
        state.restore(parameters, optimizer, average, schedule, scaler, progress)
                .ifPresent(resumed -> {
                    passes.count(resumed.passes());
                    tell(new TrainEvent.Resumed(progress.steps(), resumed.folder()));
                });
    }

    private void save() {
        state.save(parameters, optimizer, average, schedule, scaler, progress, passes.count())
                .ifPresent(folder -> tell(new TrainEvent.StateSaved(progress.steps(), folder)));
    }

    /// One step of the optimizer: forward, loss, backward, clip, update.
    ///
    /// @param rows of each batch: mostly one, with gradient accumulation the gradients of several are averaged
    private Step step(int epoch, List<int[]> rows) {
        long started = System.nanoTime();
        List<PackedBatch> batches = rows.stream().map(train::batch).toList();
        float scale = scaler == null ? 1 : scaler.scale();
        DoubleSupplier loss = passes.step(batches, scale, progress.steps() + 1);
        double rate = schedule.at(optimizer.steps());
        DoubleSupplier norm = behind ? updateBehind(rate) : update(rate, loss, scale);
        return new Step(
                epoch,
                progress.steps() + 1,
                loss,
                rate,
                norm,
                batches.stream().mapToInt(PackedBatch::size).sum(),
                batches.stream().mapToInt(batch -> batch.tokens().tokens()).sum(),
                started);
    }

    /// Where losses are scaled, a step whose gradients are not finite changes nothing but the scale: the
    /// weights, their average and the schedule stay where they are, as in PyTorch and in transformers' Trainer.
    ///
    /// @return the norm of the gradients
    private DoubleSupplier update(double rate, DoubleSupplier loss, float scale) {
        double norm = passes.overflowed() ? Double.POSITIVE_INFINITY : Gradients.norm(parameters) / scale; // waits
        FiniteCheck.require(
                loss.getAsDouble(), scaler == null ? norm : 0, progress.steps() + 1, scaler != null, parameters);
        if (scaler != null) rescale(Double.isFinite(norm));
        if (Double.isFinite(norm)) {
            double most = settings.tuning().maxGradNorm();
            optimizer.step(rate, (most == 0 ? 1f : Gradients.clipScale(norm, most)) / scale);
            if (average != null) average.update();
        } else {
            Gradients.clear(parameters);
        }
        return () -> norm;
    }

    /// The same without a wait: the device clips, and leaves weights alone whose gradients are not finite, which
    /// the host sees when it reads the norm.
    private DoubleSupplier updateBehind(double rate) {
        try (Clip clip = new Clip(parameters, settings.tuning().maxGradNorm())) {
            ((AdamW) optimizer).step(rate, clip);
            if (average != null) average.update();
            return clip.norm(); // behind the update, which runs in one piece with the norm
        }
    }

    /// A step that was asked for. Where the device runs behind, its numbers are read when the next one was
    /// asked for, too, so that the device always has work.
    private record Step(
            int epoch,
            int number,
            DoubleSupplier loss,
            double rate,
            DoubleSupplier norm,
            int rows,
            int tokens,
            long started) {}

    private void end(Step step) {
        double loss = step.loss.getAsDouble(), norm = step.norm.getAsDouble();
        if (behind) FiniteCheck.requireBehind(loss, norm, step.number);
        double seconds = seconds(Math.max(step.started, lastEnd));
        lastEnd = System.nanoTime();
        TrainEvent.StepEnd end =
                new TrainEvent.StepEnd(step.epoch, step.number, loss, step.rate, norm, step.rows, step.tokens, seconds);
        progress.count(end);
        tell(end);
    }

    /// @param finite whether all gradients of the step are
    private void rescale(boolean finite) {
        int step = progress.steps() + 1;
        if (!scaler.update(finite)) return;
        FiniteCheck.requireScale(scaler.scale(), step, parameters);
        tell(new TrainEvent.LossScaled(progress.epoch(), step, scaler.scale(), !finite));
    }

    /// The rows of the epoch's batches, those of one optimizer step together.
    private List<List<int[]>> steps(int epoch) {
        List<int[]> batches = settings.batching().epoch(train.lengths(), settings.seed(), epoch);
        int together = settings.batching().gradientAccumulationSteps();
        List<List<int[]>> steps = new ArrayList<>();
        for (int from = 0; from < batches.size(); from += together) {
            steps.add(batches.subList(from, Math.min(batches.size(), from + together)));
        }
        return steps;
    }

    /// Where weights are averaged, the average is what is evaluated and kept.
    private void evaluate() {
        long started = System.nanoTime();
        if (average != null) average.swap();
        Metrics metrics = evaluation.get();
        TrainEvent.Evaluated evaluated = progress.evaluated(metrics, seconds(started));
        tell(evaluated);
        int epoch = evaluated.epoch();
        if (evaluated.best()) tell(new TrainEvent.CheckpointSaved(epoch, keeper.keep(epoch, metrics)));
        if (average != null) average.swap();
        if (schedule instanceof MetricSchedule listening)
            listening.update(metrics.get(settings.metricForBestModel().metric()));
    }

    private long trainedNumbers() {
        return parameters.stream()
                .mapToLong(parameter -> parameter.tensor().shape().count())
                .sum();
    }

    private static double seconds(long startedNanos) {
        return (System.nanoTime() - startedNanos) * 1e-9;
    }

    private void tell(TrainEvent event) {
        for (TrainListener listener : listeners) listener.on(event);
    }
}
