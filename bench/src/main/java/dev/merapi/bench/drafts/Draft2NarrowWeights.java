package dev.merapi.bench.drafts;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import dev.merapi.engine.kernel.Workers;
import java.util.SplittableRandom;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/// Weights in 16 or 8 bits for a forward pass of few rows, where memory is half of the time: the micro-kernel
/// of [8, 2 vectors] with its panels of B in float, in bfloat16 (two neighbouring vectors of columns in the
/// halves of one of ints: a shift and a mask make floats of them) and in bytes (four k of a column in an int:
/// two shifts and a conversion each). A is [rows, 768] in all of them; B is as large as BERT-base's layers, 85
/// million weights, so that it comes from memory.
///
/// Zen 4, milliseconds of a pass over all weights, the fastest of twelve:
///
/// | rows | float, 1 thread | bfloat16 | bytes | float, 2 threads | bfloat16 | bytes |
/// |---|---|---|---|---|---|---|
/// | 8 | 16.4 | 15.0 | 14.7 | 10.1 | 8.0 | 7.6 |
/// | 16 | 27.8 | 27.6 | 27.8 | 14.6 | 14.7 | 14.9 |
/// | 32 | 52.2 | 51.9 | 54.7 | 28.7 | 27.6 | 29.8 |
/// | 128 | 192 | 203 | 218 | 97.5 | 100 | 111 |
///
/// From 16 rows on the float panels come from memory while the multiply-adds run, and what widens the others is
/// extra. The processor's own products of bytes, four to an instruction, cannot be reached from the Vector API.
///
/// What became of it: bfloat16, and float16 by two more steps, are in the engine, since they halve the memory,
/// to be asked for. The table begins where the gain ends; of one row and of four the engine's products take
/// 0.55 and 0.58 of float32's time, of eight 0.77, from 12 on all of it. Bytes are as fast as bfloat16 at eight
/// rows and slower from 32 on, at the price of two digits: they are not.
///
/// Arguments: threads.
final class Draft2NarrowWeights {
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final int LANES = F.length(), HEIGHT = 8, K = 768, WIDTH = 2 * LANES;
    private static final int PANELS = 85_000_000 / (K * WIDTH), CHUNK = 8;

    private Draft2NarrowWeights() {}

    private interface Kernel {
        void run(float[] a, int ao, int panel, float[] tile);
    }

    static void main(String[] arguments) {
        int threads = arguments.length == 0 ? 1 : Integer.parseInt(arguments[0]);
        float[] floats = new float[PANELS * K * WIDTH];
        int[] halves = new int[PANELS * K * LANES], bytes = new int[PANELS * K / 4 * WIDTH];
        var random = new SplittableRandom(1);
        for (int i = 0; i < floats.length; i++) floats[i] = (float) random.nextDouble(-1, 1);
        for (int i = 0; i < halves.length; i++) halves[i] = (random.nextInt() & 0x807f807f) | 0x3f003f00;
        for (int i = 0; i < bytes.length; i++) bytes[i] = random.nextInt();
        try (Workers workers = new Workers(threads)) {
            for (int rows : new int[] {8, 16, 32, 64, 128}) {
                float[] a = new float[rows * K];
                for (int i = 0; i < a.length; i++) a[i] = (float) random.nextDouble(-1, 1);
                double f = best(workers, a, (x, xo, p, tile) -> floats(K, x, xo, floats, p * K * WIDTH, tile));
                double h = best(workers, a, (x, xo, p, tile) -> halves(K, x, xo, halves, p * K * LANES, tile));
                double b = best(workers, a, (x, xo, p, tile) -> bytes(K, x, xo, bytes, p * K / 4 * WIDTH, tile));
                System.out.printf(
                        "%4d rows: float %6.1f ms   bfloat16 %6.1f ms (%.2f×)   bytes %6.1f ms (%.2f×)%n",
                        rows, 1e3 * f, 1e3 * h, f / h, 1e3 * b, f / b);
            }
        }
    }

    /// Seconds of the fastest pass over all panels.
    private static double best(Workers workers, float[] a, Kernel kernel) {
        float[][] tiles = new float[workers.threads()][HEIGHT * WIDTH];
        long best = Long.MAX_VALUE;
        for (int run = 0; run < 12; run++) {
            long start = System.nanoTime();
            workers.run(PANELS / CHUNK, (task, worker) -> {
                for (int p = task * CHUNK; p < (task + 1) * CHUNK; p++)
                    for (int r = 0; r < a.length; r += HEIGHT * K) kernel.run(a, r, p, tiles[worker]);
            });
            best = Math.min(best, System.nanoTime() - start);
        }
        return 1e-9 * best;
    }

