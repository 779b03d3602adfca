package dev.merapi.engine.simd;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Kernels.AdamStep;
import dev.merapi.engine.kernel.Workers;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// Once C2 has compiled a kernel its vectors are registers, and none of them is an object on the heap. A loop
/// that C2 gives up on goes on allocating at least one for each turn.
@EnabledIf("vectors")
class KernelAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /// Lambdas and operands, a dozen small objects. Of 1,024 values a vector a turn would be 6 KB with 16 lanes
    /// (an object and its array, 96 bytes, 64 times), and more with fewer.
    private static final long BYTES = 1_000;

    private static final long PATIENCE_NANOS = 20_000_000_000L; // where others need the processors

    private static final int WIDTH = 64, ROWS = 16, COUNT = ROWS * WIDTH;

    private final Floats[] x = new Floats[9]; // the first three are read, the others written
    private final Dropout dropout = new Dropout(0.1f, 1, 2, 3);

    static boolean vectors() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    }

    @Test
    void compiledKernelsAllocateNoVectors() {
        for (int i = 0; i < x.length; i++) {
            x[i] = Floats.allocate(WIDTH * WIDTH);
            for (int j = 0; j < x[i].length; j++) x[i].set(j, 0.01f * (j % 7 + 1));
        }
        new WarmUp().run(() -> true);
        try (Kernels k = new SimdKernels(new Workers(1))) {
            for (int rows : new int[] {1, 4, 6, 8, 12, 15}) products(k, rows);
            attention(k);
            rows(k);
            values(k);
        }
    }

    private void products(Kernels k, int m) {
        settles("A·Bᵀ of " + m + " rows", () -> k.matmulNT(m, WIDTH, WIDTH, x[0], x[1], x[2], x[3], false));
        settles("A·B of " + m + " rows", () -> k.matmulNN(m, WIDTH, WIDTH, x[0], x[1], x[3], false));
        settles("Aᵀ·B of " + m + " rows", () -> k.matmulTN(m, WIDTH, WIDTH, x[0], x[1], x[3], true));
    }

    private void attention(Kernels k) {
        int[] starts = {0, ROWS};
        settles("attention", () -> k.attention(1, WIDTH, starts, 1, x[0], x[1], x[2], dropout, x[3], x[4]));
        settles(
                "attention backward",
                () -> k.attentionBackward(
                        1, WIDTH, starts, 1, x[0], x[1], x[2], dropout, x[3], x[4], x[1], x[5], x[6], x[7]));
    }

    private void rows(Kernels k) {
        settles(
                "layer norm",
                () -> k.layerNorm(ROWS, WIDTH, x[0], dropout, x[1], x[2], x[0], 1e-5f, x[3], x[4], x[5], x[6]));
        settles(
                "layer norm backward",
                () -> k.layerNormBackward(ROWS, WIDTH, x[3], x[2], x[5], x[6], x[1], x[4], true, x[7], x[8], true));
        settles("sum of rows", () -> k.sumRows(ROWS, WIDTH, x[0], x[3], true));
    }

    private void values(Kernels k) {
        AdamStep step = new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0.01, 0.1, 0.001, 1f);
        for (Activation f : new Activation[] {Activation.GELU, Activation.TANH}) {
            settles(f + "", () -> k.activation(f, COUNT, x[0], x[3]));
            settles(f + " backward", () -> k.activationBackward(f, COUNT, x[0], x[1], x[2], x[3], true));
        }
        settles("dropout", () -> k.dropout(COUNT, x[0], dropout, x[3], false));
        settles("sum of squares", () -> k.sumOfSquares(COUNT, x[0]));
        settles("AdamW", () -> k.adamW(COUNT, x[3], x[0], x[4], x[5], step));
        settles("AdamW without gradient", () -> k.adamW(COUNT, x[3], null, x[4], x[5], step));
    }

    /// Repeats a kernel until it is compiled.
    private static void settles(String name, Runnable kernel) {
        long begin = System.nanoTime(), least = Long.MAX_VALUE;
        while (least > BYTES && System.nanoTime() - begin < PATIENCE_NANOS) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            kernel.run();
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        assertTrue(least <= BYTES, name + ": " + least + " bytes a call");
    }
}
