package dev.merapi.train;

import dev.merapi.metrics.Metric;
import dev.merapi.metrics.Metrics;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.train.TrainEvent.End;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/// How far a run has come, which evaluation was the best, and whether the run ends. All that it knows can be
/// saved.
final class Progress {
    private final TrainingSettings settings;
    private final int stepsPerEpoch;
    private final int totalSteps;

    private int steps;
    private boolean settled = true; // whether what follows the last step, its epoch's end and evaluation, was done
    private int epochs; // completed
    private Tally run = Tally.NOTHING;
    private Tally epoch = Tally.NOTHING; // the one at hand
    private int bestEpoch;
    private int worse; // evaluations since the best
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

    /// Of the next step, from 1.
    int epoch() {
        return steps / stepsPerEpoch + 1;
    }

    /// Which step of its epoch the next one is, from 0.
    int stepInEpoch() {
        return steps % stepsPerEpoch;
    }

    /// A step was asked for; its numbers may come later.
    void made(int step) {
        steps = step;
        settled = false;
        if (steps == totalSteps) end = End.COMPLETED;
    }

    /// The numbers of a step.
    void count(TrainEvent.StepEnd event) {
        if ((event.step() - 1) % stepsPerEpoch == 0) epoch = Tally.NOTHING;
        epoch = epoch.plus(event);
        run = run.plus(event);
    }

    /// Whether something is due behind the last step that needs its numbers.
    boolean somethingFollows() {
        return epochIsOver() || evaluationIsDue() || checkpointIsDue();
    }

    boolean settled() {
        return settled;
    }

    boolean epochIsOver() {
        return steps % stepsPerEpoch == 0;
    }

    boolean evaluationIsDue() {
        return settings.pace().evaluatesAfter(steps, stepsPerEpoch, totalSteps);
    }

    boolean checkpointIsDue() {
        int every = settings.pace().saveSteps();
        return every > 0 && steps % every == 0;
    }

    void settle() {
        settled = true;
    }

    TrainEvent.EpochEnd epochEnd() {
        epochs++;
        return new TrainEvent.EpochEnd(epochs, steps, epoch.meanLoss(), epoch.speed());
    }

    /// Takes note of the metrics after the last step.
    TrainEvent.Evaluated evaluated(Metrics metrics, double seconds) {
        int at = (steps - 1) / stepsPerEpoch + 1;
        boolean better = best == null || settings.metricForBestModel().better(metrics, best);
        worse = better ? 0 : worse + 1;
        if (better) {
            best = metrics;
            bestEpoch = at;
        } else if (settings.patience() > 0 && worse >= settings.patience() && end == null) {
            end = End.NO_IMPROVEMENT;
        }
        return new TrainEvent.Evaluated(at, steps, metrics, better, seconds);
    }

    void stop(End reason) {
        if (end == null) end = reason;
    }

    /// Whether the run was ended from outside, so that it can be resumed.
    boolean interrupted() {
        return end == End.STOPPED || end == End.TIME_OVER;
    }

    boolean goesOn() {
        return end == null;
    }

    TrainEvent.Outcome outcome() {
        return new TrainEvent.Outcome(
                end, epochs, steps, bestEpoch, Optional.ofNullable(best), epoch.meanLoss(), run.speed());
    }

    Json.Obj save() {
        Json.Obj json = Json.Obj.empty(Checkpoints.STATE)
                .with("steps", steps)
                .with("settled", settled)
                .with("epochs", epochs)
                .with("run", save(run))
                .with("epoch", save(epoch))
                .with("worse", worse)
                .with("best_epoch", bestEpoch);
        if (end != null && !interrupted()) json = json.with("end", end.name());
        if (best == null) return json;
        Json.Obj scores = Json.Obj.empty(Checkpoints.STATE);
        for (Map.Entry<Metric, Double> score : best.scores().entrySet())
            scores = scores.with(score.getKey().name(), score.getValue());
        return json.with("best_rows", best.rows()).with("best", scores);
    }

    void restore(Json.Obj json) {
        steps = json.integer("steps");
        settled = json.bool("settled");
        epochs = json.integer("epochs");
        run = tally(json.object("run"));
        epoch = tally(json.object("epoch"));
        worse = json.integer("worse");
        bestEpoch = json.integer("best_epoch");
        end = json.has("end") ? End.valueOf(json.string("end")) : null;
        if (!json.has("best")) return;
        Map<Metric, Double> scores = new EnumMap<>(Metric.class);
        for (Metric metric : Metric.values())
            if (json.object("best").has(metric.name()))
                scores.put(metric, json.object("best").number(metric.name()));
        best = new Metrics(json.integer("best_rows"), scores);
    }

    private static Json.Obj save(Tally tally) {
        return Json.Obj.empty(Checkpoints.STATE)
                .with("steps", tally.steps())
                .with("loss_sum", tally.lossSum())
                .with("rows", tally.rows())
                .with("tokens", tally.tokens())
                .with("seconds", tally.seconds());
    }

    private static Tally tally(Json.Obj json) {
        return new Tally(
                json.integer("steps"),
                json.number("loss_sum"),
                json.integer("rows"),
                (long) json.number("tokens"),
                json.number("seconds"));
    }
}
