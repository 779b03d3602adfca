package dev.merapi.engine.kernel;

/// A contiguous run of float32 values: the operand of every kernel.
///
/// It is a view: `array[offset … offset + length)`. The array may be longer (a recycled slab is), and several
/// views may share it.
public final class Floats {
    public final float[] array;
    public final int offset;
    public final int length;

    public Floats(float[] array, int offset, int length) {
        if (offset < 0 || length < 0 || offset > array.length - length)
            throw new IndexOutOfBoundsException("Floats: offset " + offset + " + length " + length
                    + " is outside the array of " + array.length + " values");
        this.array = array;
        this.offset = offset;
        this.length = length;
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
        return new Floats(array, offset + from, length);
    }

    public float get(int i) {
        assert i >= 0 && i < length;
        return array[offset + i];
    }

    public void set(int i, float value) {
        assert i >= 0 && i < length;
        array[offset + i] = value;
    }

    /// A copy of the values.
    public float[] toArray() {
        return java.util.Arrays.copyOfRange(array, offset, offset + length);
    }
}
