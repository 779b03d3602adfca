package dev.merapi.train;

/// When a run evaluates, saves its state, and ends before its time.
///
/// @param evalSteps optimizer steps between evaluations; 0 to go by `evalsPerEpoch`
/// @param evalsPerEpoch evaluations an epoch at like distances, the last one at its end
/// @param saveSteps optimizer steps between checkpoints to resume from; 0 to save one only where a run is
///     stopped
/// @param saveTotalLimit how many checkpoints are kept, the newest; 0 for all
/// @param maxSeconds stops after so much time; 0 for never
public record Pace(int evalSteps, int evalsPerEpoch, int saveSteps, int saveTotalLimit, double maxSeconds) {
    /// An evaluation after each epoch, no checkpoints.
    public static final Pace DEFAULT = new Pace(0, 1, 0, 2, 0);

    public Pace {
        Bounds.atLeast("eval-steps", evalSteps, 0);
        Bounds.atLeast("evals-per-epoch", evalsPerEpoch, 1);
        Bounds.atLeast("save-steps", saveSteps, 0);
        Bounds.atLeast("save-total-limit", saveTotalLimit, 0);
        Bounds.between("max-time", maxSeconds, 0, Double.MAX_VALUE);
    }

    /// An evaluation after every so many steps.
    public Pace evalSteps(int steps) {
        return new Pace(steps, evalsPerEpoch, saveSteps, saveTotalLimit, maxSeconds);
    }

    /// So many evaluations an epoch.
    public Pace evalsPerEpoch(int evaluations) {
        return new Pace(evalSteps, evaluations, saveSteps, saveTotalLimit, maxSeconds);
    }

    /// A checkpoint after every so many steps.
    public Pace saveSteps(int steps) {
        return new Pace(evalSteps, evalsPerEpoch, steps, saveTotalLimit, maxSeconds);
    }

    /// So many checkpoints are kept.
    public Pace saveTotalLimit(int limit) {
        return new Pace(evalSteps, evalsPerEpoch, saveSteps, limit, maxSeconds);
    }

    /// An end after so much time.
    public Pace maxSeconds(double seconds) {
        return new Pace(evalSteps, evalsPerEpoch, saveSteps, saveTotalLimit, seconds);
    }

    /// Whether an evaluation follows a step.
    ///
    /// @param step from 1, over the whole run
    boolean evaluatesAfter(int step, int stepsPerEpoch, int totalSteps) {
        if (evalSteps > 0) return step % evalSteps == 0 || step == totalSteps;
        int inEpoch = (step - 1) % stepsPerEpoch + 1;
        return evaluationsBy(inEpoch, stepsPerEpoch) > evaluationsBy(inEpoch - 1, stepsPerEpoch);
    }

    private long evaluationsBy(int inEpoch, int stepsPerEpoch) {
        return (long) inEpoch * evalsPerEpoch / stepsPerEpoch;
    }
}
