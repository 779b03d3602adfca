package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.assertSame;
import static dev.merapi.engine.kernel.Operands.before;
import static dev.merapi.engine.kernel.Operands.copy;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.output;
import static dev.merapi.engine.kernel.Operands.poisoned;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LayerNormTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";
    private static final int[][] SHAPES = {
        {1, 1}, {2, 3}, {3, 15}, {5, 16}, {4, 17}, {3, 100}, {7, 384}, {40, 768}, {700, 33}
    };
    private static final float EPS = 1e-5f;
    private static final Dropout DROPOUT = new Dropout(0.3f, 17, 4, 2);

    /// With and without dropout, residual and the values kept for the backward pass.
    @ParameterizedTest
    @MethodSource(KERNELS)
    void normalizesTheSumOfWhatWasKeptAndTheResidual(Kernels kernels) {
        for (int[] shape : SHAPES) {
            for (int variant = 0; variant < 8; variant++) {
                int rows = shape[0], cols = shape[1], n = rows * cols;
                Dropout dropout = (variant & 1) != 0 ? DROPOUT : Dropout.NONE;
                Floats residual = (variant & 2) != 0 ? normal(n, 2) : null;
                boolean keep = (variant & 4) != 0;
                Floats x = normal(n, 1), gamma = normal(cols, 3), beta = normal(cols, 4);
                Floats sum = keep ? poisoned(n) : null, y = poisoned(n);
                Floats mean = keep ? poisoned(rows) : null, rstd = keep ? poisoned(rows) : null;
                kernels.layerNorm(rows, cols, x, dropout, residual, gamma, beta, EPS, sum, y, mean, rstd);

                double[] s = new double[n], mu = new double[rows], scale = new double[rows];
                for (int i = 0; i < n; i++) // s is a float: how it is normalized is the question here
                s[i] = (float) (Philox.apply(dropout, i, x.get(i)) + (residual == null ? 0.0 : residual.get(i)));
                statistics(rows, cols, s, mu, scale);
                if (keep) {
                    assertClose(i -> s[i], sum, 1e-7, "sum");
                    assertClose(r -> mu[r], mean, 1e-6, "mean");
                    assertClose(r -> scale[r], rstd, 1e-6, "rstd");
                }
                assertClose(
                        i -> (s[i] - mu[i / cols]) * scale[i / cols] * gamma.get(i % cols) + beta.get(i % cols),
                        y,
                        3e-6,
                        "y");

                if (keep) { // x may be sum
                    Floats inPlace = copy(x), again = poisoned(n);
                    kernels.layerNorm(
                            rows, cols, inPlace, dropout, residual, gamma, beta, EPS, inPlace, again, mean, rstd);
                    assertSame(sum, inPlace, "sum in place of x");
                    assertSame(y, again, "y");
                }
            }
        }
    }

    /// A mean a thousand times the deviation: E[x²] − E[x]² in float32 would have no correct digit.
    @ParameterizedTest
    @MethodSource(KERNELS)
    void varianceIsThatOfTheCentredValues(Kernels kernels) {
        int rows = 3, cols = 768;
        Floats x = normal(rows * cols, 1), y = poisoned(rows * cols), gamma = poisoned(cols), beta = poisoned(cols);
        kernels.fill(cols, 1f, gamma);
        kernels.fill(cols, 0f, beta);
        double[] s = new double[rows * cols], mu = new double[rows], scale = new double[rows];
        for (int i = 0; i < x.length; i++) {
            x.set(i, x.get(i) + 1000f);
            s[i] = x.get(i);
        }
        statistics(rows, cols, s, mu, scale);
        kernels.layerNorm(rows, cols, x, Dropout.NONE, null, gamma, beta, EPS, null, y, null, null);
        assertClose(i -> (s[i] - mu[i / cols]) * scale[i / cols], y, 1e-4, "y"); // half an ulp of μ is 3e-5
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void gradientsFollowTheirFormulas(Kernels kernels) {
        for (int[] shape : SHAPES) {
            for (int variant = 0; variant < 4; variant++) {
                int rows = shape[0], cols = shape[1], n = rows * cols;
                boolean accumulate = (variant & 1) != 0, accumulateParameters = (variant & 2) != 0;
                Floats s = normal(n, 1), gamma = normal(cols, 3), dy = normal(n, 5);
                Floats mean = poisoned(rows), rstd = poisoned(rows);
                new ScalarKernels()
                        .layerNorm(rows, cols, s, Dropout.NONE, null, gamma, gamma, EPS, null, poisoned(n), mean, rstd);
                Floats ds = output(n, accumulate), dsBefore = copy(ds);
                Floats dgamma = output(cols, accumulateParameters), dgammaBefore = copy(dgamma);
                Floats dbeta = output(cols, accumulateParameters), dbetaBefore = copy(dbeta);
                kernels.layerNormBackward(
                        rows, cols, s, gamma, mean, rstd, dy, ds, accumulate, dgamma, dbeta, accumulateParameters);

                double[] expected = new double[n], sumGamma = new double[cols], sumBeta = new double[cols];
                gradients(rows, cols, s, gamma, mean, rstd, dy, expected, sumGamma, sumBeta);
                double noise = 1e-6 + 6e-8 * rows;
                assertClose(i -> expected[i] + before(i, dsBefore, accumulate), ds, 4e-6, "ds");
                assertClose(
                        c -> sumGamma[c] + before(c, dgammaBefore, accumulateParameters), dgamma, 3 * noise, "dgamma");
                assertClose(c -> sumBeta[c] + before(c, dbetaBefore, accumulateParameters), dbeta, noise, "dbeta");

                Floats alone = poisoned(n); // a frozen layer has no gradients of its own
                kernels.layerNormBackward(rows, cols, s, gamma, mean, rstd, dy, alone, false, null, null, false);
                assertClose(i -> expected[i], alone, 4e-6, "ds alone");
            }
        }
    }

    private static void statistics(int rows, int cols, double[] s, double[] mean, double[] rstd) {
        for (int r = 0; r < rows; r++) {
            double sum = 0, squares = 0;
            for (int c = 0; c < cols; c++) sum += s[r * cols + c];
            mean[r] = sum / cols;
            for (int c = 0; c < cols; c++) squares += Math.pow(s[r * cols + c] - mean[r], 2);
            rstd[r] = 1 / Math.sqrt(squares / cols + EPS);
        }
    }

    private static void gradients(
            int rows,
            int cols,
            Floats s,
            Floats gamma,
            Floats mean,
            Floats rstd,
            Floats dy,
            double[] ds,
            double[] dgamma,
            double[] dbeta) {
        for (int r = 0; r < rows; r++) {
            double[] hat = new double[cols], dhat = new double[cols];
            double meanD = 0, meanDS = 0;
            for (int c = 0; c < cols; c++) {
                int i = r * cols + c;
                hat[c] = ((double) s.get(i) - mean.get(r)) * rstd.get(r);
                dhat[c] = (double) dy.get(i) * gamma.get(c);
                meanD += dhat[c] / cols;
                meanDS += dhat[c] * hat[c] / cols;
                dgamma[c] += dy.get(i) * hat[c];
                dbeta[c] += dy.get(i);
            }
            for (int c = 0; c < cols; c++) ds[r * cols + c] = rstd.get(r) * (dhat[c] - meanD - hat[c] * meanDS);
        }
    }
}
