package dev.merapi.engine.simd;

/// Whether kernels still go through [PlainLoops].
///
/// Until C2 has compiled a vector loop each of its vectors is an object and each operation a call, a hundred
/// times slower than a plain loop, which C1 compiles after a few calls. So the first [#WORK] multiply-adds of
/// matrix products, and what goes with them, take plain loops, which give the same bits. MiniLM's first
/// embedding takes 0.2 s this way, and 0.7 s through vectors (Zen 4, 2 threads).
///
/// Vectors have to be compiled as soon as there is more to compute: [#WORK] is about what that costs, so that
/// it is paid twice at most. A program that knows that there will be more lets a [WarmUp] compile them beside
/// whatever it does first.
final class ColdStart {
    /// Multiply-adds: six short sentences of MiniLM, a third of a second.
    private static final long WORK = 1L << 29;

    /// What is left of it once a warm-up has begun: a product of a few rows. A training that reached its plain
    /// loops before would make C2 compile kernels with them, and throw the code away afterwards.
    private static final long WORK_BESIDE_WARM_UP = 1L << 23;

    private volatile long left;
    private volatile Thread warmUp; // null: none was begun, or it was waited for
    private volatile boolean ended;

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

    /// Compiles vector loops on a thread of its own. When it is done, or has been waited for, everything goes
    /// through vectors.
    synchronized void warmUp() {
        if (!isOn() || warmUp != null) return;
        Thread thread = new Thread(
                () -> {
                    new WarmUp().run(() -> !ended);
                    left = 0;
                },
                "merapi-warm-up");
        thread.setDaemon(true);
        warmUp = thread;
        left = Math.min(left, WORK_BESIDE_WARM_UP);
        thread.start();
    }

    /// Ends a warm-up early.
    void end() {
        ended = true;
    }

    /// A matrix product is about to be computed; one that alone is more than the rest goes through vectors,
    /// once a warm-up that has begun is done: both at the same time take longer. Calls take turns.
    void spend(long multiplyAdds) {
        if (left > 0) left -= multiplyAdds;
        if (left <= 0 && warmUp != null) await();
    }

    private void await() {
        Thread thread = warmUp;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        warmUp = null;
        if (interrupted) Thread.currentThread().interrupt();
    }

    /// How many of n values whole vectors take; plain loops do the others.
    int whole(int n) {
        return isOn() ? 0 : SimdMath.F.loopBound(n);
    }
}
