package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.SimdMath.F;
import static dev.merapi.engine.simd.SimdMath.LANES;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Workers;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Softmax cross-entropy over a vocabulary, where rows are long: a task is a row. Values are floats, sums over
/// more than [#STRIP] of them and what a row amounts to are doubles.
///
///     logits, dlogits [rows, classes]    weights [classes]
final class SimdLoss {
    /// The label of a row that does not count.
    private static final int IGNORED = -100;

    /// Classes whose terms are summed in floats, a multiple of every vector length: lanes hold up to 128 terms.
    private static final int STRIP = 2048;

    private final Workers workers;
    private double[] losses = new double[0]; // of each row, guarded by this

    SimdLoss(Workers workers) {
        this.workers = workers;
    }

    /// See [dev.merapi.engine.kernel.Kernels#crossEntropy].
    synchronized void crossEntropy(
            int rows,
            int classes,
            Floats logits,
            int[] labels,
            Floats weights,
            float smoothing,
            Floats loss,
            Floats dlogits) {
        if (losses.length < rows) losses = new double[rows];
        double weightOfLabels = 0, weightOfClasses = 0;
        for (int r = 0; r < rows; r++) if (labels[r] != IGNORED) weightOfLabels += weight(weights, labels[r]);
        for (int c = 0; c < classes; c++) weightOfClasses += weight(weights, c);
        var batch = new Batch(classes, logits, weights, smoothing / classes, weightOfClasses, weightOfLabels, dlogits);
        workers.run(rows, (r, _) -> losses[r] = batch.row(r, labels[r], 1.0 - smoothing));
        double sum = 0;
        for (int r = 0; r < rows; r++) sum += losses[r];
        loss.set(0, (float) (sum / weightOfLabels));
    }

    private static double weight(Floats weights, int c) {
        return weights == null ? 1 : weights.get(c);
    }

    /// @param smooth what every class receives of the target
    private record Batch(
            int classes,
            Floats logits,
            Floats weights,
            double smooth,
            double weightOfClasses,
            double weightOfLabels,
            Floats dlogits) {

        /// The row's loss, not yet divided, and its gradient.
        ///
        /// @param share of the target that the label receives in addition
        double row(int r, int label, double share) {
            int at = logits.offset + r * classes;
            if (label == IGNORED) {
                if (dlogits != null) fill(dlogits.offset + r * classes, 0f);
                return 0;
            }
            assert label >= 0 && label < classes : "label " + label + " of " + classes + " classes";
            float[] z = logits.array;
            float max = max(z, at, classes);
            double sum = dlogits == null
                    ? sumOfExp(z, at, max, null, 0)
                    : sumOfExp(z, at, max, dlogits.array, dlogits.offset + r * classes);
            double lse = max + Math.log(sum), hit = share * weight(weights, label);
            double loss = hit * (lse - z[at + label]);
            if (smooth > 0) loss += smooth * (weightOfClasses * lse - weighted(z, at));
            if (dlogits != null) gradient(dlogits.offset + r * classes, label, sum, hit);
            return loss;
        }

        /// `Σ_c e^{z_c − max}`, a strip at a time; the terms go to `terms` unless it is null.
        private double sumOfExp(float[] z, int at, float max, float[] terms, int to) {
            double sum = 0;
            for (int c = 0; c < classes; c += STRIP) {
                int n = Math.min(STRIP, classes - c), whole = F.loopBound(n);
                sum += terms == null ? exp(z, at + c, whole, max) : exp(z, at + c, whole, max, terms, to + c);
                for (int i = c + whole; i < c + n; i++) {
                    float term = SimdMath.exp(z[at + i] - max);
                    if (terms != null) terms[to + i] = term;
                    sum += term;
                }
            }
            return sum;
        }

        /// `Σ_c w_c·z_c`
        private double weighted(float[] z, int at) {
            double sum = 0;
            for (int c = 0; c < classes; c += STRIP) {
                int n = Math.min(STRIP, classes - c);
                sum += weights == null
                        ? sum(z, at + c, n)
                        : AttentionRows.dot(z, at + c, weights.array, weights.offset + c, n);
            }
            return sum;
        }

        /// With p = term/sum: `(hit·(p − [c = label]) + smooth·(p·Σw − w_c)) / Σ_r w_y`
        private void gradient(int at, int label, double sum, double hit) {
            float[] d = dlogits.array;
            double p = d[at + label] / sum;
            float ofTerms = (float) ((hit + smooth * weightOfClasses) / sum / weightOfLabels);
            float ofWeights = (float) (smooth / weightOfLabels);
            if (smooth == 0) scale(d, at, classes, ofTerms, 0f);
            else if (weights == null) scale(d, at, classes, ofTerms, ofWeights);
            else scale(d, at, classes, ofTerms, weights.array, weights.offset, ofWeights);
            double w = weight(weights, label);
            d[at + label] = (float) ((hit * (p - 1) + smooth * (p * weightOfClasses - w)) / weightOfLabels);
        }

        private void fill(int at, float value) {
            Arrays.fill(dlogits.array, at, at + classes, value);
        }
    }

    private static float max(float[] x, int at, int n) {
        FloatVector max = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (; i < F.loopBound(n); i += LANES) max = max.max(FloatVector.fromArray(F, x, at + i));
        float result = max.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) result = Math.max(result, x[at + i]);
        return result;
    }

    /// `Σ e^{x − shift}` over n values, whole vectors.
    private static float exp(float[] x, int at, int n, float shift) {
        FloatVector sum = FloatVector.zero(F);
        for (int i = 0; i < n; i += LANES)
            sum = sum.add(SimdMath.exp(FloatVector.fromArray(F, x, at + i).sub(shift)));
        return SimdMath.sum(sum);
    }

    /// The same with the terms kept.
    private static float exp(float[] x, int at, int n, float shift, float[] terms, int to) {
        FloatVector sum = FloatVector.zero(F);
        for (int i = 0; i < n; i += LANES) {
            FloatVector y = SimdMath.exp(FloatVector.fromArray(F, x, at + i).sub(shift));
            y.intoArray(terms, to + i);
            sum = sum.add(y);
        }
        return SimdMath.sum(sum);
    }

    private static double sum(float[] x, int at, int n) {
        FloatVector sum = FloatVector.zero(F);
        int i = 0;
        for (; i < F.loopBound(n); i += LANES) sum = sum.add(FloatVector.fromArray(F, x, at + i));
        double result = SimdMath.sum(sum);
        for (; i < n; i++) result += x[at + i];
        return result;
    }

    /// `x ← a·x − b`
    private static void scale(float[] x, int at, int n, float a, float b) {
        int i = 0;
        for (; i < F.loopBound(n); i += LANES)
            FloatVector.fromArray(F, x, at + i).mul(a).sub(b).intoArray(x, at + i);
        for (; i < n; i++) x[at + i] = x[at + i] * a - b;
    }

    /// `x ← a·x − b·w`
    private static void scale(float[] x, int at, int n, float a, float[] w, int wo, float b) {
        int i = 0;
        for (; i < F.loopBound(n); i += LANES)
            FloatVector.fromArray(F, x, at + i)
                    .mul(a)
                    .sub(FloatVector.fromArray(F, w, wo + i).mul(b))
                    .intoArray(x, at + i);
        for (; i < n; i++) x[at + i] = x[at + i] * a - w[wo + i] * b;
    }
}
