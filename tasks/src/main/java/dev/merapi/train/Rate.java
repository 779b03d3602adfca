package dev.merapi.train;

/// How large the steps are.
///
/// @param learningRate the highest learning rate
/// @param lrSchedulerType how the learning rate moves
/// @param warmupRatio share of all steps that warm up; counts where `warmupSteps` is 0
/// @param warmupSteps steps that warm up; 0 to go by `warmupRatio`
public record Rate(double learningRate, SchedulerType lrSchedulerType, double warmupRatio, int warmupSteps) {
    /// 5e-5, a tenth of the steps to warm up.
    public static final Rate DEFAULT = new Rate(5e-5, SchedulerType.LINEAR_WARMUP, 0.1, 0);

    public Rate {
        Bounds.between("learning-rate", learningRate, 0, Double.MAX_VALUE);
        Bounds.between("warmup-ratio", warmupRatio, 0, 1);
        Bounds.atLeast("warmup-steps", warmupSteps, 0);
    }

    /// How many of all steps warm up.
    int warmup(int totalSteps) {
        return warmupSteps > 0 ? warmupSteps : (int) Math.rint(warmupRatio * totalSteps);
    }
}
