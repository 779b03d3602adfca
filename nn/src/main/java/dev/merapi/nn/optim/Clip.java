package dev.merapi.nn.optim;

import dev.merapi.engine.Device;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.nn.Parameter;
import java.util.List;
import java.util.function.DoubleSupplier;

/// The norm of all gradients and what clips them, computed where they are: a GPU goes on to the update without
/// telling the host ([AdamW#step(double, Clip)]). The numbers of [Gradients#norm] and [Gradients#clipScale].
/// Closing gives its memory back.
public final class Clip implements AutoCloseable {
    final Floats values; // the norm, and the factor: NaN where the norm is no finite number
    private final Device device;

    /// @param maxNorm that is left; 0: all of it
    public Clip(List<Parameter> parameters, double maxNorm) {
        device = parameters.getFirst().tensor().device();
        values = device.memory().take(2);
        device.kernels().clipScale(Gradients.values(parameters), maxNorm, values);
    }

    /// The norm before clipping, as a float; waits when it is read.
    public DoubleSupplier norm() {
        return values.later(0);
    }

    @Override
    public void close() {
        device.memory().give(values);
    }
}