    private static void floats(int k, float[] a, int ao, float[] b, int bo, float[] tile) {
        FloatVector cA0 = FloatVector.zero(F), cA1 = FloatVector.zero(F);
        FloatVector cB0 = FloatVector.zero(F), cB1 = FloatVector.zero(F);
        FloatVector cC0 = FloatVector.zero(F), cC1 = FloatVector.zero(F);
        FloatVector cD0 = FloatVector.zero(F), cD1 = FloatVector.zero(F);
        FloatVector cE0 = FloatVector.zero(F), cE1 = FloatVector.zero(F);
        FloatVector cF0 = FloatVector.zero(F), cF1 = FloatVector.zero(F);
        FloatVector cG0 = FloatVector.zero(F), cG1 = FloatVector.zero(F);
        FloatVector cH0 = FloatVector.zero(F), cH1 = FloatVector.zero(F);
        for (long i = 0; i < k; i += 1) {
            FloatVector b0 = FloatVector.fromArray(F, b, bo), b1 = FloatVector.fromArray(F, b, bo + LANES);
            FloatVector aA = FloatVector.broadcast(F, a[ao + 0]);
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
            FloatVector aG = FloatVector.broadcast(F, a[ao + 6]);
            cG0 = aG.fma(b0, cG0);
            cG1 = aG.fma(b1, cG1);
            FloatVector aH = FloatVector.broadcast(F, a[ao + 7]);
            cH0 = aH.fma(b0, cH0);
            cH1 = aH.fma(b1, cH1);
            ao += 8;
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
        cG0.intoArray(tile, 12 * LANES);
        cG1.intoArray(tile, 13 * LANES);
        cH0.intoArray(tile, 14 * LANES);
        cH1.intoArray(tile, 15 * LANES);
    }

    private static void halves(int k, float[] a, int ao, int[] b, int bo, float[] tile) {
        FloatVector cA0 = FloatVector.zero(F), cA1 = FloatVector.zero(F);
        FloatVector cB0 = FloatVector.zero(F), cB1 = FloatVector.zero(F);
        FloatVector cC0 = FloatVector.zero(F), cC1 = FloatVector.zero(F);
        FloatVector cD0 = FloatVector.zero(F), cD1 = FloatVector.zero(F);
        FloatVector cE0 = FloatVector.zero(F), cE1 = FloatVector.zero(F);
        FloatVector cF0 = FloatVector.zero(F), cF1 = FloatVector.zero(F);
        FloatVector cG0 = FloatVector.zero(F), cG1 = FloatVector.zero(F);
        FloatVector cH0 = FloatVector.zero(F), cH1 = FloatVector.zero(F);
        for (long i = 0; i < k; i += 1) {
            IntVector pair = IntVector.fromArray(I, b, bo);
            FloatVector b0 = pair.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector b1 = pair.and(0xffff0000).reinterpretAsFloats();
            FloatVector aA = FloatVector.broadcast(F, a[ao + 0]);
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
            FloatVector aG = FloatVector.broadcast(F, a[ao + 6]);
            cG0 = aG.fma(b0, cG0);
            cG1 = aG.fma(b1, cG1);
            FloatVector aH = FloatVector.broadcast(F, a[ao + 7]);
            cH0 = aH.fma(b0, cH0);
            cH1 = aH.fma(b1, cH1);
            ao += 8;
            bo += LANES;
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
        cG0.intoArray(tile, 12 * LANES);
        cG1.intoArray(tile, 13 * LANES);
        cH0.intoArray(tile, 14 * LANES);
        cH1.intoArray(tile, 15 * LANES);
    }

    private static void bytes(int k, float[] a, int ao, int[] b, int bo, float[] tile) {
        FloatVector cA0 = FloatVector.zero(F), cA1 = FloatVector.zero(F);
        FloatVector cB0 = FloatVector.zero(F), cB1 = FloatVector.zero(F);
        FloatVector cC0 = FloatVector.zero(F), cC1 = FloatVector.zero(F);
        FloatVector cD0 = FloatVector.zero(F), cD1 = FloatVector.zero(F);
        FloatVector cE0 = FloatVector.zero(F), cE1 = FloatVector.zero(F);
        FloatVector cF0 = FloatVector.zero(F), cF1 = FloatVector.zero(F);
        FloatVector cG0 = FloatVector.zero(F), cG1 = FloatVector.zero(F);
        FloatVector cH0 = FloatVector.zero(F), cH1 = FloatVector.zero(F);
        for (long i = 0; i < k; i += 4) {
            IntVector q0 = IntVector.fromArray(I, b, bo), q1 = IntVector.fromArray(I, b, bo + LANES);
            FloatVector b0 =
                    (FloatVector) q0.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0);
            FloatVector b1 =
                    (FloatVector) q1.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0);
            FloatVector aA = FloatVector.broadcast(F, a[ao + 0]);
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
            FloatVector aG = FloatVector.broadcast(F, a[ao + 6]);
            cG0 = aG.fma(b0, cG0);
            cG1 = aG.fma(b1, cG1);
            FloatVector aH = FloatVector.broadcast(F, a[ao + 7]);
            cH0 = aH.fma(b0, cH0);
            cH1 = aH.fma(b1, cH1);
            b0 = (FloatVector) q0.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0);
            b1 = (FloatVector) q1.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0);
            aA = FloatVector.broadcast(F, a[ao + 8]);
            cA0 = aA.fma(b0, cA0);
            cA1 = aA.fma(b1, cA1);
            aB = FloatVector.broadcast(F, a[ao + 9]);
            cB0 = aB.fma(b0, cB0);
            cB1 = aB.fma(b1, cB1);
            aC = FloatVector.broadcast(F, a[ao + 10]);
            cC0 = aC.fma(b0, cC0);
            cC1 = aC.fma(b1, cC1);
            aD = FloatVector.broadcast(F, a[ao + 11]);
            cD0 = aD.fma(b0, cD0);
            cD1 = aD.fma(b1, cD1);
            aE = FloatVector.broadcast(F, a[ao + 12]);
            cE0 = aE.fma(b0, cE0);
            cE1 = aE.fma(b1, cE1);
            aF = FloatVector.broadcast(F, a[ao + 13]);
            cF0 = aF.fma(b0, cF0);
            cF1 = aF.fma(b1, cF1);
            aG = FloatVector.broadcast(F, a[ao + 14]);
            cG0 = aG.fma(b0, cG0);
            cG1 = aG.fma(b1, cG1);
            aH = FloatVector.broadcast(F, a[ao + 15]);
            cH0 = aH.fma(b0, cH0);
            cH1 = aH.fma(b1, cH1);
            b0 = (FloatVector) q0.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0);
            b1 = (FloatVector) q1.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0);
            aA = FloatVector.broadcast(F, a[ao + 16]);
            cA0 = aA.fma(b0, cA0);
            cA1 = aA.fma(b1, cA1);
            aB = FloatVector.broadcast(F, a[ao + 17]);
            cB0 = aB.fma(b0, cB0);
            cB1 = aB.fma(b1, cB1);
            aC = FloatVector.broadcast(F, a[ao + 18]);
            cC0 = aC.fma(b0, cC0);
            cC1 = aC.fma(b1, cC1);
            aD = FloatVector.broadcast(F, a[ao + 19]);
            cD0 = aD.fma(b0, cD0);
            cD1 = aD.fma(b1, cD1);
            aE = FloatVector.broadcast(F, a[ao + 20]);
            cE0 = aE.fma(b0, cE0);
            cE1 = aE.fma(b1, cE1);
            aF = FloatVector.broadcast(F, a[ao + 21]);
            cF0 = aF.fma(b0, cF0);
            cF1 = aF.fma(b1, cF1);
            aG = FloatVector.broadcast(F, a[ao + 22]);
            cG0 = aG.fma(b0, cG0);
            cG1 = aG.fma(b1, cG1);
            aH = FloatVector.broadcast(F, a[ao + 23]);
            cH0 = aH.fma(b0, cH0);
            cH1 = aH.fma(b1, cH1);
            b0 = (FloatVector) q0.lanewise(ASHR, 24).convert(I2F, 0);
            b1 = (FloatVector) q1.lanewise(ASHR, 24).convert(I2F, 0);
            aA = FloatVector.broadcast(F, a[ao + 24]);
            cA0 = aA.fma(b0, cA0);
            cA1 = aA.fma(b1, cA1);
            aB = FloatVector.broadcast(F, a[ao + 25]);
            cB0 = aB.fma(b0, cB0);
            cB1 = aB.fma(b1, cB1);
            aC = FloatVector.broadcast(F, a[ao + 26]);
            cC0 = aC.fma(b0, cC0);
            cC1 = aC.fma(b1, cC1);
            aD = FloatVector.broadcast(F, a[ao + 27]);
            cD0 = aD.fma(b0, cD0);
            cD1 = aD.fma(b1, cD1);
            aE = FloatVector.broadcast(F, a[ao + 28]);
            cE0 = aE.fma(b0, cE0);
            cE1 = aE.fma(b1, cE1);
            aF = FloatVector.broadcast(F, a[ao + 29]);
            cF0 = aF.fma(b0, cF0);
            cF1 = aF.fma(b1, cF1);
            aG = FloatVector.broadcast(F, a[ao + 30]);
            cG0 = aG.fma(b0, cG0);
            cG1 = aG.fma(b1, cG1);
            aH = FloatVector.broadcast(F, a[ao + 31]);
            cH0 = aH.fma(b0, cH0);
            cH1 = aH.fma(b1, cH1);
            ao += 32;
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
        cG0.intoArray(tile, 12 * LANES);
        cG1.intoArray(tile, 13 * LANES);
        cH0.intoArray(tile, 14 * LANES);
        cH1.intoArray(tile, 15 * LANES);
    }
}
