package dev.merapi.train;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A request to end a run early. The trainer looks at it between steps: the step at hand is finished, the last
/// complete model stays as it is.
///
/// With [#onTermination()] the request comes from Ctrl-C or SIGTERM. The JVM then waits until [#close()] says
/// that the run has ended, and exits with 130 or 143, as after these signals it always does.
public final class Stop implements AutoCloseable {
    /// For the step at hand and the checkpoint: minutes where a step is many batches and the machine is busy.
    /// Who cannot wait has SIGKILL.
    private static final long GRACE_SECONDS = 900;

    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean requested;

    /// A request that [#request()] alone makes.
    public Stop() {}

    /// A request that the end of the JVM makes too. Close it when the run has ended.
    public static Stop onTermination() {
        Stop stop = new Stop();
        Runtime.getRuntime().addShutdownHook(new Thread(stop::requestAndWait, "merapi-stop"));
        return stop;
    }

    public void request() {
        requested = true;
    }

    public boolean requested() {
        return requested;
    }

    /// Says that the run has ended, whatever its end.
    @Override
    public void close() {
        ended.countDown();
    }

    private void requestAndWait() {
        request();
        try {
            ended.await(GRACE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
