package dev.merapi.train;

import dev.merapi.data.PackedBatch;
import dev.merapi.engine.Tensor;

/// What training makes small: the loss of a batch.
@FunctionalInterface
public interface Objective {
    /// The mean loss of a batch, a scalar to call `backward()` on.
    ///
    ///     logits [B, K]
    Tensor loss(Tensor logits, PackedBatch batch);
}
