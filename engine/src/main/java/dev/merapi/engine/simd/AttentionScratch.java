package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.MatmulScratch.WIDTH;
import static dev.merapi.engine.simd.MatmulScratch.atLeast;
import static dev.merapi.engine.simd.PanelKernels.HEIGHT;
import static dev.merapi.engine.simd.SimdMath.LANES;

import dev.merapi.engine.kernel.Floats;
import java.util.Arrays;

/// What one worker needs for attention: the memory, grown when a longer sequence comes and kept, and the steps
/// that take plain loops while a program has just been started.
final class AttentionScratch {
    /// Panels of dS that the gradient of the queries waits for: a product over 128 keys with 16 lanes, and its
    /// result is added to memory only where a sequence is longer.
    static final int PANELS = 4;

    /// Copies by channels, [D/WIDTH, T, WIDTH]; gradients are those of the context.
    float[] queries = new float[0], keys = new float[0], values = new float[0], gradients = new float[0];

    /// A transposed panel, [D, WIDTH].
    float[] lines = new float[0];

    /// Scores, then probabilities of a panel, and the dropout's factors, [T, WIDTH]; gradients of the
    /// probabilities, then of the scores, [PANELS, T, WIDTH].
    float[] p = new float[0], keep = new float[0], ds = new float[0];

    /// Of each query of the sequence: −log₂ Σ e^score as often as a panel has columns, [T, WIDTH], and δ, [T].
    float[] shifts = new float[0], deltas = new float[0];

    /// Of each column of a panel: what softmax found, and what the rows of the context are multiplied with.
    final float[] max = new float[WIDTH], shift = new float[WIDTH], sum = new float[WIDTH], factors = new float[WIDTH];
    final float[] tile = new float[HEIGHT * WIDTH], ones = new float[WIDTH];
    final long[] words = new long[4 * LANES]; // of a dropout
    private final float[] block = new float[LANES * LANES]; // for packing
    private final ColdStart start;

    AttentionScratch(ColdStart start) {
        this.start = start;
        Arrays.fill(ones, 1);
    }

    /// How many values a panel of `rows` rows takes: the last tile may be higher than what is left for it.
    static int panel(int rows) {
        return (rows + HEIGHT) * WIDTH;
    }

    void forward(int tokens, int depth) {
        int panel = panel(tokens), panels = MatmulScratch.panels(depth);
        keys = atLeast(keys, panels * panel);
        values = atLeast(values, panels * panel);
        lines = atLeast(lines, depth * WIDTH);
        p = atLeast(p, panel);
    }

    void backward(int tokens, int depth) {
        int panel = panel(tokens), panels = MatmulScratch.panels(depth);
        queries = atLeast(queries, panels * panel);
        gradients = atLeast(gradients, panels * panel);
        keys = atLeast(keys, panels * panel);
        lines = atLeast(lines, depth * WIDTH);
        p = atLeast(p, panel);
        keep = atLeast(keep, panel);
        ds = atLeast(ds, PANELS * panel);
        shifts = atLeast(shifts, tokens * WIDTH);
        deltas = atLeast(deltas, tokens);
    }

    /// Up to WIDTH columns of rows in memory, `stride` apart, into a panel [rows, WIDTH].
    void copy(float[] from, int at, int stride, int rows, int columns, float[] to, int toAt) {
        if (columns == WIDTH && !start.isOn()) AttentionPanels.copy(from, at, stride, rows, to, toAt);
        else for (int r = 0; r < rows; r++) System.arraycopy(from, at + r * stride, to, toAt + r * WIDTH, columns);
    }

    /// Channels [from, from + depth) of lines of x into a panel [depth, WIDTH], see [MatmulOperand#pack].
    void transpose(MatmulOperand x, int first, int count, int from, int depth, float[] panel) {
        if (start.isOn()) x.packPlainly(first, count, WIDTH, from, depth, panel, 0);
        else x.pack(first, count, WIDTH, from, depth, panel, 0, block);
    }

    /// See [PanelKernels#rows].
    void rows(int rows, int k, float[] a, int ao, int stride, float[] b, int bo, float[] to, int at) {
        if (start.isOn()) PlainLoops.tile(rows, k, a, ao, WIDTH, 1, stride - WIDTH, b, bo, to, at);
        else PanelKernels.rows(rows, k, a, ao, stride, b, bo, to, at);
    }

    /// See [PanelKernels#columns]; into [#tile].
    void columns(int rows, int k, float[] a, int ao, float[] b, int bo) {
        if (start.isOn()) PlainLoops.tile(rows, k, a, ao, 1, WIDTH, 0, b, bo, tile, 0);
        else PanelKernels.columns(rows, k, a, ao, b, bo, tile, 0);
    }

    /// From [#tile] into a block of c.
    void write(int rows, int columns, Floats c, int at, int stride, boolean add) {
        if (start.isOn()) MatmulTile.writePlainly(tile, rows, columns, c.array, at, stride, null, 0, add);
        else MatmulTile.write(tile, rows, columns, c.array, at, stride, null, 0, add);
    }

    /// `tile[r, c] · factors[from + r]`
    void multiply(int rows, float[] factors, int from) {
        if (start.isOn()) PlainLoops.multiplyRows(tile, rows, factors, from);
        else AttentionPanels.multiplyRows(tile, rows, factors, from);
    }

    /// `p[j, r] ← e^(scale·(p[j, r] − max_j p[j, r]))` for j < rows, what is left of a softmax being the
    /// division by the sums.
    void softmax(int rows, float scale) {
        if (start.isOn()) {
            PlainLoops.softmaxColumns(p, rows, scale, max, sum);
            return;
        }
        AttentionPanels.max(p, rows, max);
        float log = scale * AttentionPanels.LOG;
        for (int r = 0; r < WIDTH; r++) shift[r] = max[r] * -log;
        AttentionPanels.exp2(p, rows, log, shift, 0, sum);
    }

    /// `ln Σ e^(scale·x)` of a column.
    float logSumExp(int column, float scale) {
        return max[column] * scale + (float) Math.log(sum[column]);
    }

    /// What divides by the sums, and multiplies with `scale`.
    void divide(float scale) {
        for (int r = 0; r < WIDTH; r++) factors[r] = scale / sum[r];
    }
}
