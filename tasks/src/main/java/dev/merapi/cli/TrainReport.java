package dev.merapi.cli;

import dev.merapi.metrics.Metric;
import dev.merapi.metrics.Metrics;
import dev.merapi.train.TrainEvent;
import dev.merapi.train.TrainEvent.CheckpointSaved;
import dev.merapi.train.TrainEvent.EpochEnd;
import dev.merapi.train.TrainEvent.Evaluated;
import dev.merapi.train.TrainEvent.LossScaled;
import dev.merapi.train.TrainEvent.Outcome;
import dev.merapi.train.TrainEvent.Resumed;
import dev.merapi.train.TrainEvent.RunEnd;
import dev.merapi.train.TrainEvent.RunStart;
import dev.merapi.train.TrainEvent.Speed;
import dev.merapi.train.TrainEvent.StateSaved;
import dev.merapi.train.TrainEvent.StepEnd;
import dev.merapi.train.TrainListener;
import java.util.List;
import java.util.Locale;

/// Writes a line an epoch and an evaluation to standard output, as columns or as JSON.
final class TrainReport implements TrainListener {
    private static final String COLUMNS = "%5s  %10s  %8s  %8s  %8s  %8s  %8s";

    private final Console console;
    private final boolean json;
    private final int loggingSteps;
    private EpochEnd unreported;
    private boolean headed;

    /// @param loggingSteps also a line after every so many steps; 0 for none
    TrainReport(Console console, boolean json, int loggingSteps) {
        this.console = console;
        this.json = json;
        this.loggingSteps = loggingSteps;
    }

    @Override
    public void on(TrainEvent event) {
        switch (event) {
            case RunStart start -> start(start);
            case StepEnd step -> step(step);
            case LossScaled scaled -> scaled(scaled);
            case EpochEnd end -> unreported = end;
            case Evaluated evaluated -> evaluation(evaluated);
            case CheckpointSaved _ -> {}
            case Resumed resumed -> resumed(resumed);
            case StateSaved saved -> saved(saved);
            case RunEnd end -> end(end.outcome());
        }
    }

    private void start(RunStart run) {
        if (json) {
            console.print(new JsonLine()
                    .put("event", "start")
                    .put("rows", run.rows())
                    .put("tokens", run.tokens())
                    .put("total_steps", run.totalSteps())
                    .put("parameters", run.parameters())
                    .toString());
            return;
        }
        console.print(text(
                "%,d rows, %,d tokens an epoch; %,d steps of %,d trained parameters",
                run.rows(), run.tokens(), run.totalSteps(), run.parameters()));
    }

    private void step(StepEnd step) {
        if (unreported != null) epoch(null);
        if (loggingSteps == 0 || step.step() % loggingSteps != 0) return;
        if (json)
            console.print(new JsonLine()
                    .put("event", "step")
                    .put("step", step.step())
                    .put("epoch", step.epoch())
                    .put("train_loss", step.loss())
                    .put("learning_rate", step.learningRate())
                    .put("gradient_norm", step.gradientNorm())
                    .put("tokens_per_second", step.tokens() / step.seconds())
                    .toString());
        else
            console.print(text(
                    "step %d: loss %.4f, learning rate %.3g, gradient norm %.3f",
                    step.step(), step.loss(), step.learningRate(), step.gradientNorm()));
    }

    private void scaled(LossScaled scaled) {
        if (json)
            console.print(new JsonLine()
                    .put("event", "loss_scale")
                    .put("step", scaled.step())
                    .put("epoch", scaled.epoch())
                    .put("scale", scaled.scale())
                    .put("skipped", scaled.skipped())
                    .toString());
        else if (loggingSteps > 0)
            console.print(text(
                    "step %d%s; the loss scale is %,.6g now",
                    scaled.step(), scaled.skipped() ? " skipped, its gradients overflow float16" : "", scaled.scale()));
    }

    private void resumed(Resumed resumed) {
        if (json)
            console.print(new JsonLine()
                    .put("event", "resumed")
                    .put("step", resumed.step())
                    .put("folder", resumed.folder().toString())
                    .toString());
        else console.print("going on after step " + resumed.step() + " from " + resumed.folder());
    }

    private void saved(StateSaved saved) {
        if (json)
            console.print(new JsonLine()
                    .put("event", "checkpoint")
                    .put("step", saved.step())
                    .put("folder", saved.folder().toString())
                    .toString());
    }

