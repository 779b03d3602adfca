package dev.merapi.engine;

import java.util.Arrays;

/// The sizes of a tensor's axes, the last one contiguous: `[N, C]`. A scalar is `[]`.
public final class Shape {
    private static final Shape SCALAR = new Shape(new int[0], 1);

    private final int[] sizes;
    private final int count;

    private Shape(int[] sizes, int count) {
        this.sizes = sizes;
        this.count = count;
    }

    public static Shape scalar() {
        return SCALAR;
    }

    /// @throws ShapeException if a size is not positive or the tensor would hold more than 2³¹ − 1 values
    public static Shape of(int... sizes) {
        long count = 1;
        for (int size : sizes) {
            if (size < 1)
                throw new ShapeException("shape: every size must be at least 1, got " + Arrays.toString(sizes));
            count *= size;
            if (count > Integer.MAX_VALUE)
                throw new ShapeException("shape: " + Arrays.toString(sizes)
                        + " holds more than 2147483647 values; split the batch into smaller ones");
        }
        return new Shape(sizes.clone(), (int) count);
    }

    public int rank() {
        return sizes.length;
    }

    /// The size of an axis; negative axes count from the end, so `size(-1)` is the last.
    public int size(int axis) {
        int i = axis < 0 ? axis + sizes.length : axis;
        if (i < 0 || i >= sizes.length)
            throw new ShapeException("shape: axis " + axis + " of " + this + ", which has " + sizes.length + " axes");
        return sizes[i];
    }

    /// How many values a tensor of this shape holds.
    public int count() {
        return count;
    }

    /// The size of the last axis; 1 for a scalar.
    public int columns() {
        return sizes.length == 0 ? 1 : sizes[sizes.length - 1];
    }

    /// The product of all sizes but the last: a tensor `[B, T, C]` seen as a matrix has B·T rows.
    public int rows() {
        return count / columns();
    }

    /// This shape with another last size.
    public Shape withColumns(int columns) {
        int[] changed = sizes.clone();
        changed[changed.length - 1] = columns;
        return of(changed);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(sizes, shape.sizes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sizes);
    }

    @Override
    public String toString() {
        return Arrays.toString(sizes);
    }
}
