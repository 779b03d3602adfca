package dev.merapi.engine.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Workers;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// Plain loops first, vectors later: when the change comes is nobody's concern.
@EnabledIf("vectors")
class ColdStartTest {
    static boolean vectors() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    }

    @Test
    void vectorsBeginWhenThePlainLoopsHaveDoneTheirWork() {
        ColdStart start = ColdStart.cold();
        start.spend((1L << 29) - 1);
        assertEquals(0, start.whole(1000));
        start.spend(1);
        assertFalse(start.isOn());
        assertEquals(SimdMath.F.loopBound(1000), start.whole(1000));
    }

    @Test
    void vectorsBeginAtOnceWhenAWarmUpEnds() {
        ColdStart start = ColdStart.cold();
        start.warmUp();
        assertTrue(start.isOn(), "a warm-up takes longer than to begin it");
        start.end();
        start.spend(1L << 29); // waits for the thread
        assertFalse(start.isOn());
        start.warmUp(); // nothing is left to warm up
    }

    @Test
    void resultsBesideAWarmUpAreTheSameBits() {
        try (Kernels plain = SimdKernels.cold(new Workers(2));
                Kernels beside = SimdKernels.cold(new Workers(2));
                Kernels vectors = new SimdKernels(new Workers(2))) {
            beside.warmUp();
            for (int i = 0; i < 5; i++) {
                assertArrayEquals(bits(vectors), bits(beside));
                assertArrayEquals(bits(vectors), bits(plain));
            }
        }
    }

    /// A product, its attention in two heads, and a layer norm.
    private static float[] bits(Kernels k) {
        int rows = 13, columns = 36, count = rows * columns;
        Floats x = random(1, count), w = random(2, columns * columns), b = random(3, columns);
        Floats y = Floats.allocate(count), z = Floats.allocate(count);
        Dropout dropout = new Dropout(0.2f, 1, 2, 3);
        k.matmulNT(rows, columns, columns, x, w, b, y, false);
        k.attention(2, columns, new int[] {0, 4, rows}, 2, y, x, y, dropout, z, Floats.allocate(2 * rows));
        Floats mean = Floats.allocate(rows), rstd = Floats.allocate(rows), out = Floats.allocate(count);
        k.layerNorm(rows, columns, z, dropout, x, b, b, 1e-5f, y, out, mean, rstd);
        return out.toArray();
    }

    private static Floats random(int seed, int count) {
        Random random = new Random(seed);
        Floats x = Floats.allocate(count);
        for (int i = 0; i < count; i++) x.set(i, random.nextFloat(-1, 1));
        return x;
    }
}