    /// An evaluation, at the end of an epoch or inside it.
    private void evaluation(Evaluated evaluated) {
        if (unreported != null) {
            epoch(evaluated);
        } else if (json) {
            JsonLine line = new JsonLine()
                    .put("event", "evaluation")
                    .put("epoch", evaluated.epoch())
                    .put("step", evaluated.step());
            console.print(
                    put(line, evaluated.metrics()).put("best", evaluated.best()).toString());
        } else {
            row("%d.".formatted(evaluated.epoch()), "", evaluated, null);
        }
    }

    /// @param evaluated null for an epoch that was not
    private void epoch(Evaluated evaluated) {
        EpochEnd end = unreported;
        unreported = null;
        if (json) {
            JsonLine line = new JsonLine()
                    .put("event", "epoch")
                    .put("epoch", end.epoch())
                    .put("step", end.step())
                    .put("train_loss", end.loss());
            if (evaluated != null) put(line, evaluated.metrics()).put("best", evaluated.best());
            console.print(put(line, end.speed()).toString());
        } else {
            row(Integer.toString(end.epoch()), text("%.4f", end.loss()), evaluated, end.speed());
        }
    }

    /// A line of the table, under a header that names the task's two metrics that say most.
    private void row(String epoch, String trainLoss, Evaluated evaluated, Speed speed) {
        List<Metric> metrics = evaluated == null ? List.of() : headline(evaluated.metrics());
        if (!headed)
            console.print(text(
                    COLUMNS,
                    "epoch",
                    "train loss",
                    "dev loss",
                    metrics.isEmpty() ? "" : name(metrics.getFirst()),
                    metrics.isEmpty() ? "" : name(metrics.getLast()),
                    "rows/s",
                    "tokens/s"));
        headed = true;
        String dash = "-";
        console.print(text(
                        COLUMNS,
                        epoch,
                        trainLoss,
                        evaluated == null
                                ? dash
                                : text("%.4f", evaluated.metrics().loss()),
                        evaluated == null
                                ? dash
                                : text("%.3f", evaluated.metrics().get(metrics.getFirst())),
                        evaluated == null
                                ? dash
                                : text("%.3f", evaluated.metrics().get(metrics.getLast())),
                        speed == null ? "" : text("%.1f", speed.rowsPerSecond()),
                        speed == null ? "" : text("%,.0f", speed.tokensPerSecond()))
                + (evaluated != null && evaluated.best() ? "  best" : ""));
    }

    private static List<Metric> headline(Metrics metrics) {
        return List.of(Metric.ACCURACY, Metric.MACRO_F1, Metric.JACCARD, Metric.EXACT_MATCH, Metric.MAE).stream()
                .filter(metrics.scores()::containsKey)
                .limit(2)
                .toList();
    }

    private static String name(Metric metric) {
        return metric == Metric.MACRO_F1 ? "macro F1" : metric.column().replace("exact_match", "exact");
    }

    private void end(Outcome outcome) {
        if (unreported != null) epoch(null);
        if (json) {
            JsonLine line = new JsonLine()
                    .put("event", "end")
                    .put("end", outcome.end().name().toLowerCase(Locale.ROOT))
                    .put("epochs", outcome.epochs())
                    .put("steps", outcome.steps())
                    .put("train_loss", outcome.loss())
                    .put("best_epoch", outcome.bestEpoch());
            outcome.best().ifPresent(metrics -> put(line, metrics));
            console.print(put(line, outcome.speed()).toString());
            return;
        }
        String end = switch (outcome.end()) {
            case COMPLETED -> "done";
            case NO_IMPROVEMENT -> "stopped, no better evaluation for a while";
            case STOPPED -> "interrupted";
            case TIME_OVER -> "stopped, the time is over";
        };
        console.print(text(
                "%s after %d steps, %.1f s of training, %.1f rows/s, %,.0f tokens/s; best epoch %d",
                end,
                outcome.steps(),
                outcome.speed().seconds(),
                outcome.speed().rowsPerSecond(),
                outcome.speed().tokensPerSecond(),
                outcome.bestEpoch()));
    }

    private static JsonLine put(JsonLine line, Metrics metrics) {
        metrics.values().forEach((name, value) -> line.put(name.equals("loss") ? "dev_loss" : name, value));
        return line;
    }

    private static JsonLine put(JsonLine line, Speed speed) {
        return line.put("seconds", speed.seconds())
                .put("rows_per_second", speed.rowsPerSecond())
                .put("tokens_per_second", speed.tokensPerSecond());
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
