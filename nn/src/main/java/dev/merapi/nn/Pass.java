package dev.merapi.nn;

import dev.merapi.engine.kernel.Dropout;

/// Mode and randomness of one forward pass: arguments, never hidden state. The same pass over the same batch
/// gives the same bits.
///
/// @param training whether dropout drops
/// @param seed     the run's seed
/// @param step     the training step: each step drops other elements
public record Pass(boolean training, long seed, int step) {
    public static final Pass INFERENCE = new Pass(false, 0, 0);

    public static Pass training(long seed, int step) {
        return new Pass(true, seed, step);
    }

    /// The dropout at one place of the network.
    ///
    /// @param site a number that no other dropout of the network has
    public Dropout dropout(float p, int site) {
        return training && p > 0 ? new Dropout(p, seed, step, site) : Dropout.NONE;
    }
}
