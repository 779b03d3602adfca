package dev.merapi.engine.simd;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Halves;
import dev.merapi.engine.kernel.Workers;
import java.util.Arrays;

/// Rows of a table by their ids, and the sums of rows that share an id.
final class SimdGather {
    /// Where there are fewer groups than this, columns are shared out too: two token types may own all the rows
    /// of a batch.
    private static final int FEW = 32;

    private static final int STRIP = 64; // columns of a task then: 256 bytes

    private final Workers workers;
    private final ColdStart start;

    SimdGather(Workers workers, ColdStart start) {
        this.workers = workers;
        this.start = start;
    }

    void gather(int rows, int cols, Floats table, int[] ids, Floats out, boolean accumulate) {
        int whole = start.whole(cols);
        Blocks.rows(workers, rows, cols, Blocks.height(cols), (block, from, to) -> {
            for (int r = from; r < to; r++) {
                int source = table.offset + ids[r] * cols, target = out.offset + r * cols;
                if (accumulate)
                    SimdElementwise.add(table.array, source, out.array, target, out.array, target, cols, whole);
                else System.arraycopy(table.array, source, out.array, target, cols);
            }
        });
    }

    /// Of a table of 16 bits.
    void gather(int rows, int cols, Halves table, int[] ids, Floats out, boolean accumulate) {
        Blocks.rows(workers, rows, cols, Blocks.height(cols), (block, from, to) -> {
            for (int r = from; r < to; r++) table.read(ids[r] * cols, out.slice(r * cols, cols), accumulate);
        });
    }

    void sumGroups(int count, int cols, Floats x, int[] groups, int[] order, Floats out, boolean accumulate) {
        int strip = count < FEW ? STRIP : cols, strips = Math.max(1, Blocks.count(cols, strip));
        int work = (groups[count] + count) * Math.min(strip, cols) / Math.max(1, count); // values of a task
        int height = Math.max(1, Blocks.SIZE / Math.max(1, work));
        Blocks.rows(workers, count * strips, work, height, (block, from, to) -> {
            for (int task = from; task < to; task++) {
                int g = task / strips, column = task % strips * strip;
                sumGroup(g, column, Math.min(strip, cols - column), cols, x, groups, order, out, accumulate);
            }
        });
    }

    /// Columns [column, column + n) of group g.
    private static void sumGroup(
            int g, int column, int n, int cols, Floats x, int[] groups, int[] order, Floats out, boolean accumulate) {
        int target = out.offset + g * cols + column, j = groups[g];
        if (!accumulate) {
            if (j == groups[g + 1]) Arrays.fill(out.array, target, target + n, 0f);
            else System.arraycopy(x.array, x.offset + order[j++] * cols + column, out.array, target, n);
        }
        int base = x.offset + column;
        for (; j < groups[g + 1] - 3; j += 4) {
            int a = base + order[j] * cols, b = base + order[j + 1] * cols;
            int c = base + order[j + 2] * cols, d = base + order[j + 3] * cols;
            SimdElementwise.accumulate(x.array, a, b, c, d, out.array, target, n, SimdMath.F.loopBound(n));
        }
        for (; j < groups[g + 1]; j++)
            SimdElementwise.accumulate(x.array, x.offset + order[j] * cols + column, out.array, target, n);
    }
}
