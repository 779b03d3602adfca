package dev.merapi.engine.simd;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Philox;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Dropout with Philox 4×32-10 in vectors; [Philox] is the specification.
///
/// Every lane of 64 bits works on one counter, so that a product of two words fits: a vector of G lanes gives
/// 4·G words. The counters are dealt to the lanes in the order 0, G/2, 1, G/2 + 1, …; then the words of
/// consecutive elements come into order by one exchange of neighbouring lanes and two blends.
///
/// A lane's upper half may hold what a product left there: the masks before the multiplications drop it. They,
/// and the masked multipliers, also let C2 see that 32×32 bits are meant (vpmuludq): twice as fast as a full
/// product on AVX2.
final class SimdRandom {
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Long> S = LongVector.SPECIES_PREFERRED;
    private static final int GROUPS = S.length();

    /// How many elements one pass makes: two vectors of floats.
    private static final int STRIDE = 4 * GROUPS;

    private static final int HALF = STRIDE / 2;

    /// How many elements are dropped before they are added.
    private static final int ADDED = 256;

    private static final ThreadLocal<float[]> KEPT = ThreadLocal.withInitial(() -> new float[ADDED]);
    private static final ThreadLocal<int[]> WORDS = ThreadLocal.withInitial(() -> new int[STRIDE]);

    /// With two lanes the scalar generator is faster.
    private static final boolean WIDE = GROUPS > 2;

    private static final long LOW = 0xFFFFFFFFL;
    private static final long M0 = 0xD2511F53L, M1 = 0xCD9E8D57L;
    private static final long ABOVE = 1L << 40; // keeps C2 from folding the mask of a multiplier away
    private static final int W0 = 0x9E3779B9, W1 = 0xBB67AE85;
    private static final int ROUNDS = 10;

    private static final LongVector DEAL = LongVector.fromArray(S, deal(), 0);
    private static final LongVector INDEX = LongVector.zero(S).addIndex(1);
    private static final VectorShuffle<Long> EXCHANGE = VectorShuffle.fromOp(S, i -> i ^ 1);
    private static final VectorMask<Long> ODD = VectorMask.fromLong(S, 0xAAAA_AAAA_AAAA_AAAAL);

    private SimdRandom() {}

    private static long[] deal() {
        long[] counters = new long[GROUPS];
        for (int lane = 0; lane < GROUPS; lane++) counters[lane] = lane % 2 * (GROUPS / 2) + lane / 2;
        return counters;
    }

    /// `x[i] ← x[i]·keep/(1−p)`, n values in place; x[0] is element `firstElement` of the dropout, a multiple
    /// of 4. The memory goes on to a multiple of two vectors, and what lies there is overwritten: rows of
    /// attention are short, and much of one would be such a rest for the scalar generator.
    static void dropoutRow(float[] x, int offset, int n, long firstElement, Dropout dropout) {
        assert firstElement % 4 == 0;
        dropout(x, offset, x, offset, WIDE ? Math.ceilDiv(n, STRIDE) * STRIDE : n, firstElement, dropout);
    }

    /// `out[i] = x[i]·keep/(1−p)`; x[0] is element `firstElement` of the dropout, best a multiple of 4. out may
    /// be x.
    static void dropout(float[] x, int xo, float[] out, int oo, int n, long firstElement, Dropout dropout) {
        long seed = dropout.seed();
        int bound = (int) dropout.threshold() ^ Integer.MIN_VALUE; // unsigned order through the sign bit
        float scale = dropout.scale();
        int[] words = WORDS.get();
        int i = 0;
        for (; i < n && (firstElement + i & 3) != 0; i++)
            out[oo + i] = Philox.apply(dropout, firstElement + i, x[xo + i]);
        for (; WIDE && i <= n - STRIDE; i += STRIDE) {
            words(firstElement + i >>> 2, dropout.site(), dropout.step(), seed, words);
            keep(x, xo + i, out, oo + i, words, bound, scale);
        }
        if (i < n) groups(x, xo + i, out, oo + i, n - i, firstElement + i >>> 2, dropout, words);
    }

