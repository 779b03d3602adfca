package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.assertSame;
import static dev.merapi.engine.kernel.Operands.before;
import static dev.merapi.engine.kernel.Operands.copy;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.output;
import static dev.merapi.engine.kernel.Operands.poisoned;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MatmulTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";

    /// m, n, k: single values, rows and columns, around the tiles, several panels deep.
    private static final int[][] SIZES = {
        {1, 1, 1},
        {1, 17, 33},
        {17, 1, 5},
        {3, 4, 1},
        {8, 32, 16},
        {15, 16, 17},
        {33, 31, 64},
        {5, 100, 385},
        {129, 65, 100},
        {64, 200, 777}
    };

    @ParameterizedTest
    @MethodSource(KERNELS)
    void matmulNTIsRowsTimesRowsPlusBias(Kernels kernels) {
        for (int[] size : SIZES) {
            for (int variant = 0; variant < 4; variant++) {
                int m = size[0], n = size[1], k = size[2];
                boolean accumulate = (variant & 1) != 0;
                Floats bias = (variant & 2) != 0 ? normal(n, 3) : null;
                Floats a = normal(m * k, 1), b = normal(n * k, 2), c = output(m * n, accumulate), before = copy(c);
                kernels.matmulNT(m, n, k, a, b, bias, c, accumulate);
                assertClose(
                        i -> {
                            double sum = before(i, before, accumulate) + (bias == null ? 0 : bias.get(i % n));
                            for (int p = 0; p < k; p++) sum += (double) a.get(i / n * k + p) * b.get(i % n * k + p);
                            return sum;
                        },
                        c,
                        tolerance(k),
                        "matmulNT");
            }
        }
    }

    /// Also where nobody keeps the product.
    @ParameterizedTest
    @MethodSource(KERNELS)
    void aProductThatEndsInAnActivationHasTheBitsOfBoth(Kernels kernels) {
        if (!kernels.fuses(Activation.GELU) && !(kernels instanceof ScalarKernels)) return;
        for (int[] size : SIZES) {
            int m = size[0], n = size[1], k = size[2];
            Floats bias = n % 2 == 0 ? normal(n, 3) : null, a = normal(m * k, 1), b = normal(n * k, 2);
            Floats product = poisoned(m * n), expected = poisoned(m * n), c = poisoned(m * n), y = poisoned(m * n);
            kernels.matmulNT(m, n, k, a, b, bias, product, false);
            kernels.activation(Activation.GELU, m * n, product, expected);
            kernels.matmulNT(m, n, k, a, b, bias, Activation.GELU, c, y);
            assertSame(product, c, "matmulNT GELU, product");
            assertSame(expected, y, "matmulNT GELU");
            Floats alone = poisoned(m * n);
            kernels.matmulNT(m, n, k, a, b, bias, Activation.GELU, null, alone);
            assertSame(expected, alone, "matmulNT GELU alone");
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void matmulNNIsRowsTimesColumns(Kernels kernels) {
        for (int[] size : SIZES) {
            for (boolean accumulate : new boolean[] {false, true}) {
                int m = size[0], n = size[1], k = size[2];
                Floats a = normal(m * k, 1), b = normal(k * n, 2), c = output(m * n, accumulate), before = copy(c);
                kernels.matmulNN(m, n, k, a, b, c, accumulate);
                assertClose(
                        i -> {
                            double sum = before(i, before, accumulate);
                            for (int p = 0; p < k; p++) sum += (double) a.get(i / n * k + p) * b.get(p * n + i % n);
                            return sum;
                        },
                        c,
                        tolerance(k),
                        "matmulNN");
            }
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void matmulTNIsColumnsTimesColumns(Kernels kernels) {
        for (int[] size : SIZES) {
            for (boolean accumulate : new boolean[] {false, true}) {
                int m = size[0], n = size[1], k = size[2];
                Floats a = normal(k * m, 1), b = normal(k * n, 2), c = output(m * n, accumulate), before = copy(c);
                kernels.matmulTN(m, n, k, a, b, c, accumulate);
                assertClose(
                        i -> {
                            double sum = before(i, before, accumulate);
                            for (int p = 0; p < k; p++) sum += (double) a.get(p * m + i / n) * b.get(p * n + i % n);
                            return sum;
                        },
                        c,
                        tolerance(k),
                        "matmulTN");
            }
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void packedEqualsNTBitForBit(Kernels kernels) {
        for (int[] size : SIZES) {
            for (Floats bias : new Floats[] {null, normal(size[1], 3)}) {
                int m = size[0], n = size[1], k = size[2];
                Floats a = normal(m * k, 1), w = normal(n * k, 2), expected = poisoned(m * n), c = poisoned(m * n);
                PackedMatrix packed = new PackedMatrix(n, k, poisoned(kernels.packedSize(n, k)));
                kernels.pack(w, packed);
                kernels.matmulPacked(m, a, packed, bias, c);
                kernels.matmulNT(m, n, k, a, w, bias, expected, false);
                assertSame(expected, c, "matmulPacked");
            }
        }
    }

    /// The error of a float32 sum of k products of standard normal values: about √k roundings of a sum of about
    /// √k.
    private static double tolerance(int k) {
        return 2e-6 + 8e-8 * k;
    }
}
