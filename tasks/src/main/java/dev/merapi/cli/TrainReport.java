package dev.merapi.cli;

import dev.merapi.metrics.Metrics;
import dev.merapi.train.TrainEvent;
import dev.merapi.train.TrainEvent.CheckpointSaved;
import dev.merapi.train.TrainEvent.EpochEnd;
import dev.merapi.train.TrainEvent.Evaluated;
import dev.merapi.train.TrainEvent.Outcome;
import dev.merapi.train.TrainEvent.RunEnd;
import dev.merapi.train.TrainEvent.RunStart;
import dev.merapi.train.TrainEvent.Speed;
import dev.merapi.train.TrainEvent.StepEnd;
import dev.merapi.train.TrainListener;
import java.util.Locale;

/// Writes a line an epoch to standard output, as columns or as JSON.
final class TrainReport implements TrainListener {
    private static final String COLUMNS = "%5s  %10s  %8s  %8s  %8s  %8s  %8s";

    private final Console console;
    private final boolean json;
    private final int loggingSteps;
    private EpochEnd unreported;

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
            case EpochEnd end -> unreported = end;
            case Evaluated evaluated -> epoch(evaluated);
            case CheckpointSaved saved -> {}
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
        console.print(text(COLUMNS, "epoch", "train loss", "dev loss", "accuracy", "macro F1", "rows/s", "tokens/s"));
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

    /// @param evaluated null for an epoch that was not
    private void epoch(Evaluated evaluated) {
        EpochEnd end = unreported;
        unreported = null;
        Speed speed = end.speed();
        if (json) {
            JsonLine line = new JsonLine()
                    .put("event", "epoch")
                    .put("epoch", end.epoch())
                    .put("step", end.step())
                    .put("train_loss", end.loss());
            if (evaluated != null) put(line, evaluated.metrics()).put("best", evaluated.best());
            console.print(put(line, speed).toString());
            return;
        }
        String dash = "-";
        console.print(text(
                        COLUMNS,
                        end.epoch(),
                        text("%.4f", end.loss()),
                        evaluated == null
                                ? dash
                                : text("%.4f", evaluated.metrics().loss()),
                        evaluated == null
                                ? dash
                                : text("%.3f", evaluated.metrics().accuracy()),
                        evaluated == null
                                ? dash
                                : text("%.3f", evaluated.metrics().macroF1()),
                        text("%.1f", speed.rowsPerSecond()),
                        text("%,.0f", speed.tokensPerSecond()))
                + (evaluated != null && evaluated.best() ? "  best" : ""));
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
            case NO_IMPROVEMENT -> "stopped, no better epoch for a while";
            case STOPPED -> "interrupted";
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
