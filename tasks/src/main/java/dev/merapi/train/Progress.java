package dev.merapi.train;

import dev.merapi.metrics.Metrics;
import dev.merapi.train.TrainEvent.End;
import java.util.Optional;

/// How far a run has come, which epoch is the best, and whether the run ends.
final class Progress {
    private final TrainingSettings settings;
    private final int stepsPerEpoch;
    private final int totalSteps;

    private int steps;
    private int epochs; // completed
    private Tally run = Tally.NOTHING;
    private Tally epoch = Tally.NOTHING; // the one at hand
    private int bestEpoch;
    private Metrics best;
    private End end;

    Progress(TrainingSettings settings, int rows) {
        this.settings = settings;
        this.stepsPerEpoch = settings.stepsPerEpoch(rows);
        this.totalSteps = settings.totalSteps(rows);
    }

    TrainEvent.RunStart start(int rows, long tokens, long parameters) {
        return new TrainEvent.RunStart(settings.numTrainEpochs(), stepsPerEpoch, totalSteps, rows, tokens, parameters);
    }

    /// How many steps the optimizer has made.
    int steps() {
        return steps;
    }

    void step(TrainEvent.StepEnd event) {
        if (steps % stepsPerEpoch == 0) epoch = Tally.NOTHING;
        steps = event.step();
        epoch = epoch.plus(event);
        run = run.plus(event);
        if (steps == totalSteps && steps % stepsPerEpoch != 0) end = End.COMPLETED; // max-steps, inside an epoch
    }

    TrainEvent.EpochEnd epochEnd() {
        epochs++;
        if (steps == totalSteps) end = End.COMPLETED;
        return new TrainEvent.EpochEnd(epochs, steps, epoch.meanLoss(), epoch.speed());
    }

    /// Takes note of the metrics after the epoch that ended last.
    TrainEvent.Evaluated evaluated(Metrics metrics, double seconds) {
        boolean better = best == null || settings.metricForBestModel().better(metrics, best);
        if (better) {
            best = metrics;
            bestEpoch = epochs;
        } else if (settings.patience() > 0 && epochs - bestEpoch >= settings.patience() && end == null) {
            end = End.NO_IMPROVEMENT;
        }
        return new TrainEvent.Evaluated(epochs, steps, metrics, better, seconds);
    }

    void stop() {
        if (end == null) end = End.STOPPED;
    }

    boolean goesOn() {
        return end == null;
    }

    TrainEvent.Outcome outcome() {
        return new TrainEvent.Outcome(
                end, epochs, steps, bestEpoch, Optional.ofNullable(best), epoch.meanLoss(), run.speed());
    }
}
