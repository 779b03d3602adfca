package dev.merapi.engine.simd;

/// Whether kernels still go through [PlainLoops].
///
/// Until C2 has compiled a vector loop each of its vectors is an object and each operation a call, a hundred
/// times slower than a plain loop, which C1 compiles after a few calls. So the first [#WORK] multiply-adds of
/// matrix products, and what goes with them, take plain loops, which give the same bits. MiniLM's first
/// embedding takes 0.2 s this way, and 0.7 s through vectors (Zen 4, 2 threads).
///
/// Vectors have to be compiled as soon as there is more to compute: [#WORK] is about what that costs, so that
/// it is paid twice at most.
final class ColdStart {
    /// Multiply-adds: six short sentences of MiniLM, a third of a second.
    private static final long WORK = 1L << 29;

    private volatile long left;

    private ColdStart(long left) {
        this.left = left;
    }

    /// Plain loops first.
    static ColdStart cold() {
        return new ColdStart(WORK);
    }

    /// Vectors from the first call on.
    static ColdStart none() {
        return new ColdStart(0);
    }

    boolean isOn() {
        return left > 0;
    }

    /// A matrix product is about to be computed; one that alone is more than the rest goes through vectors.
    /// Calls take turns.
    void spend(long multiplyAdds) {
        if (left > 0) left -= multiplyAdds;
    }

    /// How many of n values whole vectors take; plain loops do the others.
    int whole(int n) {
        return isOn() ? 0 : SimdMath.F.loopBound(n);
    }
}
