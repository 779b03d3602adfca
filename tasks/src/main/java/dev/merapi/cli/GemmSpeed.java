package dev.merapi.cli;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.PackedMatrix;
import dev.merapi.engine.kernel.Philox;
import java.util.ArrayList;
import java.util.List;

/// The matrix products of a linear layer: `x·Wᵀ` with W packed (inference), and training's `x·Wᵀ`, `dy·W`,
/// `dyᵀ·x`.
final class GemmSpeed {
    /// Tokens × outputs × inputs of BERT-base and MiniLM.
    private static final int[][] SIZES = {
        {512, 768, 768}, {512, 3072, 768}, {512, 768, 3072}, {128, 768, 768}, {512, 1536, 384}, {32, 384, 384}
    };

    private GemmSpeed() {}

    /// Floating-point operations a second of each product.
    record Row(int tokens, int outputs, int inputs, double packed, double forward, double input, double weight) {
        String size() {
            return tokens + "×" + outputs + "×" + inputs;
        }
    }

    /// @param seconds for each product
    static List<Row> rows(Kernels k, double seconds) {
        List<Row> rows = new ArrayList<>();
        row(k, 100, 400, 400, 3 * seconds); // for the compiler
        for (int[] size : SIZES) rows.add(row(k, size[0], size[1], size[2], seconds));
        return rows;
    }

    private static Row row(Kernels k, int m, int n, int inputs, double seconds) {
        Floats x = random(k, m * inputs), w = random(k, n * inputs), y = random(k, m * n);
        Floats dx = k.memory().allocate(m * inputs), dw = k.memory().allocate(n * inputs);
        var packed = new PackedMatrix(n, inputs, k.memory().allocate(k.packedSize(n, inputs)));
        k.pack(w, packed);
        double operations = 2.0 * m * n * inputs;
        return new Row(
                m,
                n,
                inputs,
                operations / best(k, seconds, () -> k.matmulPacked(m, x, packed, null, y)),
                operations / best(k, seconds, () -> k.matmulNT(m, n, inputs, x, w, null, y, false)),
                operations / best(k, seconds, () -> k.matmulNN(m, inputs, n, y, w, dx, false)),
                operations / best(k, seconds, () -> k.matmulTN(n, inputs, m, y, x, dw, false)));
    }

    /// Of the fastest run: others may have disturbed the rest.
    private static double best(Kernels k, double seconds, Runnable product) {
        BenchModel.Repeatable toItsEnd = () -> {
            product.run();
            k.finish();
        };
        double best = Double.POSITIVE_INFINITY;
        for (double time : toItsEnd.times(seconds)) best = Math.min(best, time);
        return best;
    }

    private static Floats random(Kernels k, int n) {
        Floats values = k.memory().allocate(n);
        Philox.normal(values, 1, n, 0, 1);
        return values;
    }
}
