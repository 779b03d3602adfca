package dev.merapi.engine.kernel;

/// Losses in plain loops. Everything is computed in double: a batch has few logits, and both implementations of
/// [Kernels] may call this one.
final class ScalarLoss {
    /// The label of a row that does not count.
    static final int IGNORED = -100;

    private ScalarLoss() {}

    /// See [Kernels#crossEntropy]. A batch in which every row is ignored has the loss 0/0 = NaN, as in PyTorch.
    static void crossEntropy(
            int rows,
            int classes,
            Floats logits,
            int[] labels,
            Floats weights,
            float smoothing,
            Floats loss,
            Floats dlogits) {
        double weightOfClasses = 0, weightOfLabels = 0, sum = 0;
        for (int c = 0; c < classes; c++) weightOfClasses += weight(weights, c);
        for (int r = 0; r < rows; r++) if (labels[r] != IGNORED) weightOfLabels += weight(weights, labels[r]);

        for (int r = 0; r < rows; r++) {
            int at = r * classes, label = labels[r];
            if (label == IGNORED) {
                for (int c = 0; dlogits != null && c < classes; c++) dlogits.set(at + c, 0f);
                continue;
            }
            assert label >= 0 && label < classes : "label " + label + " of " + classes + " classes";
            double lse = logSumExp(classes, logits, at);
            double smooth = smoothing / classes; // what every class receives
            double hit = (1.0 - smoothing) * weight(weights, label); // what the label receives in addition
            sum += hit * (lse - logits.get(at + label));
            for (int c = 0; smooth > 0 && c < classes; c++)
                sum += smooth * weight(weights, c) * (lse - logits.get(at + c));
            for (int c = 0; dlogits != null && c < classes; c++) {
                double p = Math.exp(logits.get(at + c) - lse);
                double d = hit * (c == label ? p - 1 : p) + smooth * (p * weightOfClasses - weight(weights, c));
                dlogits.set(at + c, (float) (d / weightOfLabels));
            }
        }
        loss.set(0, (float) (sum / weightOfLabels));
    }

    private static double weight(Floats weights, int c) {
        return weights == null ? 1 : weights.get(c);
    }

    /// `ln Σ_c e^{z_c}`, with the largest z taken out so that nothing overflows.
    private static double logSumExp(int classes, Floats z, int at) {
        double max = Double.NEGATIVE_INFINITY, sum = 0;
        for (int c = 0; c < classes; c++) max = Math.max(max, z.get(at + c));
        for (int c = 0; c < classes; c++) sum += Math.exp(z.get(at + c) - max);
        return max + Math.log(sum);
    }

    /// See [Kernels#binaryCrossEntropy]: with the target t and the weight w of the positive class,
    ///
    ///     loss = (1−t)·(−ln σ(−z)) + w·t·(−ln σ(z))        dloss/dz = (1−t)·σ(z) − w·t·σ(−z)
    static void binaryCrossEntropy(
            int rows, int classes, Floats logits, Floats targets, Floats positiveWeights, Floats loss, Floats dlogits) {
        int n = rows * classes;
        double sum = 0;
        for (int i = 0; i < n; i++) {
            double z = logits.get(i), t = targets.get(i);
            double positive = t * (positiveWeights == null ? 1 : positiveWeights.get(i % classes)), negative = 1 - t;
            sum += negative * softplus(z) + positive * softplus(-z);
            if (dlogits != null)
                dlogits.set(i, (float)
                        ((negative * ScalarActivation.sigmoid(z) - positive * ScalarActivation.sigmoid(-z)) / n));
        }
        loss.set(0, (float) (sum / n));
    }

    /// `ln(1 + eᶻ) = −ln σ(−z)`.
    private static double softplus(double z) {
        return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
    }
}
