package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.MatmulScratch.WIDTH;
import static dev.merapi.engine.simd.SimdMath.LANES;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;

import dev.merapi.engine.kernel.Halves;
import dev.merapi.engine.kernel.Precision;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/// The packed columns of B, in float32 or in 16 bits: `panels [columns/WIDTH, k, WIDTH]`.
///
/// In 16 bits column j + LANES of a panel lies beside column j, so that a vector of ints holds a pair in each
/// lane.
///
/// @param floats null where the values are of 16 bits
/// @param halves null where they are float32
record Panels(float[] floats, Halves halves) {
    private static final VectorSpecies<Short> S = ShortVector.SPECIES_PREFERRED;

    /// Rows of A from which on values of binary16 are widened once for all tiles, instead of in each of them:
    /// a shift and a mask, which bfloat16 takes, cost 2 % of a tall product, and these four steps 12 %.
    /// Widening beforehand costs what 12 rows do (Zen 4, 2 threads: 0.89 of float32's speed both ways at 48
    /// rows, 0.97 and 0.88 at 192).
    private static final int MANY = 48;

    Panels(float[] floats) {
        this(floats, null);
    }

    /// Whether products of so many rows begin with [#widen].
    boolean widens(int rows, boolean plainly) {
        return halves != null && (plainly || halves.precision() == Precision.FP16 && rows > MANY);
    }

    /// One panel times one of A, see [MicroKernels].
    void multiply(int rows, int k, float[] a, int ao, int at, float[] tile) {
        if (halves == null) MicroKernels.run(rows, k, a, ao, floats, at, tile);
        else if (halves.precision() == Precision.BF16) Bfloat16Kernels.run(rows, k, a, ao, halves.array(), at, tile);
        else Float16Kernels.run(rows, k, a, ao, halves.array(), at, tile);
    }

    /// Makes float32 of `k` rows of a panel.
    ///
    ///     from [k, WIDTH] at `at`    to [k, WIDTH] at `toAt`
    void widen(int k, int at, float[] to, int toAt, boolean plainly) {
        if (!plainly && halves.precision() == Precision.FP16) {
            widenVectors(k, halves.array(), at, to, toAt);
            return;
        }
        for (int i = 0; i < k * WIDTH; i += WIDTH)
            for (int j = 0; j < LANES; j++) {
                to[toAt + i + j] = halves.get(at + i + 2 * j);
                to[toAt + i + j + LANES] = halves.get(at + i + 2 * j + 1);
            }
    }

    /// As [Float16Kernels] does.
    private static void widenVectors(int k, short[] b, int bo, float[] to, int toAt) {
        for (int i = 0; i < k * WIDTH; i += WIDTH) {
            IntVector pairs = ShortVector.fromArray(S, b, bo + i).reinterpretAsInts();
            IntVector low = pairs.lanewise(LSHL, 16).lanewise(ASHR, 3).and(0x8FFFE000);
            IntVector high = pairs.lanewise(ASHR, 3).and(0x8FFFE000);
            low.reinterpretAsFloats().mul(0x1p112f).intoArray(to, toAt + i);
            high.reinterpretAsFloats().mul(0x1p112f).intoArray(to, toAt + i + LANES);
        }
    }

    /// Rounds `k` rows of a panel to 16 bits.
    ///
    ///     from [k, WIDTH]    to [k, WIDTH] at `at`
    static void narrow(int k, float[] from, Halves to, int at) {
        short[] array = to.array();
        Precision precision = to.precision();
        for (int i = 0; i < k * WIDTH; i += WIDTH)
            for (int j = 0; j < LANES; j++) {
                array[at + i + 2 * j] = precision.narrow(from[i + j]);
                array[at + i + 2 * j + 1] = precision.narrow(from[i + j + LANES]);
            }
    }
}
