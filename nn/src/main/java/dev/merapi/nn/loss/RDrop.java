package dev.merapi.nn.loss;

import dev.merapi.engine.Loss;
import dev.merapi.engine.ShapeException;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Floats;

/// How far two passes with other dropout are apart (R-Drop, Liang et al. 2021, arXiv:2106.14448): `loss = mean
/// over rows of ½·[KL(p ‖ q) + KL(q ‖ p)] = ½·Σ_k (p_k − q_k)·(ln p_k − ln q_k)`
///
///     one, two [B, K]    loss []
///
/// @param each false: of one label a row, `p = softmax(one)`. True: of K labels that hold each by itself, the
///     mean over all B · K of the divergence of `(p, 1 − p)`, `p = σ(one)`
public record RDrop(boolean each) {
    public Tensor of(Tensor one, Tensor two) {
        if (!one.shape().equals(two.shape()))
            throw new ShapeException("r-drop: the passes' logits are " + one.shape() + " and " + two.shape()
                    + "; they must be of the same rows");
        int rows = one.shape().rows();
        int classes = one.shape().columns();
        return Loss.of(
                (inputs, gradients) ->
                        each ? labels(inputs, gradients, rows * classes) : classes(inputs, gradients, rows, classes),
                one,
                two);
    }

    /// `d loss / d one_j = ½·[p_j·(ln p_j − ln q_j − KL(p ‖ q)) + p_j − q_j]`, and the same with p and q
    /// exchanged.
    private static double classes(Floats[] inputs, Floats[] gradients, int rows, int classes) {
        double sum = 0;
        for (int r = 0; r < rows; r++) {
            double[] logP = Softmax.log(inputs[0], r * classes, classes, 1, 1);
            double[] logQ = Softmax.log(inputs[1], r * classes, classes, 1, 1);
            double pq = 0;
            double qp = 0;
            for (int k = 0; k < classes; k++) {
                pq += Math.exp(logP[k]) * (logP[k] - logQ[k]);
                qp += Math.exp(logQ[k]) * (logQ[k] - logP[k]);
            }
            sum += (pq + qp) / 2;
            for (int k = 0; gradients != null && k < classes; k++) {
                double p = Math.exp(logP[k]);
                double q = Math.exp(logQ[k]);
                double difference = logP[k] - logQ[k];
                gradients[0].set(r * classes + k, (float) ((p * (difference - pq) + p - q) / (2 * rows)));
                gradients[1].set(r * classes + k, (float) ((q * (-difference - qp) + q - p) / (2 * rows)));
            }
        }
        return sum / rows;
    }

    /// `½·(p − q)·(one − two)`, and `d / d one = ½·[p·(1 − p)·(one − two) + p − q]`.
    private static double labels(Floats[] inputs, Floats[] gradients, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            double difference = (double) inputs[0].get(i) - inputs[1].get(i);
            double p = Logistic.sigmoid(inputs[0].get(i));
            double q = Logistic.sigmoid(inputs[1].get(i));
            sum += (p - q) * difference / 2;
            if (gradients == null) continue;
            gradients[0].set(i, (float) ((p * (1 - p) * difference + p - q) / (2 * count)));
            gradients[1].set(i, (float) ((-q * (1 - q) * difference + q - p) / (2 * count)));
        }
        return sum / count;
    }
}
