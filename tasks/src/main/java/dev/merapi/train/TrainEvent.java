package dev.merapi.train;

import dev.merapi.metrics.Metrics;
import java.nio.file.Path;
import java.util.Optional;

/// What happens in a run, told to every [TrainListener] in this order:
/// `RunStart [Resumed] (([LossScaled] StepEnd)⁺ [EpochEnd] [Evaluated [CheckpointSaved]] [StateSaved])*
/// RunEnd`. A run that fails has no `RunEnd`.
public sealed interface TrainEvent {

    /// @param epochs how many there will be at most
    /// @param stepsPerEpoch optimizer steps of an epoch
    /// @param totalSteps optimizer steps of the run
    /// @param rows examples of an epoch
    /// @param tokens tokens of an epoch
    /// @param parameters trained numbers
    record RunStart(int epochs, int stepsPerEpoch, int totalSteps, int rows, long tokens, long parameters)
            implements TrainEvent {}

    /// @param epoch from 1
    /// @param step from 1, over the whole run
    /// @param loss the training loss of the step's batches
    /// @param learningRate that the step used
    /// @param gradientNorm L2 norm of all gradients before clipping; not finite where [LossScaled] said that
    ///     the step is skipped
    /// @param rows of the step
    /// @param tokens of the step
    /// @param seconds that the step took
    record StepEnd(
            int epoch,
            int step,
            double loss,
            double learningRate,
            double gradientNorm,
            int rows,
            int tokens,
            double seconds)
            implements TrainEvent {}

    /// The scale of the loss has changed, which training in float16 has.
    ///
    /// @param epoch from 1
    /// @param step in which it was seen, from 1
    /// @param scale of the next step
    /// @param skipped whether gradients of this step are not finite, so that it changes no weights and the
    ///     scale falls; otherwise many steps in a row were good, and it rises
    record LossScaled(int epoch, int step, double scale, boolean skipped) implements TrainEvent {}

    /// @param epoch from 1
    /// @param step the last one of the epoch
    /// @param loss the mean of its steps' losses
    /// @param speed of its steps, evaluation not included
    record EpochEnd(int epoch, int step, double loss, Speed speed) implements TrainEvent {}

    /// @param epoch from 1
    /// @param step after which it was made
    /// @param metrics on the development data
    /// @param best whether it is the best so far
    /// @param seconds that it took
    record Evaluated(int epoch, int step, Metrics metrics, boolean best, double seconds) implements TrainEvent {}

    /// @param epoch from 1
    /// @param folder now holds the model as it was evaluated, complete
    record CheckpointSaved(int epoch, Path folder) implements TrainEvent {}

    /// @param step after which the run goes on
    /// @param folder of the state that it goes on from
    record Resumed(int step, Path folder) implements TrainEvent {}

    /// @param step after which it was saved
    /// @param folder now holds the state, complete: the run can be resumed from it
    record StateSaved(int step, Path folder) implements TrainEvent {}

    /// @param outcome what the run came to
    record RunEnd(Outcome outcome) implements TrainEvent {}

    /// How fast the training steps were.
    ///
    /// @param seconds that the steps took
    /// @param rowsPerSecond examples
    /// @param tokensPerSecond tokens, of which none is padding
    record Speed(double seconds, double rowsPerSecond, double tokensPerSecond) {}

    /// What a run came to.
    ///
    /// @param end why it ended
    /// @param epochs how many were completed
    /// @param steps how many optimizer steps were made
    /// @param bestEpoch in which the kept model was evaluated; 0 where none was saved
    /// @param best its metrics; empty where nothing was evaluated
    /// @param loss the mean loss of the last epoch's steps
    /// @param speed of all training steps
    record Outcome(End end, int epochs, int steps, int bestEpoch, Optional<Metrics> best, double loss, Speed speed) {}

    /// Why a run ended.
    enum End {
        /// All epochs, or `max-steps`, are done.
        COMPLETED,
        /// `patience` evaluations were no better than the best.
        NO_IMPROVEMENT,
        /// Somebody asked for it, [Stop].
        STOPPED,
        /// `max-time` is over.
        TIME_OVER
    }
}
