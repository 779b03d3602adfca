package dev.merapi.engine.kernel;

import java.util.function.Supplier;

/// A contiguous run of float32 values: the operand of every kernel.
///
/// It is a view: `array[offset … offset + length)`. The array may be longer (a recycled slab is), and several
/// views may share it. The values of another device have no array: their kernels find them in [#device], and
/// host code reads and writes them through [#get], [#set], [#readable] and [#writable], which serve both.
public final class Floats {
    public final float[] array;
    public final int offset;
    public final int length;
    private final DeviceArray device;

    public Floats(float[] array, int offset, int length) {
        if (offset < 0 || length < 0 || offset > array.length - length)
            throw new IndexOutOfBoundsException("Floats: offset " + offset + " + length " + length
                    + " is outside the array of " + array.length + " values");
        this.array = array;
        this.offset = offset;
        this.length = length;
        this.device = null;
    }

    /// The view of `device[offset … offset + length)`, values in the memory of a device.
    public Floats(DeviceArray device, int offset, int length) {
        this.array = null;
        this.offset = offset;
        this.length = length;
        this.device = device;
    }

    /// A view of the whole array.
    public static Floats of(float... array) {
        return new Floats(array, 0, array.length);
    }

    /// New memory of `length` zeros on the heap.
    public static Floats allocate(int length) {
        return new Floats(new float[length], 0, length);
    }

    /// The view of `length` values that begins at value `from` of this one.
    public Floats slice(int from, int length) {
        if (from < 0 || length < 0 || from > this.length - length)
            throw new IndexOutOfBoundsException(
                    "Floats.slice: " + from + " + " + length + " is outside of " + this.length + " values");
        return array == null ? new Floats(device, offset + from, length) : new Floats(array, offset + from, length);
    }

    public float get(int i) {
        assert i >= 0 && i < length;
        return readable()[offset + i];
    }

    public void set(int i, float value) {
        assert i >= 0 && i < length;
        writable()[offset + i] = value;
    }

    /// The values as they are now, to be read later: see [DeviceArray#later].
    public Supplier<float[]> later() {
        if (device != null) return device.later(offset, length);
        float[] values = toArray();
        return () -> values;
    }

    /// A copy of the values.
    public float[] toArray() {
        return java.util.Arrays.copyOfRange(readable(), offset, offset + length);
    }

    /// The array to read `[offset … offset + length)` from, until a kernel writes to this memory.
    public float[] readable() {
        return array == null ? device.readable() : array;
    }

    /// The array to read from and write to, until a kernel runs.
    public float[] writable() {
        return array == null ? device.writable() : array;
    }

    /// Who holds the values; null: the heap.
    public DeviceArray device() {
        return device;
    }

    /// Whether this is a view of the same array, or of the same memory of a device, as the other.
    public boolean sharesMemoryWith(Floats other) {
        return array == other.array && device == other.device;
    }
}
