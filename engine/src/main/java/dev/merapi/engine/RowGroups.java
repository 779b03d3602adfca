package dev.merapi.engine;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Slabs;
import java.util.Arrays;

/// Sorts the tokens of a batch by id and sums the gradients of each id: how a table's gradient becomes sparse.
/// Tokens of one id are added in the order of the batch, so the sum does not depend on threads. The arrays grow
/// and are reused.
final class RowGroups {
    private long[] keys = new long[0];
    private int[] rows = new int[0];
    private int[] groups = new int[1];
    private int[] order = new int[0];
    private Floats values = Floats.of();

    /// The sum of `dout[j]` over the positions j of each distinct id. The result is valid until the next call.
    ///
    ///     dout [count, columns]
    SparseRows sum(int[] ids, int count, int columns, Floats dout, Device device) {
        int distinct = group(ids, count);
        if (values.length < distinct * columns) values = device.memory().allocate(Slabs.round(distinct * columns));
        Floats sums = values.slice(0, distinct * columns);
        device.kernels().sumGroups(distinct, columns, dout, groups, order, sums, false);
        return new SparseRows(distinct, rows, columns, sums);
    }

    /// Fills rows (distinct ids, ascending), groups and order.
    private int group(int[] ids, int count) {
        if (keys.length < count) {
            int size = Slabs.round(count);
            keys = new long[size];
            rows = new int[size];
            groups = new int[size + 1];
            order = new int[size];
        }
        for (int i = 0; i < count; i++) keys[i] = (long) ids[i] << 32 | i;
        Arrays.sort(keys, 0, count);
        int distinct = 0;
        for (int i = 0; i < count; i++) {
            int id = (int) (keys[i] >>> 32);
            order[i] = (int) keys[i];
            if (distinct == 0 || rows[distinct - 1] != id) {
                rows[distinct] = id;
                groups[distinct++] = i;
            }
        }
        groups[distinct] = count;
        return distinct;
    }
}
