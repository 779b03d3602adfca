package dev.merapi.train;

import dev.merapi.train.TrainEvent.Speed;

/// What some steps come to together.
record Tally(int steps, double lossSum, long rows, long tokens, double seconds) {
    static final Tally NOTHING = new Tally(0, 0, 0, 0, 0);

    Tally plus(TrainEvent.StepEnd step) {
        return new Tally(
                steps + 1, lossSum + step.loss(), rows + step.rows(), tokens + step.tokens(), seconds + step.seconds());
    }

    double meanLoss() {
        return steps == 0 ? 0 : lossSum / steps;
    }

    Speed speed() {
        return seconds == 0 ? new Speed(0, 0, 0) : new Speed(seconds, rows / seconds, tokens / seconds);
    }
}
