package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.SimdMath.LANES;

/// The twins of the vector loops that a forward pass runs, for [ColdStart]: the same operations on every
/// element in the same order, hence the same bits.
final class PlainLoops {
    private static final int WIDTH = 2 * LANES;

    private PlainLoops() {}

    /// [MicroKernels#run] and [PanelKernels], 2 rows × 4 columns at a time.
    ///
    /// @param apart between neighbouring rows of a
    /// @param step  from one k to the next in a
    /// @param jump  what is added to that after each WIDTH values of k
    static void tile(
            int rows,
            int k,
            float[] a,
            int ao,
            int apart,
            int step,
            int jump,
            float[] b,
            int bo,
            float[] tile,
            int to) {
        for (int r = 0; r < rows; r += 2)
            for (int c = 0; c < WIDTH; c += 4) {
                int second = r + 1 < rows ? apart : 0;
                twoRows(k, a, ao + r * apart, second, step, jump, b, bo + c, tile, to + r * WIDTH + c);
            }
    }

    /// Two rows; the first one again where there is no second, whose results are not stored then.
    private static void twoRows(
            int k, float[] a, int ao, int apart, int step, int jump, float[] b, int bo, float[] tile, int to) {
        float x0 = 0, x1 = 0, x2 = 0, x3 = 0, y0 = 0, y1 = 0, y2 = 0, y3 = 0;
        for (int i = 0; i < k; i++) {
            float x = a[ao], y = a[ao + apart];
            float b0 = b[bo], b1 = b[bo + 1], b2 = b[bo + 2], b3 = b[bo + 3];
            x0 = Math.fma(x, b0, x0);
            x1 = Math.fma(x, b1, x1);
            x2 = Math.fma(x, b2, x2);
            x3 = Math.fma(x, b3, x3);
            y0 = Math.fma(y, b0, y0);
            y1 = Math.fma(y, b1, y1);
            y2 = Math.fma(y, b2, y2);
            y3 = Math.fma(y, b3, y3);
            ao += (i & WIDTH - 1) == WIDTH - 1 ? step + jump : step;
            bo += WIDTH;
        }
        store(x0, x1, x2, x3, tile, to);
        if (apart > 0) store(y0, y1, y2, y3, tile, to + WIDTH);
    }

    private static void store(float x0, float x1, float x2, float x3, float[] to, int at) {
        to[at] = x0;
        to[at + 1] = x1;
        to[at + 2] = x2;
        to[at + 3] = x3;
    }

    /// What [MatmulOperand#pack] does: `panel[i, line] = from[line, i]`, with the strides of i and of lines.
    static void pack(
            float[] from,
            int at,
            int inputStride,
            int lineStride,
            int inputs,
            int lines,
            int height,
            float[] panel,
            int to) {
        for (int i = 0; i < inputs; i++)
            for (int line = 0; line < lines; line++)
                panel[to + i * height + line] = from[at + i * inputStride + line * lineStride];
    }

    /// [AttentionPanels#max] and [AttentionPanels#exp2].
    static void softmaxColumns(float[] x, int rows, float scale, float[] max, float[] sum) {
        float log = scale * AttentionPanels.LOG;
        for (int c = 0; c < WIDTH; c++) {
            float largest = x[c], total = 0;
            for (int i = 1; i < rows; i++) if (x[i * WIDTH + c] > largest) largest = x[i * WIDTH + c];
            float shift = largest * -log;
            for (int i = c; i < rows * WIDTH; i += WIDTH) {
                x[i] = AttentionPanels.exp2(Math.fma(x[i], log, shift));
                total += x[i];
            }
            max[c] = largest;
            sum[c] = total;
        }
    }

    /// [AttentionPanels#multiplyRows].
    static void multiplyRows(float[] x, int rows, float[] factors, int from) {
        for (int r = 0; r < rows; r++) for (int c = 0; c < WIDTH; c++) x[r * WIDTH + c] *= factors[from + r];
    }

    /// `x/2 · (1 + erf(x/√2))`, as [SimdActivation].
    static void gelu(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            float v = x[xo + i];
            y[yo + i] = (SimdMath.erf(v * SimdActivation.SQRT_HALF) + 1f) * (v * 0.5f);
        }
    }

    /// The lanes of `Σ x` over the `whole` values that vectors would take, four vectors of sums at a time, as
    /// [SimdLayerNorm] has them.
    static void laneSums(float[] x, int offset, int whole, float[] lanes) {
        float[] sums = new float[4 * LANES];
        int fours = whole / (4 * LANES) * (4 * LANES);
        for (int i = 0; i < fours; i += 4 * LANES) for (int l = 0; l < 4 * LANES; l++) sums[l] += x[offset + i + l];
        for (int i = fours; i < whole; i++) sums[(i - fours) % LANES] += x[offset + i];
        for (int l = 0; l < LANES; l++)
            lanes[l] = sums[l] + sums[l + LANES] + (sums[l + 2 * LANES] + sums[l + 3 * LANES]);
    }

    /// The same of `Σ (x − μ)²`, two vectors at a time.
    static void laneSquares(float[] x, int offset, int whole, float mu, float[] lanes) {
        float[] sums = new float[2 * LANES];
        int twos = whole / (2 * LANES) * (2 * LANES);
        for (int i = 0; i < twos; i += 2 * LANES)
            for (int l = 0; l < 2 * LANES; l++) {
                float d = x[offset + i + l] - mu;
                sums[l] = Math.fma(d, d, sums[l]);
            }
        for (int i = twos; i < whole; i++) {
            float d = x[offset + i] - mu;
            sums[(i - twos) % LANES] = Math.fma(d, d, sums[(i - twos) % LANES]);
        }
        for (int l = 0; l < LANES; l++) lanes[l] = sums[l] + sums[l + LANES];
    }
}
