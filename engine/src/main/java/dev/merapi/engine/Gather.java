package dev.merapi.engine;

import dev.merapi.engine.kernel.Kernels;

/// Rows by number.
public final class Gather {
    private Gather() {}

    /// `y[r] = x[rows[r]]`: the first token of each sequence, say, or one embedding table.
    /// The gradient adds `dy[r]` to row `rows[r]`; for a variable it stays sparse.
    ///
    ///     x [·, C]    rows [R]    y [R, C]
    public static Tensor rows(Tensor x, int[] rows) {
        return embeddings(new Tensor[] {x}, new int[][] {rows});
    }

    /// The sum of several embedding tables: `y[r] = Σ_t tables[t][ids[t][r]]`, added in the order of the
    /// tables.
    ///
    ///     tables[t] [V_t, C]    ids[t] [N]    y [N, C]
    public static Tensor embeddings(Tensor[] tables, int[][] ids) {
        int count = ids[0].length;
        int columns = tables[0].shape().columns();
        for (int t = 0; t < tables.length; t++) check(tables[t], ids[t], count, columns);
        Kernels k = tables[0].kernels();
        Tensor y = Tensor.result(tables[0].device(), Shape.of(count, columns));
        for (int t = 0; t < tables.length; t++) {
            NarrowWeight narrow = tables[t].narrow();
            if (narrow == null) k.gather(count, columns, tables[t].data(), ids[t], y.data(), t > 0);
            else k.gather(count, columns, narrow.table(), ids[t], y.data(), t > 0);
        }
        if (!Tensor.records(tables)) return y;
        return y.onBackward(() -> {
            for (int t = 0; t < tables.length; t++) tables[t].contributeRows(ids[t], count, y.gradient());
        });
    }

    private static void check(Tensor table, int[] ids, int count, int columns) {
        if (table.shape().rank() != 2 || table.shape().columns() != columns)
            throw new ShapeException("gather: tables must be [rows, " + columns + "], got " + table.shape());
        if (ids.length != count)
            throw new ShapeException("gather: " + ids.length + " ids beside " + count + " of the first table");
        int rows = table.shape().size(0);
        for (int i = 0; i < count; i++)
            if (ids[i] < 0 || ids[i] >= rows)
                throw new ShapeException("gather: id " + ids[i] + " at position " + i + " is outside of the table's "
                        + rows + " rows; does the tokenizer belong to this model?");
    }
}
