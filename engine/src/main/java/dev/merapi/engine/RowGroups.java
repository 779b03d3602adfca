package dev.merapi.engine;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Slabs;
import java.util.Arrays;

/// Sorts the tokens of a batch by id and sums the gradients of each id: how a table's gradient becomes sparse.
/// Tokens of one id are added in the order of the batch, so the sum does not depend on threads. The arrays grow
/// and are reused.
final class RowGroups {
    private static final int DIGIT = 8, LAST = (1 << DIGIT) - 1; // bits, and the highest digit of so many

    private int[] rows = new int[0];
    private int[] groups = new int[1];
    private int[] order = new int[0];
    private int[] spare = new int[0]; // of the same length
    private final int[] next = new int[LAST + 2]; // where the next one of each digit belongs
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
        if (order.length < count) {
            int size = Slabs.round(count);
            rows = new int[size];
            groups = new int[size + 1];
            order = new int[size];
            spare = new int[size];
        }
        sort(ids, count);
        int distinct = 0;
        for (int i = 0; i < count; i++) {
            int id = ids[order[i]];
            if (distinct == 0 || rows[distinct - 1] != id) {
                rows[distinct] = id;
                groups[distinct++] = i;
            }
        }
        groups[distinct] = count;
        return distinct;
    }

    /// Fills order with the positions by their ids, those of one id ascending: by eight bits of the ids at a
    /// time, the lowest first, each time keeping the order there is (radix sort).
    private void sort(int[] ids, int count) {
        int most = 0;
        for (int i = 0; i < count; i++) {
            order[i] = i;
            most = Math.max(most, ids[i]);
        }
        for (int shift = 0; shift < Integer.SIZE && most >>> shift > 0; shift += DIGIT) {
            Arrays.fill(next, 0);
            for (int i = 0; i < count; i++) next[(ids[i] >>> shift & LAST) + 1]++;
            for (int digit = 0; digit < LAST; digit++) next[digit + 1] += next[digit];
            for (int i = 0; i < count; i++) spare[next[ids[order[i]] >>> shift & LAST]++] = order[i];
            int[] sorted = spare;
            spare = order;
            order = sorted;
        }
    }
}
