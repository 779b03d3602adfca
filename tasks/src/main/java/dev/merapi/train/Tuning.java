package dev.merapi.train;

/// What is done to gradients and weights around the optimizer.
///
/// @param maxGradNorm gradients are scaled down to this L2 norm; 0 leaves them as they are
/// @param layerwiseLrDecay each layer's learning rate as a share of that of the layer above; 1 for the same
///     rate
/// @param emaDecay how much of the exponential average of the weights a step keeps; evaluated and saved is then
///     the average; 0 for none
public record Tuning(double maxGradNorm, double layerwiseLrDecay, double emaDecay) {
    public static final Tuning DEFAULT = new Tuning(1, 1, 0);

    public Tuning {
        Bounds.between("max-grad-norm", maxGradNorm, 0, Double.MAX_VALUE);
        Bounds.between("layerwise-lr-decay", layerwiseLrDecay, Double.MIN_VALUE, 1);
        Bounds.between("ema-decay", emaDecay, 0, Math.nextDown(1.0));
    }
}
