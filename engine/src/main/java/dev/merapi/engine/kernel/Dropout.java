package dev.merapi.engine.kernel;

/// Which elements a dropout zeroes, as a pure function of numbers (Salmon et al. 2011, "Parallel random
/// numbers: as easy as 1, 2, 3").
///
/// Element `e` (its index in the operand, row-major) is kept if `u(e) ≥ p` and scaled by `1/(1−p)`, else it
/// becomes 0, where `u(e) = word / 2³²` and `word` is word `e mod 4` of Philox 4×32-10 with key `seed` (low
/// word first) and counter `(⌊e/4⌋ low, ⌊e/4⌋ high, site, step)`. Nothing depends on threads, on order or on
/// the device, and the backward pass asks the same question again instead of storing a mask.
///
/// @param p    the probability to drop, `0 ≤ p < 1`; 0 means that nothing is dropped and no random number is
///     drawn
/// @param seed the run's seed
/// @param step the training step
/// @param site which dropout of the network this is
public record Dropout(float p, long seed, int step, int site) {
    /// No dropout: inference, or probability 0.
    public static final Dropout NONE = new Dropout(0f, 0L, 0, 0);

    public Dropout {
        if (!(p >= 0f && p < 1f)) throw new IllegalArgumentException("dropout: p must be in [0, 1), got " + p);
    }

    public boolean isActive() {
        return p > 0f;
    }

    /// Words below this bound drop their element: `⌈p · 2³²⌉`, compared unsigned.
    public long threshold() {
        return (long) Math.ceil(p * 4294967296.0);
    }

    /// What a kept element is multiplied with.
    public float scale() {
        return (float) (1.0 / (1.0 - p));
    }
}