    /// `out[i] += x[i]·keep/(1−p)`, likewise.
    static void addDropout(float[] x, int xo, float[] out, int oo, int n, long firstElement, Dropout dropout) {
        float[] kept = KEPT.get();
        for (int i = 0; i < n; i += ADDED) {
            int count = Math.min(ADDED, n - i);
            dropout(x, xo + i, kept, 0, count, firstElement + i, dropout);
            SimdElementwise.accumulate(kept, 0, out, oo + i, count);
        }
    }

    /// Zeroes what is dropped of a panel [rows, 2·LANES], without scaling what is kept: `x[j, r]` is element
    /// `firstElement + r·width + j` for r < columns, firstElement and width multiples of 4. The panel goes on
    /// to a multiple of 4 rows, and what lies there is overwritten.
    ///
    /// @param words memory for 4·LANES of them
    static void dropColumns(
            float[] x, int rows, int columns, long firstElement, int width, Dropout dropout, long[] words) {
        assert firstElement % 4 == 0 && width % 4 == 0;
        int bound = (int) dropout.threshold() ^ Integer.MIN_VALUE, apart = width / 4;
        for (int column = 0; column < columns; column += HALF) {
            long group = firstElement + (long) column * width >>> 2;
            for (int j = 0; j < rows; j += 4, group++) {
                if (WIDE) wordColumns(group, apart, dropout.site(), dropout.step(), dropout.seed(), words);
                else wordColumnsPlainly(group, apart, dropout, words);
                zero(x, j * STRIDE + column, words, bound);
            }
        }
    }

    /// Word w of the counter `group + r·apart`, for r < LANES: `words[w, r/2]`, its lower half, for even r, and
    /// after them those for odd r.
    private static void wordColumns(long group, int apart, int site, int step, long seed, long[] words) {
        LongVector m0 = LongVector.broadcast(S, M0 | ABOVE).and(LOW),
                m1 = LongVector.broadcast(S, M1 | ABOVE).and(LOW);
        LongVector a0 = LongVector.broadcast(S, 2L * apart).mul(INDEX).add(group), b0 = a0.add(apart);
        LongVector a1 = a0.lanewise(VectorOperators.LSHR, 32), b1 = b0.lanewise(VectorOperators.LSHR, 32);
        LongVector a2 = LongVector.broadcast(S, site), b2 = a2;
        LongVector a3 = LongVector.broadcast(S, step), b3 = a3;
        LongVector k0 = LongVector.broadcast(S, seed), k1 = LongVector.broadcast(S, seed >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            LongVector p0 = a0.and(LOW).mul(m0), p1 = a2.and(LOW).mul(m1);
            LongVector q0 = b0.and(LOW).mul(m0), q1 = b2.and(LOW).mul(m1);
            a0 = p1.lanewise(VectorOperators.LSHR, 32)
                    .lanewise(VectorOperators.XOR, a1)
                    .lanewise(VectorOperators.XOR, k0);
            b0 = q1.lanewise(VectorOperators.LSHR, 32)
                    .lanewise(VectorOperators.XOR, b1)
                    .lanewise(VectorOperators.XOR, k0);
            a2 = p0.lanewise(VectorOperators.LSHR, 32)
                    .lanewise(VectorOperators.XOR, a3)
                    .lanewise(VectorOperators.XOR, k1);
            b2 = q0.lanewise(VectorOperators.LSHR, 32)
                    .lanewise(VectorOperators.XOR, b3)
                    .lanewise(VectorOperators.XOR, k1);
            a1 = p1;
            b1 = q1;
            a3 = p0;
            b3 = q0;
            k0 = k0.add(W0);
            k1 = k1.add(W1);
        }
        a0.intoArray(words, 0);
        a1.intoArray(words, GROUPS);
        a2.intoArray(words, 2 * GROUPS);
        a3.intoArray(words, 3 * GROUPS);
        b0.intoArray(words, STRIDE);
        b1.intoArray(words, STRIDE + GROUPS);
        b2.intoArray(words, STRIDE + 2 * GROUPS);
        b3.intoArray(words, STRIDE + 3 * GROUPS);
    }

