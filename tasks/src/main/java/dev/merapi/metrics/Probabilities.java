package dev.merapi.metrics;

/// What logits say as probabilities, and how far that is from the truth, in float64.
public final class Probabilities {
    private Probabilities() {}

    /// `pₖ = exp(zₖ) / Σ exp(zⱼ)`: one of K labels.
    public static float[] softmax(float[] logits) {
        double shift = logSumExp(logits);
        float[] probabilities = new float[logits.length];
        for (int k = 0; k < logits.length; k++) probabilities[k] = (float) Math.exp(logits[k] - shift);
        return probabilities;
    }

    /// `pₖ = 1 / (1 + exp(−zₖ))`: each label by itself.
    public static float[] sigmoid(float[] logits) {
        float[] probabilities = new float[logits.length];
        for (int k = 0; k < logits.length; k++) probabilities[k] = (float) (1 / (1 + Math.exp(-logits[k])));
        return probabilities;
    }

    /// `−ln p` of the label, p by [#softmax].
    public static double crossEntropy(float[] logits, int label) {
        return logSumExp(logits) - logits[label];
    }

    /// The mean over labels of `−ln p` where the label holds and `−ln(1−p)` where not, p by [#sigmoid].
    public static double binaryCrossEntropy(float[] logits, boolean[] holds) {
        double sum = 0;
        for (int k = 0; k < logits.length; k++) {
            double z = holds[k] ? -logits[k] : logits[k];
            sum += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))); // ln(1 + exp z) without overflow
        }
        return sum / logits.length;
    }

    /// What several models say of one label, as a logit again: `ln(mean σ(z) / mean σ(−z))`, the logit of the
    /// mean probability.
    public static double logitOfMean(double... logits) {
        double holds = 0;
        double not = 0;
        for (double z : logits) {
            holds += 1 / (1 + Math.exp(-z));
            not += 1 / (1 + Math.exp(z));
        }
        return Math.log(holds) - Math.log(not);
    }

    /// The index of the largest value, the first of equal ones.
    public static int argmax(float[] values) {
        int best = 0;
        for (int k = 1; k < values.length; k++) if (values[k] > values[best]) best = k;
        return best;
    }

    private static double logSumExp(float[] logits) {
        double max = logits[argmax(logits)];
        double sum = 0;
        for (float logit : logits) sum += Math.exp(logit - max);
        return max + Math.log(sum);
    }
}
