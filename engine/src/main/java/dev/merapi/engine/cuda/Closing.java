package dev.merapi.engine.cuda;

/// Gives everything back, also where some of it fails.
final class Closing {
    private Closing() {}

    /// Does all; then the first failure is thrown, with the others behind it.
    static void all(Runnable... steps) {
        CudaException first = null;
        for (Runnable step : steps) {
            try {
                step.run();
            } catch (CudaException e) {
                if (first == null) first = e;
                else first.addSuppressed(e);
            }
        }
        if (first != null) throw first;
    }

    /// Does a last step after a failure, whose own failure is no more than a part of it.
    static void after(CudaException failure, Runnable step) {
        try {
            step.run();
        } catch (CudaException e) {
            failure.addSuppressed(e);
        }
    }
}