    private static void wordColumnsPlainly(long group, int apart, Dropout dropout, long[] words) {
        int[] four = WORDS.get();
        for (int r = 0; r < HALF; r++) {
            long counter = group + (long) r * apart;
            Philox.block((int) counter, (int) (counter >>> 32), dropout.site(), dropout.step(), dropout.seed(), four);
            for (int w = 0; w < 4; w++) words[r % 2 * STRIDE + w * GROUPS + r / 2] = four[w];
        }
    }

    /// Half of four rows of a panel by its words, those of the even columns before those of the odd ones.
    private static void zero(float[] x, int at, long[] words, int bound) {
        for (int w = 0; w < 4; w++) {
            VectorMask<Integer> dropped = LongVector.fromArray(S, words, w * GROUPS)
                    .and(LOW)
                    .or(LongVector.fromArray(S, words, STRIDE + w * GROUPS).lanewise(VectorOperators.LSHL, 32))
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.XOR, Integer.MIN_VALUE)
                    .compare(VectorOperators.LT, bound);
            FloatVector.fromArray(F, x, at + w * STRIDE)
                    .blend(0f, dropped.cast(F))
                    .intoArray(x, at + w * STRIDE);
        }
    }

    /// The words of 4·G elements, beginning with counter `group`. They are handed on in memory: as arguments
    /// they would be objects where C2 does not inline the call.
    private static void words(long group, int site, int step, long seed, int[] words) {
        LongVector m0 = LongVector.broadcast(S, M0 | ABOVE), m1 = LongVector.broadcast(S, M1 | ABOVE);
        LongVector c0 = DEAL.add(group);
        LongVector c1 = c0.lanewise(VectorOperators.LSHR, 32);
        LongVector c2 = LongVector.broadcast(S, site);
        LongVector c3 = LongVector.broadcast(S, step);
        LongVector k0 = LongVector.broadcast(S, seed), k1 = LongVector.broadcast(S, seed >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            LongVector p0 = c0.and(LOW).mul(m0.and(LOW));
            LongVector p1 = c2.and(LOW).mul(m1.and(LOW));
            c0 = p1.lanewise(VectorOperators.LSHR, 32)
                    .lanewise(VectorOperators.XOR, c1)
                    .lanewise(VectorOperators.XOR, k0);
            c1 = p1;
            c2 = p0.lanewise(VectorOperators.LSHR, 32)
                    .lanewise(VectorOperators.XOR, c3)
                    .lanewise(VectorOperators.XOR, k1);
            c3 = p0;
            k0 = k0.add(W0);
            k1 = k1.add(W1);
        }
        LongVector first = c0.and(LOW).or(c1.lanewise(VectorOperators.LSHL, 32)); // words 0 and 1 of each counter
        LongVector second = c2.and(LOW).or(c3.lanewise(VectorOperators.LSHL, 32)); // words 2 and 3
        first.blend(second.rearrange(EXCHANGE), ODD).reinterpretAsInts().intoArray(words, 0);
        first.rearrange(EXCHANGE).blend(second, ODD).reinterpretAsInts().intoArray(words, HALF);
    }

    /// 4·G elements by their words.
    private static void keep(float[] x, int xo, float[] out, int oo, int[] words, int bound, float scale) {
        for (int i = 0; i < STRIDE; i += HALF) {
            VectorMask<Integer> dropped = IntVector.fromArray(I, words, i)
                    .lanewise(VectorOperators.XOR, Integer.MIN_VALUE)
                    .compare(VectorOperators.LT, bound);
            FloatVector.fromArray(F, x, xo + i)
                    .mul(scale)
                    .blend(0f, dropped.cast(F))
                    .intoArray(out, oo + i);
        }
    }

    /// n elements, beginning with counter `group`, four at a time.
    private static void groups(
            float[] x, int xo, float[] out, int oo, int n, long group, Dropout dropout, int[] words) {
        long bound = dropout.threshold();
        float scale = dropout.scale();
        for (int i = 0; i < n; i += 4, group++) {
            Philox.block((int) group, (int) (group >>> 32), dropout.site(), dropout.step(), dropout.seed(), words);
            for (int j = 0; j < Math.min(4, n - i); j++)
                out[oo + i + j] = Integer.toUnsignedLong(words[j]) >= bound ? x[xo + i + j] * scale : 0f;
        }
    }
}
