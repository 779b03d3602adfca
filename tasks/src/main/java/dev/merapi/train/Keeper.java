package dev.merapi.train;

import dev.merapi.metrics.Metrics;
import java.nio.file.Path;

/// Keeps the model of the best epoch so far.
@FunctionalInterface
public interface Keeper {
    /// Saves the model as it is now, completely or not at all.
    ///
    /// @return the folder that holds it
    Path keep(int epoch, Metrics metrics);
}
