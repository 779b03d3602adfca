package dev.merapi.train;

/// How a run is tried out before it is made in earnest, or looked at closely.
///
/// @param fastDevRun tries everything on so many batches, and saves no model; 0 to run in earnest
/// @param overfitBatches learns so many batches by heart and evaluates on them, to see that the model can
///     learn; 0 to use all rows
/// @param detectAnomaly checks the result and the gradients of every operation, and names the first that is no
///     number; several times slower. In float16 a gradient that is too large for the loss's scale alone is none
public record Trial(int fastDevRun, int overfitBatches, boolean detectAnomaly) {
    /// None: all rows, and the best model is kept.
    public static final Trial NONE = new Trial(0, 0, false);

    public Trial {
        Bounds.atLeast("fast-dev-run", fastDevRun, 0);
        Bounds.atLeast("overfit-batches", overfitBatches, 0);
    }

    /// Everything once, on so many batches.
    public static Trial fastDevRun(int batches) {
        return new Trial(batches, 0, false);
    }

    /// So many batches by heart.
    public static Trial overfitBatches(int batches) {
        return new Trial(0, batches, false);
    }
}
