package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.DeviceArray;
import java.util.function.Supplier;

/// One piece of the device's memory and, while host code wants it, its copy on the heap. At most one of the two
/// is out of date.
final class CudaBlock implements DeviceArray {
    private static final int SMALL =
            4096; // a copy on the heap of so many values is kept; a larger one only while needed

    final long address;
    final int length, capacity;
    private final CudaMemory memory;
    private float[] host; // null: none
    private boolean deviceIsCurrent, hostIsCurrent; // neither: nobody has written yet

    CudaBlock(CudaMemory memory, long address, int length, int capacity) {
        this.memory = memory;
        this.address = address;
        this.length = length;
        this.capacity = capacity;
    }

    @Override
    public synchronized float[] readable() {
        if (!hostIsCurrent) {
            if (host == null) host = new float[length];
            if (deviceIsCurrent) memory.staging().download(address, host, 0, length);
            hostIsCurrent = true;
        }
        return host;
    }

    @Override
    public synchronized float[] writable() {
        float[] values = readable();
        deviceIsCurrent = false;
        return values;
    }

    @Override
    public synchronized Supplier<float[]> later(int from, int count) {
        onDevice();
        return memory.staging().later(address + 4L * from, count);
    }

    /// Before a kernel reads: what host code wrote is on the device.
    synchronized void onDevice() {
        if (deviceIsCurrent) return;
        if (hostIsCurrent) memory.staging().upload(address, host, 0, length);
        deviceIsCurrent = true;
        if (length > SMALL) {
            host = null;
            hostIsCurrent = false;
        }
    }

    /// Before a kernel writes: what it writes is newer than what the host has.
    ///
    /// @param all whether it writes all values
    synchronized void onDevice(boolean all) {
        if (all) deviceIsCurrent = true;
        else onDevice();
        hostIsCurrent = false;
        if (length > SMALL) host = null;
    }

    void checkSlack() {
        int slack = Math.min(capacity - length, 64);
        if (slack == 0) return;
        float[] values = new float[slack];
        memory.staging().download(address + 4L * length, values, 0, slack);
        for (float value : values)
            assert CudaMemory.isPoison(value) : "a kernel wrote behind the end of its operand of " + length + " values";
    }
}
