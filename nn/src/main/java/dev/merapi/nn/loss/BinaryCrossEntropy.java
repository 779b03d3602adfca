package dev.merapi.nn.loss;

import dev.merapi.engine.Loss;
import dev.merapi.engine.Shape;
import dev.merapi.engine.Tensor;

/// Binary cross-entropy of independent labels, as PyTorch's `BCEWithLogitsLoss(pos_weight)`:
/// `loss = mean(−[w·t·ln σ(z) + (1−t)·ln(1 − σ(z))])` over all B·K values
///
///     logits z [B, K]    targets t [B·K], row-major    loss []
///
/// @param positiveWeights w, one a label, or null for all 1
public record BinaryCrossEntropy(float[] positiveWeights) {
    public static BinaryCrossEntropy of() {
        return new BinaryCrossEntropy(null);
    }

    public BinaryCrossEntropy positiveWeights(float... weights) {
        return new BinaryCrossEntropy(weights.clone());
    }

    public Tensor of(Tensor logits, float[] targets) {
        Tensor w = positiveWeights == null
                ? null
                : Tensor.of(logits.device(), Shape.of(positiveWeights.length), positiveWeights);
        return Loss.binaryCrossEntropy(logits, targets, w);
    }
}
