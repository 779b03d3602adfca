package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertInside;
import static dev.merapi.engine.kernel.Operands.assertSame;
import static dev.merapi.engine.kernel.Operands.copy;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.output;
import static dev.merapi.engine.kernel.Operands.poisoned;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Products whose operands and results are of low precision, twice: near the product of the operands as they
/// were, in float64, and, much nearer, the product of the rounded operands.
class LowMatmulTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#allProducts";
    private static final List<Precision> LOW = List.of(Precision.BF16, Precision.FP16, Precision.TF32);

    /// m, n, k: single values, odd rows, around the tiles and the stages of k, several of both.
    private static final int[][] SIZES = {
        {1, 1, 1}, {1, 17, 33}, {17, 1, 5}, {8, 8, 64}, {64, 64, 65}, {33, 70, 127}, {5, 100, 385}, {129, 130, 136}
    };

    private static final int[][] MANY_ROWS = {{65, 40, 1100}, {1, 3, 2049}}; // the sum of a weight's gradient is cut

    @ParameterizedTest
    @MethodSource(KERNELS)
    void matmulNTIsRowsTimesRowsPlusBias(Kernels kernels) {
        for (Precision p : LOW)
            for (int[] size : SIZES) {
                int m = size[0], n = size[1], k = size[2];
                Floats bias = n % 2 == 0 ? normal(n, 3) : null;
                Floats a = normal(m * k, 1), b = normal(n * k, 2), c = poisoned(m * n);
                kernels.matmulNT(p, m, n, k, lower(kernels, p, m, k, a), lower(kernels, p, n, k, b), bias, c);
                new Product(p, n, k, bias, null, (i, q) -> i * k + q, a, (j, q) -> j * k + q, b).assertIs(c);
            }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void aProductThatEndsInAnActivationHasTheBitsOfBoth(Kernels kernels) {
        if (!kernels.fuses(Activation.GELU) && !(kernels instanceof ScalarKernels)) return;
        for (Precision p : LOW)
            for (int[] size : new int[][] {{1, 17, 33}, {33, 70, 127}, {130, 132, 40}}) {
                int m = size[0], n = size[1], k = size[2];
                Floats bias = normal(n, 3), a = lower(kernels, p, m, k, normal(m * k, 1));
                Floats b = lower(kernels, p, n, k, normal(n * k, 2));
                Floats product = poisoned(m * n), expected = poisoned(m * n), c = poisoned(m * n), y = poisoned(m * n);
                kernels.matmulNT(p, m, n, k, a, b, bias, product);
                kernels.activation(Activation.GELU, m * n, product, expected);
                kernels.matmulNT(p, m, n, k, a, b, bias, Activation.GELU, c, y);
                assertSame(product, c, p + " product");
                assertSame(expected, y, p + " GELU");
                Floats alone = poisoned(m * n);
                kernels.matmulNT(p, m, n, k, a, b, bias, Activation.GELU, null, alone);
                assertSame(expected, alone, p + " GELU alone");
            }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void matmulNNIsRowsTimesColumns(Kernels kernels) {
        for (Precision p : LOW)
            for (int[] size : SIZES) {
                int m = size[0], n = size[1], k = size[2];
                boolean accumulate = m % 2 == 0;
                Floats a = normal(m * k, 1), b = normal(k * n, 2), c = output(m * n, accumulate);
                Floats before = accumulate ? copy(c) : null;
                kernels.matmulNN(p, m, n, k, lower(kernels, p, m, k, a), lower(kernels, p, k, n, b), c, accumulate);
                new Product(p, n, k, null, before, (i, q) -> i * k + q, a, (j, q) -> q * n + j, b).assertIs(c);
            }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void matmulTNIsColumnsTimesColumns(Kernels kernels) {
        for (Precision p : LOW)
            for (int[] size : Stream.of(SIZES, MANY_ROWS).flatMap(Stream::of).toArray(int[][]::new)) {
                int m = size[0], n = size[1], k = size[2];
                boolean accumulate = m % 2 == 1;
                Floats a = normal(k * m, 1), b = normal(k * n, 2), c = output(m * n, accumulate);
                Floats before = accumulate ? copy(c) : null;
                kernels.matmulTN(p, m, n, k, lower(kernels, p, k, m, a), lower(kernels, p, k, n, b), c, accumulate);
                new Product(p, n, k, null, before, (i, q) -> q * m + i, a, (j, q) -> q * n + j, b).assertIs(c);
            }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void sumRowsAddsRoundedRowsAndRoundsTheSum(Kernels kernels) {
        for (Precision p : LOW)
            for (int[] size : new int[][] {{1, 1}, {3, 5}, {300, 33}, {20, 70}}) {
                int rows = size[0], cols = size[1];
                Floats x = normal(rows * cols, 1), ones = Floats.allocate(rows), out = output(cols, rows == 3);
                Floats before = rows == 3 ? copy(out) : null;
                Arrays.fill(ones.array, 1f);
                kernels.sumRows(p, rows, cols, lower(kernels, p, rows, cols, x), out, rows == 3);
                new Product(p, cols, rows, null, before, (i, q) -> q, ones, (j, q) -> q * cols + j, x).assertIs(out);
            }
    }

    /// All numbers of a row keep their places, whatever their size, and what overflows is infinite.
    @ParameterizedTest
    @MethodSource(KERNELS)
    void hardNumbersSurvive(Kernels kernels) {
        float[] hard = {
            0f, -0f, 1f, -65504f, 65520f, 1e-7f, 0x1p-24f, -0x1p-14f, 3.4e38f, 1e-30f, 1 / 3f, Float.NEGATIVE_INFINITY
        };
        for (Precision p : LOW) {
            Floats one = lower(kernels, p, 1, 1, Floats.of(1)), c = poisoned(1);
            for (float value : hard) {
                kernels.matmulNT(p, 1, 1, 1, lower(kernels, p, 1, 1, Floats.of(value)), one, null, c);
                assertEquals(p.results().round(p.round(value)) + 0f, c.get(0) + 0f, value + " in " + p);
            }
            Floats nan = lower(kernels, p, 1, 1, Floats.of(Float.intBitsToFloat(0x7F800001)));
            kernels.matmulNT(p, 1, 1, 1, nan, one, null, c);
            assertTrue(Float.isNaN(c.get(0)), "a NaN stays one");
        }
    }

    private static Floats lower(Kernels kernels, Precision p, int rows, int cols, Floats x) {
        Floats lowered = Floats.allocate(kernels.loweredSize(p, rows, cols));
        Arrays.fill(lowered.array, Float.NaN);
        kernels.lower(p, rows, cols, x, lowered);
        return lowered;
    }

    /// Where in an operand the value of row i (or column j) and depth q is.
    private interface Place {
        int of(int i, int q);
    }

    /// C = A·B + bias + before, value by value.
    private record Product(
            Precision p, int n, int k, Floats bias, Floats before, Place inA, Floats a, Place inB, Floats b) {

        /// As exact as float32 sums of the rounded operands are, and one rounding; as near to the product of
        /// the operands as float64 has it as the precision promises (1.6e-2, 1e-3), beside √k, the size of the
        /// sum.
        void assertIs(Floats c) {
            double half = p == Precision.BF16 ? 0x1p-8 : p == Precision.FP16 ? 0x1p-11 : 0; // a place of 1
            double promised = p == Precision.BF16 ? 1.6e-2 : 1e-3;
            Floats roundA = rounded(a), roundB = rounded(b), roundBias = bias == null ? null : rounded(bias);
            for (int i = 0; i < c.length; i++) {
                double held = before == null ? 0 : before.get(i);
                double product = value(i, roundA, roundB, roundBias), exact = value(i, a, b, bias);
                double sums = (2e-6 + 8e-8 * k) * Math.max(1, Math.abs(product) + Math.abs(held));
                assertEquals(held + product, c.get(i), half * Math.abs(product) + sums, () -> this + " of the rounded");
                double size = Math.max(Math.abs(exact) + Math.abs(held), 2 * Math.sqrt(k));
                assertEquals(held + exact, c.get(i), promised * size, () -> this + " of the exact");
            }
            assertInside(c, toString());
        }

        @Override
        public String toString() {
            return p + " product " + a.length / k + "×" + n + "×" + k;
        }

        private Floats rounded(Floats x) {
            Floats rounded = Floats.allocate(x.length);
            for (int i = 0; i < x.length; i++) rounded.set(i, (x == bias ? p.results() : p).round(x.get(i)));
            return rounded;
        }

        private double value(int at, Floats a, Floats b, Floats bias) {
            int i = at / n, j = at % n;
            double sum = bias == null ? 0 : bias.get(j);
            for (int q = 0; q < k; q++) sum += (double) a.get(inA.of(i, q)) * b.get(inB.of(j, q));
            return sum;
        }
    }
}
