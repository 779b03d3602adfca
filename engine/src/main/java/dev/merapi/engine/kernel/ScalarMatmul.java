package dev.merapi.engine.kernel;

import java.util.Arrays;

/// Matrix products in plain loops, summed in double and rounded once. A transposed operand is turned first, so
/// that one loop nest serves all.
final class ScalarMatmul {
    private ScalarMatmul() {}

    /// `C = A·B + bias`: row i of C is the sum of the rows of B weighted by row i of A.
    ///
    ///     a [m, k]    b [k, n]    bias [n] or null    c [m, n]
    static void product(int m, int n, int k, Floats a, Floats b, Floats bias, Floats c, boolean accumulate) {
        double[] row = new double[n];
        for (int i = 0; i < m; i++) {
            Arrays.fill(row, 0);
            for (int p = 0; p < k; p++) addWeighted(n, a.array[a.offset + i * k + p], b.array, b.offset + p * n, row);
            for (int j = 0; j < n; j++) {
                double sum = row[j];
                if (bias != null) sum += bias.get(j);
                if (accumulate) sum += c.get(i * n + j);
                c.set(i * n + j, (float) sum);
            }
        }
    }

    /// `sum += weight · b`, n values.
    private static void addWeighted(int n, double weight, float[] b, int offset, double[] sum) {
        for (int j = 0; j < n; j++) sum[j] += weight * b[offset + j];
    }

    /// `xᵀ`.
    ///
    ///     x [rows, cols]    result [cols, rows]
    static void transpose(int rows, int cols, Floats x, Floats result) {
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) result.set(j * rows + i, x.get(i * cols + j));
        }
    }

    static Floats transposed(int rows, int cols, Floats x) {
        Floats result = Floats.allocate(rows * cols);
        transpose(rows, cols, x, result);
        return result;
    }
}
