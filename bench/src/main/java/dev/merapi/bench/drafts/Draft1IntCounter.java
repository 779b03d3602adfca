package dev.merapi.bench.drafts;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// Draft 1: the 6 × 2 micro-kernel counted in int, as loops usually are, beside the one that is used, counted
/// in long.
///
/// C2 unrolls the counted int loop and moves the loads of several steps to its beginning; with 16 registers the
/// accumulators are then spilled in every step. It leaves the long loop as it is written. Zen 4, one core, best
/// runs, GFLOP/s:
///
/// | AVX2, peak 116 | int, steps indexed by sums | int, `ao + 6·i` | long |
/// |---|---|---|---|
/// | 4 × 2 | 66 | 106 | 95 |
/// | 6 × 2 | 49 | 49 | **113** |
/// | 8 × 2 (needs 19 registers) | 66 | | 54 |
///
/// Unrolled twice by hand, 4 × 2 falls to 52. With AVX-512 and its 32 registers both counters run at the peak
/// of 117 from 4 × 2 to 13 × 2.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-XX:UseAVX=2"})
public class Draft1IntCounter {
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = F.length(), DEPTH = 384;
    private final float[] a = new float[DEPTH * 6], b = new float[DEPTH * 2 * LANES], tile = new float[12 * LANES];

    public Draft1IntCounter() {
        Arrays.fill(a, 0.5f);
        Arrays.fill(b, 0.25f);
    }

    @Benchmark
    public float[] countedInInt() {
        inInt(DEPTH, a, 0, b, 0, tile);
        return tile;
    }

    @Benchmark
    public float[] countedInLong() {
        inLong(DEPTH, a, 0, b, 0, tile);
        return tile;
    }

    private static void inInt(int k, float[] a, int ao, float[] b, int bo, float[] tile) {
        FloatVector cA0 = FloatVector.zero(F), cA1 = FloatVector.zero(F);
        FloatVector cB0 = FloatVector.zero(F), cB1 = FloatVector.zero(F);
        FloatVector cC0 = FloatVector.zero(F), cC1 = FloatVector.zero(F);
        FloatVector cD0 = FloatVector.zero(F), cD1 = FloatVector.zero(F);
        FloatVector cE0 = FloatVector.zero(F), cE1 = FloatVector.zero(F);
        FloatVector cF0 = FloatVector.zero(F), cF1 = FloatVector.zero(F);
        for (int i = 0; i < k; i++) {
            FloatVector b0 = FloatVector.fromArray(F, b, bo), b1 = FloatVector.fromArray(F, b, bo + LANES);
            FloatVector aA = FloatVector.broadcast(F, a[ao]);
            cA0 = aA.fma(b0, cA0);
            cA1 = aA.fma(b1, cA1);
            FloatVector aB = FloatVector.broadcast(F, a[ao + 1]);
            cB0 = aB.fma(b0, cB0);
            cB1 = aB.fma(b1, cB1);
            FloatVector aC = FloatVector.broadcast(F, a[ao + 2]);
            cC0 = aC.fma(b0, cC0);
            cC1 = aC.fma(b1, cC1);
            FloatVector aD = FloatVector.broadcast(F, a[ao + 3]);
            cD0 = aD.fma(b0, cD0);
            cD1 = aD.fma(b1, cD1);
            FloatVector aE = FloatVector.broadcast(F, a[ao + 4]);
            cE0 = aE.fma(b0, cE0);
            cE1 = aE.fma(b1, cE1);
            FloatVector aF = FloatVector.broadcast(F, a[ao + 5]);
            cF0 = aF.fma(b0, cF0);
            cF1 = aF.fma(b1, cF1);
            ao += 6;
            bo += 2 * LANES;
        }
        cA0.intoArray(tile, 0 * LANES);
        cA1.intoArray(tile, 1 * LANES);
        cB0.intoArray(tile, 2 * LANES);
        cB1.intoArray(tile, 3 * LANES);
        cC0.intoArray(tile, 4 * LANES);
        cC1.intoArray(tile, 5 * LANES);
        cD0.intoArray(tile, 6 * LANES);
        cD1.intoArray(tile, 7 * LANES);
        cE0.intoArray(tile, 8 * LANES);
        cE1.intoArray(tile, 9 * LANES);
        cF0.intoArray(tile, 10 * LANES);
        cF1.intoArray(tile, 11 * LANES);
    }

    private static void inLong(int k, float[] a, int ao, float[] b, int bo, float[] tile) {
        FloatVector cA0 = FloatVector.zero(F), cA1 = FloatVector.zero(F);
        FloatVector cB0 = FloatVector.zero(F), cB1 = FloatVector.zero(F);
        FloatVector cC0 = FloatVector.zero(F), cC1 = FloatVector.zero(F);
        FloatVector cD0 = FloatVector.zero(F), cD1 = FloatVector.zero(F);
        FloatVector cE0 = FloatVector.zero(F), cE1 = FloatVector.zero(F);
        FloatVector cF0 = FloatVector.zero(F), cF1 = FloatVector.zero(F);
        for (long i = 0; i < k; i++) {
            FloatVector b0 = FloatVector.fromArray(F, b, bo), b1 = FloatVector.fromArray(F, b, bo + LANES);
            FloatVector aA = FloatVector.broadcast(F, a[ao]);
            cA0 = aA.fma(b0, cA0);
            cA1 = aA.fma(b1, cA1);
            FloatVector aB = FloatVector.broadcast(F, a[ao + 1]);
            cB0 = aB.fma(b0, cB0);
            cB1 = aB.fma(b1, cB1);
            FloatVector aC = FloatVector.broadcast(F, a[ao + 2]);
            cC0 = aC.fma(b0, cC0);
            cC1 = aC.fma(b1, cC1);
            FloatVector aD = FloatVector.broadcast(F, a[ao + 3]);
            cD0 = aD.fma(b0, cD0);
            cD1 = aD.fma(b1, cD1);
            FloatVector aE = FloatVector.broadcast(F, a[ao + 4]);
            cE0 = aE.fma(b0, cE0);
            cE1 = aE.fma(b1, cE1);
            FloatVector aF = FloatVector.broadcast(F, a[ao + 5]);
            cF0 = aF.fma(b0, cF0);
            cF1 = aF.fma(b1, cF1);
            ao += 6;
            bo += 2 * LANES;
        }
        cA0.intoArray(tile, 0 * LANES);
        cA1.intoArray(tile, 1 * LANES);
        cB0.intoArray(tile, 2 * LANES);
        cB1.intoArray(tile, 3 * LANES);
        cC0.intoArray(tile, 4 * LANES);
        cC1.intoArray(tile, 5 * LANES);
        cD0.intoArray(tile, 6 * LANES);
        cD1.intoArray(tile, 7 * LANES);
        cE0.intoArray(tile, 8 * LANES);
        cE1.intoArray(tile, 9 * LANES);
        cF0.intoArray(tile, 10 * LANES);
        cF1.intoArray(tile, 11 * LANES);
    }
}
