package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertSame;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.output;
import static dev.merapi.engine.kernel.Operands.poisoned;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Weights of 16 bits are float32 weights that were rounded before, bit for bit.
class NarrowWeightsTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";
    private static final Precision[] NARROW = {Precision.BF16, Precision.FP16};

    /// m, n, k: every height of a tile, more rows than float16 is widened in registers for, several blocks of
    /// rows, columns and inputs.
    private static final int[][] SIZES = {
        {1, 1, 1},
        {1, 17, 33},
        {4, 300, 5},
        {6, 31, 64},
        {8, 32, 769},
        {12, 100, 385},
        {13, 65, 100},
        {49, 257, 40},
        {130, 33, 777},
        {411, 200, 30}
    };

    @ParameterizedTest
    @MethodSource(KERNELS)
    void aProductHasTheBitsOfARoundedWeight(Kernels kernels) {
        for (Precision precision : NARROW) {
            if (!kernels.holds(precision)) return; // a GPU
            for (int[] size : SIZES) {
                int m = size[0], n = size[1], k = size[2];
                Floats a = normal(m * k, 1), w = weights(n * k), bias = m % 2 == 0 ? normal(n, 3) : null;
                Floats rounded = poisoned(n * k), expected = poisoned(m * n), c = poisoned(m * n);
                precision.round(0, n * k, w, rounded, false);
                kernels.matmulNT(m, n, k, a, rounded, bias, expected, false);
                kernels.matmulPacked(m, a, pack(kernels, precision, n, k, w), bias, c);
                assertSame(expected, c, precision + " " + Arrays.toString(size));
            }
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void rowsOfATableAreItsRoundedRows(Kernels kernels) {
        int rows = 40, cols = 33;
        Floats table = weights(rows * cols);
        int[] ids = {39, 0, 7, 7, 38};
        for (Precision precision : NARROW) {
            if (!kernels.holds(precision)) return;
            Halves narrow = Halves.allocate(precision, rows * cols);
            narrow.write(table, 0);
            Floats rounded = poisoned(rows * cols);
            precision.round(0, rows * cols, table, rounded, false);
            for (boolean accumulate : new boolean[] {false, true}) {
                Floats expected = output(ids.length * cols, accumulate), out = output(ids.length * cols, accumulate);
                kernels.gather(ids.length, cols, rounded, ids, expected, accumulate);
                kernels.gather(ids.length, cols, narrow, ids, out, accumulate);
                assertSame(expected, out, precision + " gather");
            }
        }
    }

    @Test
    void sixteenBitsHoldEveryRoundedNumber() {
        float[] values = {0f, -0f, 1f, -1.00390625f, 1e-8f, 5.9e-8f, -6.1e-5f, 65504f, 0x1p-24f, 3e-39f, 0.1f};
        for (Precision precision : NARROW)
            for (float x : values)
                assertEquals(
                        Float.floatToRawIntBits(precision.round(x)),
                        Float.floatToRawIntBits(precision.widen(precision.narrow(x))),
                        precision + " of " + x);
    }

    @Test
    void theFirstValueThatIsTooLargeIsFound() {
        assertEquals(-1, Precision.FP16.firstNotFinite(Floats.of(1, -65504, 65519.996f)));
        assertEquals(1, Precision.FP16.firstNotFinite(Floats.of(1, -65520, Float.NaN)));
        assertEquals(2, Precision.BF16.firstNotFinite(Floats.of(1, 65520, Float.NaN)));
        float most = Float.intBitsToFloat(0x7F7F7FFF);
        assertEquals(-1, Precision.BF16.firstNotFinite(Floats.of(most, -most)));
        assertFalse(Float.isInfinite(Precision.BF16.round(most)));
        assertEquals(0, Precision.BF16.firstNotFinite(Floats.of(Math.nextUp(most))));
        assertEquals(Float.POSITIVE_INFINITY, Precision.BF16.round(Math.nextUp(most)));
        assertEquals(1, Precision.FP32.firstNotFinite(Floats.of(Float.MAX_VALUE, Float.NEGATIVE_INFINITY)));
    }

    /// In parts, as a checkpoint is read.
    private static NarrowMatrix pack(Kernels kernels, Precision precision, int n, int k, Floats w) {
        var packed = new NarrowMatrix(n, k, Halves.allocate(precision, kernels.narrowSize(n, k)));
        for (int from = 0; from < n; from += NarrowMatrix.ROWS) {
            int rows = Math.min(NarrowMatrix.ROWS, n - from);
            kernels.pack(w.slice(from * k, rows * k), from, packed);
        }
        return packed;
    }

    /// Half of them, and zeros, are subnormal numbers of binary16.
    private static Floats weights(int n) {
        Floats w = normal(n, 2);
        for (int i = 0; i < n; i += 2) w.set(i, i % 6 == 0 ? 0f : w.get(i) * 0x1p-17f);
        return w;
    }
}
