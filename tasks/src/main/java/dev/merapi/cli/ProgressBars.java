package dev.merapi.cli;

import dev.merapi.train.TrainEvent;
import dev.merapi.train.TrainEvent.EpochEnd;
import dev.merapi.train.TrainEvent.RunEnd;
import dev.merapi.train.TrainEvent.RunStart;
import dev.merapi.train.TrainEvent.StepEnd;
import dev.merapi.train.TrainListener;
import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/// A progress bar an epoch, with loss and tokens/s, on a terminal; gone when the epoch is over.
final class ProgressBars implements TrainListener, AutoCloseable {
    private static final int WIDTH = 110;
    private static final int UPDATE_MILLIS = 200;
    private static final double MEMORY = 0.9; // of the running means, a step

    private final PrintStream err;
    private RunStart run;
    private ProgressBar bar;
    private double loss = Double.NaN;
    private double tokensPerSecond;

    ProgressBars(PrintStream err) {
        this.err = err;
    }

    @Override
    public void on(TrainEvent event) {
        switch (event) {
            case RunStart start -> run = start;
            case StepEnd step -> advance(step);
            case EpochEnd end -> close();
            case RunEnd end -> close();
            default -> {}
        }
    }

    private void advance(StepEnd step) {
        if (bar == null) bar = open(step.epoch());
        double speed = step.tokens() / step.seconds();
        boolean first = Double.isNaN(loss);
        loss = first ? step.loss() : MEMORY * loss + (1 - MEMORY) * step.loss();
        tokensPerSecond = first ? speed : MEMORY * tokensPerSecond + (1 - MEMORY) * speed;
        bar.setExtraMessage(" loss %.4f, %,.0f tokens/s".formatted(loss, tokensPerSecond));
        bar.stepTo(step.step() - (long) (step.epoch() - 1) * run.stepsPerEpoch());
    }

    private ProgressBar open(int epoch) {
        return new ProgressBarBuilder()
                .setTaskName("epoch %d/%d".formatted(epoch, run.epochs()))
                .setInitialMax(run.stepsPerEpoch())
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(UPDATE_MILLIS)
                .setConsumer(new ConsoleProgressBarConsumer(err, WIDTH))
                .clearDisplayOnFinish()
                .build();
    }

    /// Clears the bar, if there is one.
    @Override
    public void close() {
        if (bar != null) bar.close();
        bar = null;
    }
}
