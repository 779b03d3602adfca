package dev.merapi.train;

import dev.merapi.data.BatchSampler;
import dev.merapi.data.Encoded;
import dev.merapi.data.PackedBatch;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.metrics.Metrics;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.Pass;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.optim.AdamW;
import dev.merapi.nn.optim.Gradients;
import dev.merapi.nn.optim.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// Fine-tunes a model: the whole way of the data, from batches to the optimizer, in [#fit] and [#step].
///
/// The same settings and data give bitwise the same weights, however many threads there are: the order of rows and
/// all randomness are functions of the seed, and every kernel divides its work by the problem alone.
public final class Trainer {
    private final SequenceClassifier model;
    private final List<Parameter> parameters; // those that are trained
    private final Encoded train;
    private final Objective objective;
    private final Supplier<Metrics> evaluation;
    private final Keeper keeper;
    private final TrainingSettings settings;
    private final Stop stop;
    private final List<TrainListener> listeners;

    private final AdamW optimizer;
    private final Schedule schedule;
    private final Progress progress;
    private int passes; // batches that went through the model: each has its own dropout

    /// @param model whose parameters are changed in place
    /// @param train examples to learn from
    /// @param objective the loss
    /// @param evaluation of the model as it is, after each epoch
    /// @param keeper saves the model when an epoch is the best so far
    /// @param settings how
    /// @param stop ends the run early
    /// @param listeners are told how it goes
    public Trainer(
            SequenceClassifier model,
            Encoded train,
            Objective objective,
            Supplier<Metrics> evaluation,
            Keeper keeper,
            TrainingSettings settings,
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
        this.stop = stop;
        this.listeners = List.copyOf(listeners);
        this.optimizer = settings.optimizer(parameters);
        this.schedule = settings.schedule(settings.totalSteps(train.size()));
        this.progress = new Progress(settings, train.size());
    }

    /// Trains to the end, or to the step during which somebody asks to stop. The model is then as the last step
    /// left it; the best one is where the keeper put it.
    ///
    /// @throws TrainingException if the loss or the gradients are no numbers any more
    public TrainEvent.Outcome fit() {
        tell(progress.start(train.size(), train.tokens(), trainedNumbers()));
        for (int epoch = 1; goesOn(); epoch++) {
            for (List<int[]> rows : steps(epoch)) {
                tell(step(epoch, rows));
                if (!goesOn()) break;
            }
            if (goesOn()) {
                tell(progress.epochEnd());
                evaluate(epoch);
            }
        }
        tell(new TrainEvent.RunEnd(progress.outcome()));
        return progress.outcome();
    }

    private boolean goesOn() {
        if (stop.requested()) progress.stop();
        return progress.goesOn();
    }

    /// One step of the optimizer: forward, loss, backward, clip, update.
    ///
    /// @param rows of each batch: mostly one, with gradient accumulation the gradients of several are averaged
    private TrainEvent.StepEnd step(int epoch, List<int[]> rows) {
        long started = System.nanoTime();
        List<PackedBatch> batches = rows.stream().map(train::batch).toList();
        double loss = 0;
        for (PackedBatch batch : batches) {
            try (Scope _ = Scope.open()) {
                Pass pass = Pass.training(settings.seed(), passes++);
                Tensor logits = model.forward(batch.tokens(), pass); // [B, K]
                Tensor mean = objective.loss(logits, batch);
                mean.backward(1f / batches.size());
                loss += mean.item() / batches.size();
            }
        }
        double norm = Gradients.norm(parameters);
        FiniteCheck.require(loss, norm, progress.steps() + 1, parameters);
        double rate = schedule.at(progress.steps());
        optimizer.step(rate, settings.maxGradNorm() == 0 ? 1f : Gradients.clipScale(norm, settings.maxGradNorm()));

        TrainEvent.StepEnd end = new TrainEvent.StepEnd(
                epoch,
                progress.steps() + 1,
                loss,
                rate,
                norm,
                batches.stream().mapToInt(PackedBatch::size).sum(),
                batches.stream().mapToInt(batch -> batch.tokens().tokens()).sum(),
                seconds(started));
        progress.step(end);
        return end;
    }

    /// The rows of the epoch's batches, those of one optimizer step together.
    private List<List<int[]>> steps(int epoch) {
        List<int[]> batches =
                BatchSampler.epoch(train.lengths(), settings.perDeviceTrainBatchSize(), settings.seed(), epoch);
        int together = settings.gradientAccumulationSteps();
        List<List<int[]>> steps = new ArrayList<>();
        for (int from = 0; from < batches.size(); from += together) {
            steps.add(batches.subList(from, Math.min(batches.size(), from + together)));
        }
        return steps;
    }

    private void evaluate(int epoch) {
        long started = System.nanoTime();
        Metrics metrics = evaluation.get();
        TrainEvent.Evaluated evaluated = progress.evaluated(metrics, seconds(started));
        tell(evaluated);
        if (evaluated.best()) tell(new TrainEvent.CheckpointSaved(epoch, keeper.keep(epoch, metrics)));
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
