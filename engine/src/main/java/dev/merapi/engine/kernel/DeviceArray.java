package dev.merapi.engine.kernel;

import java.util.function.Supplier;

/// Values in the memory of a device, beside which a copy on the heap is kept for host code. The newer of the
/// two is copied to the other when the other is asked for, so host code and kernels may take turns; nothing is
/// copied while only one side works.
public interface DeviceArray {
    /// The values on the heap, brought up to date; to be read until a kernel writes them.
    float[] readable();

    /// The same, to be written too, until the next kernel runs; kernels will see what is written.
    float[] writable();

    /// `count` values from `from` on as they are when the device has done what it was asked for so far. Nobody
    /// waits until they are read, and then for these values only; the memory may be given back before. What is
    /// read is the same array every time.
    Supplier<float[]> later(int from, int count);
}
