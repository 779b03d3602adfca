package dev.merapi.engine;

import java.util.Objects;

/// The sizes of a tensor's axes, the last one contiguous: `[N, C]`. A scalar is `[]`.
///
/// Each shape is another one and its last axis, so that neither a new one nor one that differs in its last size
/// needs an array.
public final class Shape {
    private static final Shape SCALAR = new Shape(null, 1, 0, 1);

    private final Shape outer; // all axes but the last; null: of a scalar
    private final int columns;
    private final int rank;
    private final int count;

    private Shape(Shape outer, int columns, int rank, int count) {
        this.outer = outer;
        this.columns = columns;
        this.rank = rank;
        this.count = count;
    }

    public static Shape scalar() {
        return SCALAR;
    }

    /// `[size]`
    ///
    /// @throws ShapeException if the size is not positive
    public static Shape of(int size) {
        return SCALAR.and(size);
    }

    /// `[rows, columns]`
    ///
    /// @throws ShapeException if a size is not positive or the tensor would hold more than 2³¹ − 1 values
    public static Shape of(int rows, int columns) {
        return SCALAR.and(rows).and(columns);
    }

    /// @throws ShapeException if a size is not positive or the tensor would hold more than 2³¹ − 1 values
    public static Shape of(int... sizes) {
        Shape shape = SCALAR;
        for (int size : sizes) shape = shape.and(size);
        return shape;
    }

    /// This shape and one axis more, the last.
    private Shape and(int size) {
        long values = (long) count * size;
        Shape shape = new Shape(this, size, rank + 1, (int) values);
        if (size < 1) throw new ShapeException("shape: every size must be at least 1, got " + shape);
        if (values > Integer.MAX_VALUE)
            throw new ShapeException(
                    "shape: " + shape + " holds more than 2147483647 values; split the batch into smaller ones");
        return shape;
    }

    public int rank() {
        return rank;
    }

    /// The size of an axis; negative axes count from the end, so `size(-1)` is the last.
    public int size(int axis) {
        int inner = axis < 0 ? -1 - axis : rank - 1 - axis; // how many axes follow it
        if (inner < 0 || inner >= rank)
            throw new ShapeException("shape: axis " + axis + " of " + this + ", which has " + rank + " axes");
        Shape shape = this;
        for (int i = 0; i < inner; i++) shape = shape.outer;
        return shape.columns;
    }

    /// How many values a tensor of this shape holds.
    public int count() {
        return count;
    }

    /// The size of the last axis; 1 for a scalar.
    public int columns() {
        return columns;
    }

    /// The product of all sizes but the last: a tensor `[B, T, C]` seen as a matrix has B·T rows.
    public int rows() {
        return count / columns;
    }

    /// This shape, not a scalar, with another last size.
    public Shape withColumns(int columns) {
        return outer.and(columns);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape
                && rank == shape.rank
                && columns == shape.columns
                && Objects.equals(outer, shape.outer);
    }

    @Override
    public int hashCode() {
        return 31 * Objects.hashCode(outer) + columns;
    }

    @Override
    public String toString() {
        return "[" + (rank == 0 ? "" : sizes()) + "]";
    }

    private String sizes() {
        return rank == 1 ? "" + columns : outer.sizes() + ", " + columns;
    }
}
