package dev.merapi.train;

/// How large the steps are.
///
/// @param learningRate the highest learning rate
/// @param lrSchedulerType how the learning rate moves
/// @param warmupRatio share of all steps that warm up; counts where `warmupSteps` is 0
/// @param warmupSteps steps that warm up; 0 to go by `warmupRatio`
/// @param lrSchedulerKwargs what the schedule does otherwise than usual
public record Rate(
        double learningRate,
        SchedulerType lrSchedulerType,
        double warmupRatio,
        int warmupSteps,
        ScheduleOptions lrSchedulerKwargs) {
    /// 5e-5, a tenth of the steps to warm up.
    public static final Rate DEFAULT = new Rate(5e-5, SchedulerType.LINEAR_WARMUP, 0.1, 0, ScheduleOptions.NONE);

    public Rate {
        Bounds.between("learning-rate", learningRate, 0, Double.MAX_VALUE);
        Bounds.between("warmup-ratio", warmupRatio, 0, 1);
        Bounds.atLeast("warmup-steps", warmupSteps, 0);
        lrSchedulerType.check(lrSchedulerKwargs);
    }

    /// With the schedule's usual options.
    public Rate(double learningRate, SchedulerType lrSchedulerType, double warmupRatio, int warmupSteps) {
        this(learningRate, lrSchedulerType, warmupRatio, warmupSteps, ScheduleOptions.NONE);
    }

    /// How many of all steps warm up.
    int warmup(int totalSteps) {
        return warmupSteps > 0 ? warmupSteps : (int) Math.rint(warmupRatio * totalSteps);
    }
}
