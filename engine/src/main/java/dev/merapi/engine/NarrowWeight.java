package dev.merapi.engine;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Halves;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.NarrowMatrix;
import dev.merapi.engine.kernel.Precision;

/// The values of a matrix that is held in 16 bits, for inference: packed for [Matmul#linear], or in rows for
/// [Gather].
final class NarrowWeight {
    private final Kernels kernels;
    private final int rows, columns;
    private final Precision precision;
    private final Halves table; // null: packed only
    private NarrowMatrix packed; // null: not needed so far

    NarrowWeight(Kernels kernels, Shape shape, Precision precision, boolean table) {
        if (precision.results() != precision || !kernels.holds(precision))
            throw new IllegalArgumentException("tensor: weights are held in float32 on " + kernels.name() + ", not in "
                    + precision + "; leave the dtype out");
        this.kernels = kernels;
        this.rows = shape.size(0);
        this.columns = shape.size(1);
        this.precision = precision;
        this.table = table ? Halves.allocate(precision, shape.count()) : null;
        this.packed = table ? null : allocate();
    }

    private NarrowMatrix allocate() {
        return new NarrowMatrix(rows, columns, Halves.allocate(precision, kernels.narrowSize(rows, columns)));
    }

    Precision precision() {
        return precision;
    }

    /// Rounds rows from number `from` on.
    void write(int from, Floats values) {
        int wrong = precision.firstNotFinite(values);
        if (wrong >= 0)
            throw new IllegalArgumentException(values.get(wrong) + " at row " + (from + wrong / columns) + ", column "
                    + wrong % columns + " is no finite number in " + precision);
        if (table == null) kernels.pack(values, from, packed);
        else table.write(values, from * columns);
    }

    /// For products; a table is packed besides, once.
    synchronized NarrowMatrix packed() {
        if (packed != null) return packed;
        NarrowMatrix fresh = allocate();
        Floats some = Floats.allocate(Math.min(rows, NarrowMatrix.ROWS) * columns);
        for (int from = 0; from < rows; from += NarrowMatrix.ROWS) {
            Floats part = some.slice(0, Math.min(NarrowMatrix.ROWS, rows - from) * columns);
            table.read(from * columns, part, false);
            kernels.pack(part, from, fresh);
        }
        return packed = fresh;
    }

    /// The rows of a table.
    Halves table() {
        if (table == null)
            throw new IllegalStateException("gather: expected a table, got a weight of [" + rows + ", " + columns
                    + "] that is packed in " + precision);
        return table;
    }
}
