package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.poisoned;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LossTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";

    @ParameterizedTest
    @MethodSource(KERNELS)
    void crossEntropyIsTheWeightedMeanOverTheRowsThatCount(Kernels kernels) {
        for (int[] shape : new int[][] {{1, 2}, {5, 3}, {33, 28}, {70, 1000}, {7, 5003}}) {
            for (int variant = 0; variant < 4; variant++) {
                int rows = shape[0], classes = shape[1];
                Floats weights = (variant & 1) != 0 ? positive(classes) : null;
                float smoothing = (variant & 2) != 0 ? 0.2f : 0f;
                Floats logits = normal(rows * classes, 1), loss = poisoned(1), dlogits = poisoned(rows * classes);
                int[] labels = new int[rows];
                for (int r = 0; r < rows; r++) labels[r] = r % 5 == 4 ? -100 : r * 3 % classes;
                kernels.crossEntropy(rows, classes, logits, labels, weights, smoothing, loss, dlogits);

                double total = 0, sum = 0, sumOfWeights = 0;
                for (int c = 0; c < classes; c++) sumOfWeights += weight(weights, c);
                for (int r = 0; r < rows; r++) if (labels[r] >= 0) total += weight(weights, labels[r]);
                double[] expected = new double[rows * classes];
                for (int r = 0; r < rows; r++) {
                    if (labels[r] < 0) continue;
                    double denominator = 0;
                    for (int c = 0; c < classes; c++) denominator += Math.exp(logits.get(r * classes + c));
                    for (int c = 0; c < classes; c++) {
                        double p = Math.exp(logits.get(r * classes + c)) / denominator;
                        double hit = c == labels[r] ? 1 : 0, s = smoothing, w = weight(weights, labels[r]);
                        sum -= ((1 - s) * w * hit + s / classes * weight(weights, c)) * Math.log(p);
                        expected[r * classes + c] =
                                ((1 - s) * w * (p - hit) + s / classes * (p * sumOfWeights - weight(weights, c)))
                                        / total;
                    }
                }
                assertEquals(sum / total, loss.get(0), 1e-6 * sum / total);
                assertClose(i -> expected[i], dlogits, 1e-7, "dlogits");

                Floats alone = poisoned(1);
                kernels.crossEntropy(rows, classes, logits, labels, weights, smoothing, alone, null);
                assertEquals(loss.get(0), alone.get(0));
            }
        }
    }

    /// As in PyTorch: the mean over nothing.
    @ParameterizedTest
    @MethodSource(KERNELS)
    void crossEntropyOfIgnoredRowsAloneIsNaNWithZeroGradient(Kernels kernels) {
        Floats loss = poisoned(1), dlogits = poisoned(6);
        kernels.crossEntropy(2, 3, normal(6, 1), new int[] {-100, -100}, null, 0f, loss, dlogits);
        assertEquals(Float.NaN, loss.get(0));
        assertClose(i -> 0, dlogits, 0, "dlogits");
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void binaryCrossEntropyIsTheMeanOverAllValues(Kernels kernels) {
        for (int[] shape : new int[][] {{1, 1}, {5, 3}, {33, 28}, {40, 1000}}) {
            for (boolean weighted : new boolean[] {false, true}) {
                int rows = shape[0], classes = shape[1], n = rows * classes;
                Floats weights = weighted ? positive(classes) : null;
                Floats logits = normal(n, 1), targets = poisoned(n), loss = poisoned(1), dlogits = poisoned(n);
                for (int i = 0; i < n; i++) targets.set(i, i % 3 * 0.5f);
                kernels.binaryCrossEntropy(rows, classes, logits, targets, weights, loss, dlogits);

                double sum = 0;
                double[] expected = new double[n];
                for (int i = 0; i < n; i++) {
                    double p = 1 / (1 + Math.exp(-logits.get(i))), t = targets.get(i), w = weight(weights, i % classes);
                    sum -= w * t * Math.log(p) + (1 - t) * Math.log(1 - p);
                    expected[i] = ((1 - t) * p - w * t * (1 - p)) / n;
                }
                assertEquals(sum / n, loss.get(0), 1e-6 * sum / n);
                assertClose(i -> expected[i], dlogits, 1e-7, "dlogits");
            }
        }
    }

    private static Floats positive(int n) {
        Floats weights = poisoned(n);
        Philox.uniform(weights, 2, 0, 0.5f, 3f);
        return weights;
    }

    private static double weight(Floats weights, int c) {
        return weights == null ? 1 : weights.get(c);
    }
}
