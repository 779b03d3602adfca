package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertSame;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.poisoned;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.merapi.engine.kernel.Kernels.AdamStep;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The law of [Kernels]: results do not depend on the number of threads. Sizes are such that every kernel is
/// cut, unevenly.
class ThreadsTest {
    private static final int ROWS = 150, COLS = 515, N = ROWS * COLS;
    private static final Dropout DROPOUT = new Dropout(0.2f, 99, 3, 1);

    @Test
    void everyKernelGivesTheSameBitsOnOneTwoAndFourThreads() {
        assumeTrue(Implementations.SIMD, "only the SIMD kernels have threads");
        Map<String, Floats> one = results(1);
        for (int threads : new int[] {2, 4}) {
            results(threads)
                    .forEach((name, result) -> assertSame(one.get(name), result, name + " on " + threads + " threads"));
        }
    }

    /// Everything runs again after the loops were compiled: a sum must not change its order with the compiler.
    @Test
    void everyKernelGivesTheSameBitsBeforeAndAfterCompilation() {
        assumeTrue(Implementations.SIMD, "only the SIMD kernels");
        Map<String, Floats> first = results(1);
        for (int again = 0; again < 12; again++)
            results(1).forEach((name, result) -> assertSame(first.get(name), result, name + " again"));
    }

    @Test
    void everyKernelGivesTheSameBitsInPlainLoops() {
        assumeTrue(Implementations.SIMD, "only the SIMD kernels start with plain loops");
        Map<String, Floats> vectors = results(1);
        results(Implementations.coldSimd())
                .forEach((name, result) -> assertSame(vectors.get(name), result, name + " in plain loops"));
    }

    private static Map<String, Floats> results(int threads) {
        Kernels kernels = Implementations.simd(threads);
        assertEquals(threads, kernels.threads());
        return results(kernels);
    }

    private static Map<String, Floats> results(Kernels kernels) {
        Map<String, Floats> results = new LinkedHashMap<>();
        try (kernels) {
            elementwise(kernels, results);
            rows(kernels, results);
            products(kernels, results);
            attention(kernels, results);
        }
        return results;
    }

    private static Floats result(Map<String, Floats> results, String name, int n) {
        Floats result = poisoned(n);
        results.put(name, result);
        return result;
    }

    private static void elementwise(Kernels kernels, Map<String, Floats> results) {
        Floats x = normal(N, 1), y = normal(N, 2);
        kernels.fill(N, 3f, result(results, "fill", N));
        kernels.copy(N, x, result(results, "copy", N), false);
        kernels.add(N, x, y, result(results, "add", N));
        kernels.multiply(N, x, y, result(results, "multiply", N), false);
        kernels.multiply(N, x, y, results.get("add"), true);
        kernels.scale(N, 0.3f, x, results.get("copy"), true);
        kernels.dropout(N, x, DROPOUT, result(results, "dropout", N), false);
        kernels.dropout(N, x, DROPOUT, results.get("fill"), true);
        for (Precision precision : Precision.values())
            kernels.round(precision, N, x, result(results, "round " + precision, N), false);
        for (Activation f : Activation.values()) {
            Floats value = result(results, f.name(), N);
            kernels.activation(f, N, x, value);
            kernels.activationBackward(f, N, x, value, y, result(results, f + " backward", N), false);
        }
        Floats p = result(results, "p", N), m = result(results, "m", N), v = result(results, "v", N);
        for (Floats each : List.of(p, m, v)) kernels.multiply(N, x, x, each, false);
        kernels.adamW(N, p, y, m, v, new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0.01, 0.1, 0.001, 1f));
        result(results, "sumOfSquares", 1).set(0, (float) kernels.sumOfSquares(N, x));
    }

    private static void rows(Kernels kernels, Map<String, Floats> results) {
        Floats x = normal(N, 1), dy = normal(N, 2), gamma = normal(COLS, 3), beta = normal(COLS, 4);
        kernels.sumRows(ROWS, COLS, x, result(results, "sumRows", COLS), false);
        Floats sum = result(results, "sum", N),
                mean = result(results, "mean", ROWS),
                rstd = result(results, "rstd", ROWS);
        kernels.layerNorm(
                ROWS, COLS, x, DROPOUT, dy, gamma, beta, 1e-5f, sum, result(results, "layerNorm", N), mean, rstd);
        Floats dgamma = result(results, "dgamma", COLS), dbeta = result(results, "dbeta", COLS);
        kernels.layerNormBackward(
                ROWS, COLS, sum, gamma, mean, rstd, dy, result(results, "ds", N), false, dgamma, dbeta, false);

        int[] order = Philox.permutation(ROWS, 1, 0);
        kernels.gather(ROWS, COLS, x, order, result(results, "gather", N), false);
        kernels.gather(ROWS, COLS, dy, order, results.get("gather"), true);
        for (int[] groups : List.of(new int[] {0, 50, 150}, everyFifth()))
            kernels.sumGroups(
                    groups.length - 1,
                    COLS,
                    x,
                    groups,
                    order,
                    result(results, "sumGroups " + groups.length, (groups.length - 1) * COLS),
                    false);

        int[] labels = new int[ROWS];
        for (int r = 0; r < ROWS; r++) labels[r] = r % 7 == 0 ? -100 : r;
        kernels.crossEntropy(
                ROWS, COLS, x, labels, null, 0.1f, result(results, "crossEntropy", 1), result(results, "dlogits", N));
        Floats targets = result(results, "targets", N);
        kernels.activation(Activation.SIGMOID, N, dy, targets);
        kernels.binaryCrossEntropy(
                ROWS, COLS, x, targets, null, result(results, "bce", 1), result(results, "bce dlogits", N));
    }

    private static int[] everyFifth() {
        int[] groups = new int[31];
        for (int g = 1; g < groups.length; g++) groups[g] = 5 * g;
        return groups;
    }

    private static void products(Kernels kernels, Map<String, Floats> results) {
        List<int[]> shapes =
                new ArrayList<>(List.of(new int[] {130, 210, 400}, new int[] {3, 700, 200}, new int[] {500, 40, 30}));
        for (int[] shape : shapes) {
            int m = shape[0], n = shape[1], k = shape[2];
            String size = " " + m + "×" + n + "×" + k;
            Floats a = normal(m * k, 1), b = normal(n * k, 2), bias = normal(n, 3);
            kernels.matmulNT(m, n, k, a, b, bias, result(results, "matmulNT" + size, m * n), false);
            kernels.matmulNN(m, n, k, a, b, result(results, "matmulNN" + size, m * n), false);
            kernels.matmulTN(m, n, k, a, b, result(results, "matmulTN" + size, m * n), false);
            PackedMatrix packed = new PackedMatrix(n, k, poisoned(kernels.packedSize(n, k)));
            kernels.pack(b, packed);
            kernels.matmulPacked(m, a, packed, bias, result(results, "matmulPacked" + size, m * n));
        }
    }

    private static void attention(Kernels kernels, Map<String, Floats> results) {
        int[] starts = {0, 70, 71, 120};
        int n = 120 * 96;
        Floats q = normal(n, 1), k = normal(n, 2), v = normal(n, 3), dcontext = normal(n, 4);
        Floats context = result(results, "context", n), lse = result(results, "logSumExp", 3 * 120);
        kernels.attention(3, 96, starts, 3, q, k, v, DROPOUT, context, lse);
        Floats dq = result(results, "dq", n), dk = result(results, "dk", n), dv = result(results, "dv", n);
        kernels.attentionBackward(3, 96, starts, 3, q, k, v, DROPOUT, context, lse, dcontext, dq, dk, dv);
    }
}
