package dev.merapi.nn.loss;

import dev.merapi.engine.Loss;
import dev.merapi.engine.Shape;
import dev.merapi.engine.Tensor;

/// Cross-entropy with class weights w and label smoothing s (Szegedy et al. 2016, arXiv:1512.00567), as
/// PyTorch's `CrossEntropyLoss(weight, label_smoothing)`: `loss = Σ_r [(1−s)·w_y·(−ln p_y) + s/K·Σ_c w_c·(−ln
/// p_c)] / Σ_r w_y`,  `p = softmax(logits)`
///
///     logits [B, K]    labels [B], −100 for rows that do not count    loss []
///
/// @param weights   one a class, or null for all 1
/// @param smoothing s in [0, 1]
public record CrossEntropy(float[] weights, float smoothing) {
    public CrossEntropy {
        if (!(smoothing >= 0 && smoothing <= 1))
            throw new IllegalArgumentException("cross-entropy: label smoothing must be in [0, 1], got " + smoothing);
        if (weights != null) {
            weights = weights.clone();
            for (float w : weights)
                if (!(w >= 0 && w < Float.POSITIVE_INFINITY))
                    throw new IllegalArgumentException(
                            "cross-entropy: class weights must be finite and not negative, got " + w);
        }
    }

    /// Without weights and smoothing.
    public static CrossEntropy of() {
        return new CrossEntropy(null, 0f);
    }

    public CrossEntropy weights(float... weights) {
        return new CrossEntropy(weights, smoothing);
    }

    public CrossEntropy labelSmoothing(float smoothing) {
        return new CrossEntropy(weights, smoothing);
    }

    public Tensor of(Tensor logits, int[] labels) {
        Tensor w = weights == null ? null : Tensor.of(logits.device(), Shape.of(weights.length), weights);
        return Loss.crossEntropy(logits, labels, w, smoothing);
    }
}
