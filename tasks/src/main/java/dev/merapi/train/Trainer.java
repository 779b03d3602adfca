package dev.merapi.train;

import dev.merapi.data.Encoded;
import dev.merapi.data.PackedBatch;
import dev.merapi.engine.Device;
import dev.merapi.metrics.Metrics;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.model.Model;
import dev.merapi.nn.optim.AdamW;
import dev.merapi.nn.optim.Clip;
import dev.merapi.nn.optim.Clip.Outcome;
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
    private Step asked; // a step whose numbers are still to be read; null: none
    private float lossScale = 1; // after the last step that was read
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
        Device device = parameters.getFirst().tensor().device();
        this.scaler = settings.computation().scaler(device);
        this.passes = new Passes(model, parameters, objective, settings, scaler);
        this.progress = new Progress(settings, train.size());
        this.behind = !settings.trial().detectAnomaly()
                && optimizer instanceof AdamW
                && device.kernels().runBehind();
    }

    /// Trains to the end, or to the step during which somebody asks to stop. The model is then as the last step
    /// left it; the best one is where the keeper put it.
    ///
    /// @throws TrainingException if the loss or the gradients are no numbers any more
    public TrainEvent.Outcome fit() {
        tell(progress.start(train.size(), train.tokens(), trainedNumbers()));
        resume();
        if (!progress.settled()) settle(); // a state that was saved between a step and its evaluation
        if (scaler != null) lossScale = scaler.scale();
        while (goesOn()) {
            if (progress.stepInEpoch() == 0 || steps.isEmpty()) steps = steps(progress.epoch());
            step(progress.epoch(), steps.get(progress.stepInEpoch()));
            if (!behind || progress.somethingFollows()) end();
            if (interrupted()) break;
            settle();
            if (progress.checkpointIsDue()) save();
        }
        end();
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
    private void step(int epoch, List<int[]> rows) {
        long started = System.nanoTime();
        int number = progress.steps() + 1;
        List<PackedBatch> batches = rows.stream().map(train::batch).toList();
        DoubleSupplier loss = passes.step(batches, number);
        end(); // of the step before, now that the device has work for a while
        double rate = schedule.at(optimizer.steps());
        asked = new Step(
                epoch,
                number,
                loss,
                rate,
                behind ? updateBehind(rate) : update(rate, loss, number),
                batches.stream().mapToInt(PackedBatch::size).sum(),
                batches.stream().mapToInt(batch -> batch.tokens().tokens()).sum(),
                started);
        progress.made(number);
    }

    /// Where losses are scaled, a step whose gradients are not finite changes nothing but the scale: the
    /// weights, their average and the schedule stay where they are, as in PyTorch and in transformers' Trainer.
    private Supplier<Outcome> update(double rate, DoubleSupplier loss, int number) {
        float scale = scaler == null ? 1 : scaler.scale();
        double norm = passes.overflowed() ? Double.POSITIVE_INFINITY : Gradients.norm(parameters) / scale; // waits
        FiniteCheck.require(loss.getAsDouble(), scaler == null ? norm : 0, number, scaler != null, parameters);
        boolean finite = Double.isFinite(norm);
        if (scaler != null && scaler.update(finite)) FiniteCheck.requireScale(scaler.scale(), number, parameters);
        if (finite) {
            double most = settings.tuning().maxGradNorm();
            optimizer.step(rate, (most == 0 ? 1f : Gradients.clipScale(norm, most)) / scale);
            if (average != null) average.update();
        } else {
            Gradients.clear(parameters);
        }
        Outcome outcome = new Outcome(norm, finite, scaler == null ? 1 : scaler.scale());
        return () -> outcome;
    }

    /// The same without a wait: the device clips, adapts the scale, and leaves weights alone whose gradients
    /// are not finite, which the host sees when it reads the outcome.
    private Supplier<Outcome> updateBehind(double rate) {
        try (Clip clip = new Clip(parameters, settings.tuning().maxGradNorm(), scaler)) {
            ((AdamW) optimizer).step(rate, clip);
            return clip.outcome(); // behind the update, which runs in one piece with the norm
        }
    }

    /// A step that was asked for. Where the device runs behind, its numbers are read when the passes of the
    /// next one were asked for, too, so that the device always has work.
    private record Step(
            int epoch,
            int number,
            DoubleSupplier loss,
            double rate,
            Supplier<Outcome> outcome,
            int rows,
            int tokens,
            long started) {}

    /// Reads the numbers of the step that was asked for, if there is one.
    private void end() {
        if (asked == null) return;
        Step step = asked;
        asked = null;
        Outcome outcome = step.outcome.get();
        double loss = step.loss.getAsDouble(), norm = outcome.norm();
        if (behind) settleBehind(step.number, loss, outcome);
        if (outcome.scale() != lossScale) {
            lossScale = outcome.scale();
            tell(new TrainEvent.LossScaled(step.epoch, step.number, lossScale, !outcome.made()));
        }
        double seconds = seconds(Math.max(step.started, lastEnd));
        lastEnd = System.nanoTime();
        TrainEvent.StepEnd end =
                new TrainEvent.StepEnd(step.epoch, step.number, loss, step.rate, norm, step.rows, step.tokens, seconds);
        progress.count(end);
        tell(end);
    }

    /// What [#update] does when it knows the norm. The weights are still those of this step: the next one's
    /// update is not yet asked for.
    private void settleBehind(int number, double loss, Outcome outcome) {
        FiniteCheck.requireBehind(loss, scaler == null ? outcome.norm() : 0, number, scaler != null);
        if (outcome.scale() != lossScale) FiniteCheck.requireScaleBehind(outcome.scale(), number);
        if (!outcome.made()) ((AdamW) optimizer).skipped();
        else if (average != null) average.update();
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
