package dev.merapi.train;

/// What is done to gradients and weights around the optimizer.
///
/// @param maxGradNorm gradients are scaled down to this L2 norm; 0 leaves them as they are
/// @param layerwiseLrDecay each layer's learning rate as a share of that of the layer above; 1 for the same
///     rate
/// @param emaDecay how much of the exponential average of the weights a step keeps; evaluated and saved is then
///     the average; 0 for none
/// @param rDropAlpha weight of [dev.merapi.nn.loss.RDrop] in the loss: every batch goes through the model
///     twice; 0 for none
/// @param fgmEpsilon how far [dev.merapi.nn.optim.FastGradient] moves the word embeddings for a second pass; 0
///     for none
public record Tuning(
        double maxGradNorm, double layerwiseLrDecay, double emaDecay, double rDropAlpha, double fgmEpsilon) {
    public static final Tuning DEFAULT = new Tuning(1, 1, 0, 0, 0);

    public Tuning {
        Bounds.between("max-grad-norm", maxGradNorm, 0, Double.MAX_VALUE);
        Bounds.between("layerwise-lr-decay", layerwiseLrDecay, Double.MIN_VALUE, 1);
        Bounds.between("ema-decay", emaDecay, 0, Math.nextDown(1.0));
        Bounds.between("r-drop-alpha", rDropAlpha, 0, Double.MAX_VALUE);
        Bounds.between("fgm-epsilon", fgmEpsilon, 0, Double.MAX_VALUE);
    }

    /// Gradients scaled down to another norm.
    public Tuning maxGradNorm(double norm) {
        return new Tuning(norm, layerwiseLrDecay, emaDecay, rDropAlpha, fgmEpsilon);
    }

    /// Other rates by layer.
    public Tuning layerwiseLrDecay(double decay) {
        return new Tuning(maxGradNorm, decay, emaDecay, rDropAlpha, fgmEpsilon);
    }

    /// With an average of the weights.
    public Tuning emaDecay(double decay) {
        return new Tuning(maxGradNorm, layerwiseLrDecay, decay, rDropAlpha, fgmEpsilon);
    }

    /// With R-Drop.
    public Tuning rDropAlpha(double alpha) {
        return new Tuning(maxGradNorm, layerwiseLrDecay, emaDecay, alpha, fgmEpsilon);
    }

    /// With the fast gradient method.
    public Tuning fgmEpsilon(double epsilon) {
        return new Tuning(maxGradNorm, layerwiseLrDecay, emaDecay, rDropAlpha, epsilon);
    }
}
