package dev.merapi.nn;

import dev.merapi.engine.Tensor;

/// A weight under its name in checkpoints.
///
/// @param name   as Hugging Face's files call it: `bert.encoder.layer.0.attention.self.query.weight`
/// @param tensor its values and, after a backward pass, its gradient
/// @param initial how transformers initialises it where no checkpoint has it
public record Parameter(String name, Tensor tensor, Initial initial) {
    /// Initial values of weights that are not loaded.
    public enum Initial {
        /// Normal with mean 0 and the config's `initializer_range` as standard deviation: matrices and tables.
        NORMAL,
        ZEROS,
        ONES,
        /// From 1 down to 1 / n in equal steps: the biases of ordered questions, see [SharedLinear].
        DESCENDING
    }

    /// Whether training changes it.
    public boolean trainable() {
        return tensor.isTracked();
    }

    /// Leaves it as it is from now on.
    public void freeze() {
        tensor.setTracked(false);
    }

    /// Biases and the parameters of normalizations: what weight decay usually leaves out.
    public boolean isBiasOrNorm() {
        return tensor.shape().rank() < 2;
    }
}
