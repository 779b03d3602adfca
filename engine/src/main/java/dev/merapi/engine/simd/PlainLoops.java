package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.SimdMath.LANES;

import java.util.Arrays;

/// The twins of the vector loops that a forward pass runs, for [ColdStart]: the same operations on every
/// element in the same order, hence the same bits.
final class PlainLoops {
    private static final int WIDTH = 2 * LANES;

    private PlainLoops() {}

    /// [MicroKernels#run], 2 rows × 4 columns at a time.
    static void tile(int rows, int k, float[] a, int ao, float[] b, int bo, float[] tile) {
        for (int r = 0; r < rows; r += 2)
            for (int c = 0; c < WIDTH; c += 4) {
                if (r + 1 < rows) twoRows(rows, k, a, ao + r, b, bo + c, tile, r * WIDTH + c);
                else oneRow(rows, k, a, ao + r, b, bo + c, tile, r * WIDTH + c);
            }
    }

    private static void twoRows(int rows, int k, float[] a, int ao, float[] b, int bo, float[] tile, int to) {
        float x0 = 0, x1 = 0, x2 = 0, x3 = 0, y0 = 0, y1 = 0, y2 = 0, y3 = 0;
        for (int i = 0; i < k; i++) {
            float x = a[ao], y = a[ao + 1];
            float b0 = b[bo], b1 = b[bo + 1], b2 = b[bo + 2], b3 = b[bo + 3];
            x0 = Math.fma(x, b0, x0);
            x1 = Math.fma(x, b1, x1);
            x2 = Math.fma(x, b2, x2);
            x3 = Math.fma(x, b3, x3);
            y0 = Math.fma(y, b0, y0);
            y1 = Math.fma(y, b1, y1);
            y2 = Math.fma(y, b2, y2);
            y3 = Math.fma(y, b3, y3);
            ao += rows;
            bo += WIDTH;
        }
        store(x0, x1, x2, x3, tile, to);
        store(y0, y1, y2, y3, tile, to + WIDTH);
    }

    private static void oneRow(int rows, int k, float[] a, int ao, float[] b, int bo, float[] tile, int to) {
        float x0 = 0, x1 = 0, x2 = 0, x3 = 0;
        for (int i = 0; i < k; i++) {
            float x = a[ao];
            x0 = Math.fma(x, b[bo], x0);
            x1 = Math.fma(x, b[bo + 1], x1);
            x2 = Math.fma(x, b[bo + 2], x2);
            x3 = Math.fma(x, b[bo + 3], x3);
            ao += rows;
            bo += WIDTH;
        }
        store(x0, x1, x2, x3, tile, to);
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

    /// [AttentionRows#softmax].
    static float softmax(float[] x, int at, int n, float scale) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = at; i < at + n; i++) max = Math.max(max, x[i]);
        float shift = max * scale;
        float[] sums = new float[LANES];
        for (int i = 0; i < n; i++) {
            float y = SimdMath.exp(x[at + i] * scale - shift);
            x[at + i] = y;
            sums[i % LANES] += y;
        }
        float sum = sum(sums), factor = 1 / sum;
        for (int i = at; i < at + n; i++) x[i] *= factor;
        Arrays.fill(x, at + n, at + Math.ceilDiv(n, LANES) * LANES, 0f);
        return shift + (float) Math.log(sum);
    }

    /// [SimdMath#sum].
    private static float sum(float[] lanes) {
        for (int half = LANES / 2; half > 1; half /= 2) for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
        return lanes[0] + lanes[1];
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
