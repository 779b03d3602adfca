package dev.merapi.engine;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;

/// Losses fused with their last activation: the gradient with respect to the logits is computed in the forward
/// pass.
public final class Loss {
    private Loss() {}

    /// The label of rows that do not count, as in PyTorch.
    public static final int IGNORED = -100;

    /// Weighted cross-entropy with label smoothing s, averaged by weight:
    /// `loss = Σ_r [(1−s)·w_y·(−ln p_y) + s/K·Σ_c w_c·(−ln p_c)] / Σ_r w_y`,  `p = softmax(logits)`
    ///
    ///     logits [R, K]    labels [R], in [0, K) or −100 for rows that do not count    weights [K] or null
    ///     loss []
    public static Tensor crossEntropy(Tensor logits, int[] labels, Tensor weights, float smoothing) {
        int rows = logits.shape().rows();
        int classes = logits.shape().columns();
        if (labels.length != rows)
            throw new ShapeException(
                    "crossEntropy: logits " + logits.shape() + " need " + rows + " labels, got " + labels.length);
        for (int r = 0; r < rows; r++)
            if (labels[r] != IGNORED && (labels[r] < 0 || labels[r] >= classes))
                throw new ShapeException("crossEntropy: label " + labels[r] + " of row " + r + " is outside of [0, "
                        + classes + "); use " + IGNORED + " for rows that do not count");
        if (weights != null && weights.shape().count() != classes)
            throw new ShapeException(
                    "crossEntropy: " + classes + " classes need as many weights, got " + weights.shape());
        Floats w = weights == null ? null : weights.data();
        return fused(
                logits,
                (loss, dlogits) -> logits.kernels()
                        .crossEntropy(rows, classes, logits.data(), labels, w, smoothing, loss, dlogits));
    }

    /// Binary cross-entropy of independent labels, mean over all R·K values:
    /// `loss = mean(−[w·t·ln σ(z) + (1−t)·ln(1 − σ(z))])`, w the weight of the positives
    ///
    ///     logits z, targets t [R, K]    positiveWeights [K] or null    loss []
    public static Tensor binaryCrossEntropy(Tensor logits, float[] targets, Tensor positiveWeights) {
        int rows = logits.shape().rows();
        int classes = logits.shape().columns();
        if (targets.length != rows * classes)
            throw new ShapeException("binaryCrossEntropy: logits " + logits.shape() + " need " + rows * classes
                    + " targets, got " + targets.length);
        if (positiveWeights != null && positiveWeights.shape().count() != classes)
            throw new ShapeException("binaryCrossEntropy: " + classes + " labels need as many positive weights, got "
                    + positiveWeights.shape());
        Floats w = positiveWeights == null ? null : positiveWeights.data();
        return fused(
                logits,
                (loss, dlogits) -> logits.kernels()
                        .binaryCrossEntropy(rows, classes, logits.data(), Floats.of(targets), w, loss, dlogits));
    }

    /// A loss that its caller computes, gradients included: what a [Criterion] says of `inputs`.
    ///
    ///     inputs any shapes    loss []
    public static Tensor of(Criterion criterion, Tensor... inputs) {
        Tensor loss = Tensor.result(inputs[0].device(), Shape.scalar());
        Floats[] values = new Floats[inputs.length];
        for (int i = 0; i < inputs.length; i++) values[i] = inputs[i].data();
        if (!Tensor.records(inputs)) {
            loss.data().set(0, (float) criterion.compute(values, null));
            return loss;
        }
        Tensor[] units = new Tensor[inputs.length]; // the gradients for dloss = 1
        Floats[] gradients = new Floats[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            units[i] = Tensor.result(inputs[i].device(), inputs[i].shape());
            gradients[i] = units[i].data();
        }
        loss.data().set(0, (float) criterion.compute(values, gradients));
        return loss.onBackward(() -> {
            for (int i = 0; i < inputs.length; i++) {
                Tensor unit = units[i];
                int n = unit.shape().count();
                inputs[i].contribute(
                        (dx, accumulate) -> unit.kernels().scale(n, loss.gradient(), unit.data(), dx, accumulate));
            }
        });
    }

    @FunctionalInterface
    private interface Fused {
        void compute(Floats loss, Floats dlogits);
    }

    private static Tensor fused(Tensor logits, Fused kernel) {
        Kernels k = logits.kernels();
        Tensor loss = Tensor.result(logits.device(), Shape.scalar());
        if (!Tensor.records(logits)) {
            kernel.compute(loss.data(), null);
            return loss;
        }
        Tensor unit = Tensor.result(logits.device(), logits.shape()); // the gradient for dloss = 1
        kernel.compute(loss.data(), unit.data());
        int n = logits.shape().count();
        return loss.onBackward(() -> logits.contribute(
                (dlogits, accumulate) -> k.scale(n, loss.gradient(), unit.data(), dlogits, accumulate)));
    }
}
