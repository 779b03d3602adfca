package dev.merapi.nn.optim;

import dev.merapi.engine.Device;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.nn.Parameter;
import java.util.List;
import java.util.function.Supplier;

/// The norm of all gradients and what clips them, computed where they are: a GPU goes on to the update without
/// telling the host ([AdamW#step(double, Clip)]). The numbers of [Gradients#norm] and [Gradients#clipScale], of
/// [GradScaler#update]. Closing gives its memory back.
public final class Clip implements AutoCloseable {
    final Floats values; // the norm, the factor: NaN where the norm is no finite number, the next scale
    private final Device device;

    /// @param maxNorm that is left; 0: all of it
    public Clip(List<Parameter> parameters, double maxNorm) {
        this(parameters, maxNorm, null);
    }

    /// @param scaler of the loss that the gradients are of, which takes note of the step; null: none
    public Clip(List<Parameter> parameters, double maxNorm, GradScaler scaler) {
        device = parameters.getFirst().tensor().device();
        values = device.memory().take(scaler == null ? 2 : 3);
        List<Floats> gradients = Gradients.values(parameters);
        if (scaler == null) device.kernels().clipScale(gradients, maxNorm, values);
        else device.kernels().clipScale(gradients, maxNorm, scaler.scale, values);
    }

    /// @param norm  of the gradients of the loss, before clipping, a float
    /// @param made  whether all of them were finite; else the step is skipped
    /// @param scale of the next step's loss; 1 without a scaler
    public record Outcome(double norm, boolean made, float scale) {}

    /// Waits when it is read.
    public Supplier<Outcome> outcome() {
        Supplier<float[]> later = values.later();
        return () -> {
            float[] v = later.get();
            return new Outcome(v[0], !Float.isNaN(v[1]), v.length == 2 ? 1 : v[2]);
        };
    }

    @Override
    public void close() {
        device.memory().give(values);
    }
}
