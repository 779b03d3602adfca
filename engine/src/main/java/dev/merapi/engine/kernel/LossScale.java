package dev.merapi.engine.kernel;

/// What a loss is multiplied with, since small gradients vanish in float16: as large as it can be (Micikevicius
/// et al. 2018, arXiv:1710.03740). It lies where the kernels compute, so that no step waits for the host to
/// know whether its gradients have overflowed ([Kernels#clipScale]).
///
/// @param growth   what the scale is multiplied with after `interval` good steps
/// @param backoff  what it is multiplied with after a step whose gradients were not finite
/// @param interval good steps in a row
/// @param values   the scale, and the good steps since it changed or a step was skipped
public record LossScale(double growth, double backoff, int interval, Floats values) {
    private static final int MOST = 1 << 24; // float32 counts so far

    public LossScale {
        if (!(growth > 1))
            throw new IllegalArgumentException("gradient scaler: growth must be more than 1, got " + growth);
        if (!(backoff > 0 && backoff < 1))
            throw new IllegalArgumentException("gradient scaler: backoff must be between 0 and 1, got " + backoff);
        if (interval < 1 || interval > MOST)
            throw new IllegalArgumentException(
                    "gradient scaler: interval must be at least 1 and at most " + MOST + ", got " + interval);
    }

    /// As it is now, which waits for kernels that run behind.
    public float value() {
        return values.get(0);
    }

    /// Good steps since the scale changed or a step was skipped; PyTorch's `_growth_tracker`.
    public int goodSteps() {
        return (int) values.get(1);
    }

    public void set(float value, int goodSteps) {
        values.set(0, value);
        values.set(1, goodSteps);
    }

    /// The step of `torch.amp.GradScaler.update`.
    ///
    /// @param finite whether all gradients were
    public void update(boolean finite) {
        if (!finite) {
            set((float) (value() * backoff), 0);
            return;
        }
        int good = goodSteps() + 1;
        float larger = (float) (value() * growth);
        if (good < interval) set(value(), good);
        else set(larger <= Float.MAX_VALUE ? larger : value(), 0);
    }
}
