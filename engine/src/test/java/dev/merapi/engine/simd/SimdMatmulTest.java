package dev.merapi.engine.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.PackedMatrix;
import dev.merapi.engine.kernel.Workers;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SimdMatmulTest {
    private static final Workers ONE = new Workers(1), THREE = new Workers(3);
    private final SimdMatmul alone = new SimdMatmul(ONE, ColdStart.none()),
            shared = new SimdMatmul(THREE, ColdStart.none());

    /// Rows around the heights of tiles and row blocks, columns around panels, depths around the blocks of k.
    private static final int[][] SIZES = {
        {1, 1, 1},
        {1, 33, 7},
        {2, 31, 385},
        {3, 5, 2},
        {5, 64, 64},
        {7, 100, 13},
        {11, 32, 384},
        {12, 65, 768},
        {13, 17, 769},
        {23, 96, 31},
        {95, 40, 50},
        {96, 33, 129},
        {97, 130, 65},
        {193, 35, 400},
        {300, 129, 100}
    };

    @AfterAll
    static void close() {
        ONE.close();
        THREE.close();
    }

    /// Each product is compared with sums in double: the rounding of k products in float is below
    /// k·2⁻²⁴·Σ|a·b|, and far below it in practice.
    @Test
    void productsAgreeWithDoublePrecisionOnOddSizes() {
        for (int[] size : SIZES) {
            int m = size[0], n = size[1], k = size[2];
            Floats a = random(m * k, 1), b = random(n * k, 2), bias = random(n, 3), start = random(m * n, 4);
            for (boolean accumulate : new boolean[] {false, true}) {
                double[] expected = new double[m * n];
                for (int i = 0; i < m; i++)
                    for (int j = 0; j < n; j++) {
                        double sum = accumulate ? start.get(i * n + j) : 0;
                        for (int l = 0; l < k; l++) sum += (double) a.get(i * k + l) * b.get(j * k + l);
                        expected[i * n + j] = sum;
                    }
                Floats at = transpose(a, m, k), bt = transpose(b, n, k);
                for (SimdMatmul matmul : new SimdMatmul[] {alone, shared}) {
                    Floats c = Floats.of(start.toArray());
                    matmul.matmulNT(m, n, k, a, b, null, c, accumulate);
                    assertClose(expected, c, k);
                    c = Floats.of(start.toArray());
                    matmul.matmulNN(m, n, k, a, bt, c, accumulate);
                    assertClose(expected, c, k);
                    c = Floats.of(start.toArray());
                    matmul.matmulTN(m, n, k, at, bt, c, accumulate);
                    assertClose(expected, c, k);
                    c = Floats.of(start.toArray());
                    matmul.matmulNT(m, n, k, a, b, bias, c, accumulate);
                    for (int i = 0; i < m * n; i++) c.set(i, c.get(i) - bias.get(i % n));
                    assertClose(expected, c, k);
                }
            }
        }
    }

    @Test
    void packedEqualsUnpackedBitForBit() {
        for (int[] size : SIZES) {
            int m = size[0], n = size[1], k = size[2];
            Floats a = random(m * k, 1), w = random(n * k, 2), bias = random(n, 3);
            Floats expected = Floats.allocate(m * n), c = Floats.allocate(m * n);
            alone.matmulNT(m, n, k, a, w, bias, expected, false);
            var packed = pack(w, n, k);
            shared.matmulPacked(m, a, packed, bias, c);
            assertArrayEquals(expected.array, c.array);
        }
    }

    @Test
    void threadsDoNotChangeABit() {
        for (int[] size : SIZES) {
            int m = size[0], n = size[1], k = size[2];
            Floats a = random(m * k, 1), b = random(n * k, 2);
            Floats expected = Floats.allocate(m * n), c = Floats.allocate(m * n);
            alone.matmulTN(m, n, k, a, b, expected, false);
            shared.matmulTN(m, n, k, a, b, c, false);
            assertArrayEquals(expected.array, c.array);
        }
    }

    @ParameterizedTest
    @CsvSource({"768, 96", "385, 65", "40, 33"})
    void aRowDoesNotDependOnItsNeighbours(int k, int n) {
        int m = 211;
        Floats a = random(m * k, 1), w = random(n * k, 2), bias = random(n, 3), c = Floats.allocate(m * n);
        var packed = pack(w, n, k);
        alone.matmulPacked(m, a, packed, bias, c);
        for (int first : new int[] {0, 1, 7, 95, 130, 209}) {
            for (int rows : new int[] {1, 2, 3, 5, 12, 60}) {
                if (first + rows > m) continue;
                Floats part = Floats.allocate(rows * n);
                alone.matmulPacked(rows, a.slice(first * k, rows * k), packed, bias, part);
                assertArrayEquals(c.slice(first * n, rows * n).toArray(), part.array);
            }
        }
    }

    @Test
    void viewsIntoLargerArraysAreReadAndWrittenInPlace() {
        int m = 14, n = 45, k = 50;
        Floats a = random(m * k, 1), w = random(n * k, 2), bias = random(n, 3), expected = Floats.allocate(m * n);
        alone.matmulNT(m, n, k, a, w, bias, expected, false);
        float[] memory = new float[m * n + 10];
        Arrays.fill(memory, 9f);
        alone.matmulNT(m, n, k, shifted(a, 3), shifted(w, 5), shifted(bias, 7), new Floats(memory, 4, m * n), false);
        assertArrayEquals(expected.array, Arrays.copyOfRange(memory, 4, 4 + m * n));
        for (int i : new int[] {0, 1, 2, 3, m * n + 4, m * n + 9}) assertEquals(9f, memory[i]);
    }

    /// A product with more columns than are packed at a time.
    @Test
    void wideProductsArePackedInChunks() {
        int m = 100, n = 3000, k = 3000;
        Floats a = random(m * k, 1), w = random(n * k, 2), c = Floats.allocate(m * n), whole = Floats.allocate(m * n);
        shared.matmulNT(m, n, k, a, w, null, c, false);
        shared.matmulPacked(m, a, pack(w, n, k), null, whole);
        assertArrayEquals(whole.array, c.array);
    }

    private PackedMatrix pack(Floats w, int outputs, int inputs) {
        var packed = new PackedMatrix(outputs, inputs, Floats.allocate(alone.packedSize(outputs, inputs)));
        Arrays.fill(packed.panels().array, Float.NaN);
        alone.pack(w, packed);
        return packed;
    }

    private static void assertClose(double[] expected, Floats actual, int k) {
        double tolerance = 1e-7 * (10 + k);
        for (int i = 0; i < expected.length; i++) assertEquals(expected[i], actual.get(i), tolerance);
    }

    private static Floats random(int size, long seed) {
        var random = new Random(seed);
        float[] x = new float[size];
        for (int i = 0; i < size; i++) x[i] = random.nextFloat(-1, 1);
        return Floats.of(x);
    }

    private static Floats transpose(Floats x, int rows, int columns) {
        Floats y = Floats.allocate(x.length);
        for (int i = 0; i < rows; i++) for (int j = 0; j < columns; j++) y.set(j * rows + i, x.get(i * columns + j));
        return y;
    }

    private static Floats shifted(Floats x, int by) {
        float[] memory = new float[x.length + by + 3];
        Arrays.fill(memory, Float.NaN);
        System.arraycopy(x.array, 0, memory, by, x.length);
        return new Floats(memory, by, x.length);
    }
}
