package dev.merapi.nn.pretrained;

import java.util.Arrays;

/// What a checkpoint says about one of its tensors.
///
/// @param shape sizes of the axes, outermost first; `[]` is a single value
public record TensorInfo(String name, DType dtype, long[] shape) {

    public TensorInfo {
        shape = shape.clone();
    }

    @Override
    public long[] shape() {
        return shape.clone();
    }

    /// Number of values.
    public long count() {
        long n = 1;
        for (long size : shape) n *= size; // checked by the readers when they opened the file
        return n;
    }

    /// Refuses to read into room for another number of values.
    void checkRoom(String source, int room) {
        if (room != count())
            throw new PretrainedException(
                    source + ": \"" + name + "\": holds " + count() + " values of shape " + Arrays.toString(shape)
                            + ", got room for " + room + "; allocate as many as info(name).count() says");
    }

    /// Refuses to read values [from, from + length) where there are not as many.
    void checkPart(String source, long from, int length) {
        if (from < 0 || from > count() - length)
            throw new PretrainedException(source + ": \"" + name + "\": holds " + count() + " values of shape "
                    + Arrays.toString(shape) + ", asked for " + length + " from number " + from + " on");
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof TensorInfo t && t.name.equals(name) && t.dtype == dtype && Arrays.equals(t.shape, shape);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name + " " + dtype + " " + Arrays.toString(shape);
    }
}
