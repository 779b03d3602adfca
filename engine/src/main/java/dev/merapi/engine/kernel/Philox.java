package dev.merapi.engine.kernel;

/// Philox 4×32-10, a counter-based random number generator (Salmon et al. 2011, "Parallel random numbers: as
/// easy as 1, 2, 3"): four words of output are a pure function of a counter of four words and a key of two.
///
/// There is no state, so nothing depends on who draws first. Whoever draws owns a part of the counter space:
/// the last word of the counter is the training step for [Dropout] (not negative) and one of the negative
/// constants here for everything else.
public final class Philox {
    private static final long M0 = 0xD2511F53L, M1 = 0xCD9E8D57L; // the multipliers of the two halves
    private static final int W0 = 0x9E3779B9, W1 = 0xBB67AE85; // the key grows by the golden ratio and by √3 − 1
    private static final int ROUNDS = 10;

    private static final int NORMAL = -1, UNIFORM = -2, PERMUTATION = -3; // last words of counters

    private Philox() {}

    /// The four words at counter (c0, c1, c2, c3), written to out[0 … 3]; the low word of `key` comes first.
    public static void block(int c0, int c1, int c2, int c3, long key, int[] out) {
        int k0 = (int) key, k1 = (int) (key >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = M0 * Integer.toUnsignedLong(c0);
            long p1 = M1 * Integer.toUnsignedLong(c2);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += W0;
            k1 += W1;
        }
        out[0] = c0;
        out[1] = c1;
        out[2] = c2;
        out[3] = c3;
    }

    /// The words of the elements 4·group … 4·group + 3 of a dropout.
    static void block(Dropout dropout, long group, int[] out) {
        block((int) group, (int) (group >>> 32), dropout.site(), dropout.step(), dropout.seed(), out);
    }

    /// The word of element `element` of a dropout. Whoever needs many elements in a row draws them four at a
    /// time.
    public static int word(Dropout dropout, long element) {
        int[] words = new int[4];
        block(dropout, element >>> 2, words);
        return words[(int) (element & 3)];
    }

    /// x after the dropout, x being its element `element`: `x/(1−p)` where it is kept, 0 where it is dropped.
    public static float apply(Dropout dropout, long element, float x) {
        if (!dropout.isActive()) return x;
        return Integer.toUnsignedLong(word(dropout, element)) >= dropout.threshold() ? x * dropout.scale() : 0f;
    }

    /// Fills x with `mean + deviation · z`, z from the standard normal distribution (Box & Muller 1958). The
    /// same values on every machine.
    ///
    /// @param stream which of the arrays that the seed fills this is
    public static void normal(Floats x, long seed, int stream, float mean, float deviation) {
        int[] words = new int[4];
        double[] z = new double[4];
        for (int i = 0; i < x.length; i += 4) {
            block(i >>> 2, 0, stream, NORMAL, seed, words);
            for (int pair = 0; pair < 4; pair += 2) {
                double u = (Integer.toUnsignedLong(words[pair]) + 1) * 0x1p-32; // (0, 1]
                double angle = 2 * Math.PI * Integer.toUnsignedLong(words[pair + 1]) * 0x1p-32;
                double radius = StrictMath.sqrt(-2 * StrictMath.log(u));
                z[pair] = radius * StrictMath.cos(angle);
                z[pair + 1] = radius * StrictMath.sin(angle);
            }
            for (int j = 0; j < Math.min(4, x.length - i); j++) x.set(i + j, (float) (mean + deviation * z[j]));
        }
    }

    /// Fills x with values from [low, high), equally likely, on a grid of 2²⁴ steps.
    ///
    /// @param stream which of the arrays that the seed fills this is
    public static void uniform(Floats x, long seed, int stream, float low, float high) {
        int[] words = new int[4];
        for (int i = 0; i < x.length; i += 4) {
            block(i >>> 2, 0, stream, UNIFORM, seed, words);
            for (int j = 0; j < Math.min(4, x.length - i); j++) {
                float u = (words[j] >>> 8) * 0x1p-24f; // [0, 1)
                x.set(i + j, Math.min(low + (high - low) * u, Math.nextDown(high))); // rounding must not reach high
            }
        }
    }

    /// A permutation of 0 … n−1, every one equally likely up to n/2⁶⁴ (Fisher–Yates). Samplers ask for one an
    /// epoch.
    public static int[] permutation(int n, long seed, int epoch) {
        int[] order = new int[n], words = new int[4];
        for (int i = 0; i < n; i++) order[i] = i;
        for (int i = n - 1; i > 0; i--) {
            block(i, 0, epoch, PERMUTATION, seed, words);
            long draw = (long) words[0] << 32 | Integer.toUnsignedLong(words[1]);
            int j = (int) Math.unsignedMultiplyHigh(draw, i + 1L); // ⌊draw · (i+1) / 2⁶⁴⌋
            int swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        return order;
    }
}
