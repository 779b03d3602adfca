package dev.merapi.nn.optim;

import dev.merapi.engine.Device;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.LossScale;

/// Dynamic loss scaling (Micikevicius et al. 2018, arXiv:1710.03740), as PyTorch's `torch.amp.GradScaler`:
/// small gradients vanish in float16, so the loss is multiplied with a scale before the backward pass, and the
/// gradients are divided by it before they are used. The scale is as large as it can be: a step whose gradients
/// are not finite is skipped and the scale falls; after many good steps it rises.
///
/// ```java
/// scaler.backward(loss, 1);
/// double norm = Gradients.norm(parameters) / scaler.scale();       // not finite: they have overflowed
/// if (Double.isFinite(norm)) optimizer.step(rate, Gradients.clipScale(norm, 1) * scaler.inverse());
/// else Gradients.clear(parameters);
/// scaler.update(Double.isFinite(norm));
/// ```
///
/// The scale lies in the memory of a device. There [Clip] does the same without telling the host, who waits
/// only where it asks for [#scale] or [#state]:
///
/// ```java
/// scaler.backward(loss, 1);
/// try (Clip clip = new Clip(parameters, 1, scaler)) { adamW.step(rate, clip); }
/// ```
public final class GradScaler {
    private static final float FIRST = 65536;

    final LossScale scale;

    /// From 65536, twice as much after 2000 good steps, half as much after one that was skipped.
    public GradScaler(Device device) {
        this(device, FIRST, 2, 0.5, 2000);
    }

    /// @param initial  the first scale
    /// @param growth   what the scale is multiplied with after `interval` good steps
    /// @param backoff  what it is multiplied with after a step that was skipped
    /// @param interval good steps in a row
    public GradScaler(Device device, float initial, double growth, double backoff, int interval) {
        if (!(initial > 0 && initial <= Float.MAX_VALUE))
            throw new IllegalArgumentException("gradient scaler: the first scale must be positive, got " + initial);
        scale = new LossScale(growth, backoff, interval, device.memory().allocate(2));
        scale.set(initial, 0);
    }

    /// The backward pass of `share` times the scaled loss.
    public void backward(Tensor loss, float share) {
        Floats value = scale.values().slice(0, 1);
        loss.backward(value, share);
    }

    /// What the loss is multiplied with.
    public float scale() {
        return scale.value();
    }

    /// What gradients of the scaled loss are multiplied with to be those of the loss.
    public float inverse() {
        return (float) (1.0 / scale());
    }

    /// Takes note of a step; once each, whether it was made or skipped.
    ///
    /// @param finite whether all gradients were
    /// @return whether the scale has changed
    public boolean update(boolean finite) {
        float before = scale();
        scale.update(finite);
        return scale() != before;
    }

    /// All that the next steps depend on.
    ///
    /// @param goodSteps since the scale changed or a step was skipped; PyTorch's `_growth_tracker`
    public record State(float scale, int goodSteps) {}

    public State state() {
        return new State(scale(), scale.goodSteps());
    }

    /// Goes on where another scaler was.
    public void restore(State state) {
        scale.set(state.scale(), state.goodSteps());
    }
}
