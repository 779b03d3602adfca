package dev.merapi.engine.kernel;

import java.util.function.DoubleSupplier;

/// Values in the memory of a device, beside which a copy on the heap is kept for host code. The newer of the
/// two is copied to the other when the other is asked for, so host code and kernels may take turns; nothing is
/// copied while only one side works.
public interface DeviceArray {
    /// The values on the heap, brought up to date; to be read until a kernel writes them.
    float[] readable();

    /// The same, to be written too, until the next kernel runs; kernels will see what is written.
    float[] writable();

    /// Value i as it is when the device has done what it was asked for so far. Nobody waits until it is read,
    /// and then for that value only; the memory may be given back before.
    DoubleSupplier later(int i);
}
