package dev.merapi.engine;

/// Rows by number.
public final class Gather {
    private Gather() {}

    /// `y[r] = x[rows[r]]`: the first token of each sequence, say, or one embedding table.
    /// The gradient adds `dy[r]` to row `rows[r]`; for a variable it stays sparse.
    ///
    ///     x [·, C]    rows [R]    y [R, C]
    public static Tensor rows(Tensor x, int[] rows) {
        return embeddings(x, rows, null, null, null, null);
    }

    /// The sum of up to three embedding tables, added in their order: `y[r] = a[i[r]] + b[j[r]] + c[k[r]]`
    ///
    ///     a, b, c [V, C] with V of their own, b and c or null    i, j, k [N]    y [N, C]
    public static Tensor embeddings(Tensor a, int[] i, Tensor b, int[] j, Tensor c, int[] k) {
        int count = i.length, columns = a.shape().columns();
        check(a, i, count, columns);
        check(b, j, count, columns);
        check(c, k, count, columns);
        Tensor y = Tensor.result(a.device(), Shape.of(count, columns));
        lookUp(a, i, y, false);
        lookUp(b, j, y, true);
        lookUp(c, k, y, true);
        if (!Tensor.records(a, b, c)) return y;
        return y.onBackward(() -> {
            a.contributeRows(i, count, y.gradient());
            if (b != null) b.contributeRows(j, count, y.gradient());
            if (c != null) c.contributeRows(k, count, y.gradient());
        });
    }

    private static void lookUp(Tensor table, int[] ids, Tensor y, boolean add) {
        if (table == null) return;
        int count = y.shape().rows(), columns = y.shape().columns();
        NarrowWeight narrow = table.narrow();
        if (narrow == null) y.kernels().gather(count, columns, table.data(), ids, y.data(), add);
        else y.kernels().gather(count, columns, narrow.table(), ids, y.data(), add);
    }

    private static void check(Tensor table, int[] ids, int count, int columns) {
        if (table == null) return;
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
