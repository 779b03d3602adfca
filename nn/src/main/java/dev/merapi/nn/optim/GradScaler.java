package dev.merapi.nn.optim;

/// Dynamic loss scaling (Micikevicius et al. 2018, arXiv:1710.03740), as PyTorch's `torch.amp.GradScaler`:
/// small gradients vanish in float16, so the loss is multiplied with a scale before the backward pass, and the
/// gradients are divided by it before they are used. The scale is as large as it can be: a step whose gradients
/// are not finite is skipped and the scale falls; after many good steps it rises.
///
/// ```java
/// loss.backward(scaler.scale());
/// double norm = Gradients.norm(parameters) / scaler.scale();       // not finite: they have overflowed
/// if (Double.isFinite(norm)) optimizer.step(rate, Gradients.clipScale(norm, 1) * scaler.inverse());
/// else Gradients.clear(parameters);
/// scaler.update(Double.isFinite(norm));
/// ```
public final class GradScaler {
    private final double growth;
    private final double backoff;
    private final int interval;
    private float scale;
    private int goodSteps; // since the scale changed or a step was skipped

    /// From 65536, twice as much after 2000 good steps, half as much after one that was skipped.
    public GradScaler() {
        this(65536, 2, 0.5, 2000);
    }

    /// @param initial the first scale
    /// @param growth what the scale is multiplied with after `interval` good steps
    /// @param backoff what it is multiplied with after a step that was skipped
    /// @param interval good steps in a row
    public GradScaler(float initial, double growth, double backoff, int interval) {
        if (!(initial > 0 && initial <= Float.MAX_VALUE))
            throw new IllegalArgumentException("gradient scaler: the first scale must be positive, got " + initial);
        if (!(growth > 1))
            throw new IllegalArgumentException("gradient scaler: growth must be more than 1, got " + growth);
        if (!(backoff > 0 && backoff < 1))
            throw new IllegalArgumentException("gradient scaler: backoff must be between 0 and 1, got " + backoff);
        if (interval < 1)
            throw new IllegalArgumentException("gradient scaler: interval must be at least 1, got " + interval);
        this.scale = initial;
        this.growth = growth;
        this.backoff = backoff;
        this.interval = interval;
    }

    /// What the loss is multiplied with.
    public float scale() {
        return scale;
    }

    /// What gradients of the scaled loss are multiplied with to be those of the loss.
    public float inverse() {
        return (float) (1.0 / scale);
    }

    /// Takes note of a step; once each, whether it was made or skipped.
    ///
    /// @param finite whether all gradients were
    /// @return whether the scale has changed
    public boolean update(boolean finite) {
        float before = scale;
        goodSteps = finite ? goodSteps + 1 : 0;
        if (!finite) scale = (float) (scale * backoff);
        if (goodSteps == interval) {
            goodSteps = 0;
            float larger = (float) (scale * growth);
            if (larger <= Float.MAX_VALUE) scale = larger;
        }
        return scale != before;
    }

    /// All that the next steps depend on.
    ///
    /// @param goodSteps since the scale changed or a step was skipped; PyTorch's `_growth_tracker`
    public record State(float scale, int goodSteps) {}

    public State state() {
        return new State(scale, goodSteps);
    }

    /// Goes on where another scaler was.
    public void restore(State state) {
        scale = state.scale();
        goodSteps = state.goodSteps();
    }
}
