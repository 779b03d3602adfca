package dev.merapi.engine.kernel;

/// Layer normalization in plain loops.
final class ScalarNorm {
    private ScalarNorm() {}

    /// See [Kernels#layerNorm].
    static void forward(
            int rows,
            int cols,
            Floats x,
            Dropout dropout,
            Floats residual,
            Floats gamma,
            Floats beta,
            float eps,
            Floats sum,
            Floats y,
            Floats mean,
            Floats rstd) {
        float[] s = new float[cols];
        for (int r = 0; r < rows; r++) {
            int at = r * cols;
            double mu = 0;
            for (int c = 0; c < cols; c++) {
                s[c] = Philox.apply(dropout, at + c, x.get(at + c));
                if (residual != null) s[c] += residual.get(at + c);
                if (sum != null) sum.set(at + c, s[c]);
                mu += s[c] / cols;
            }
            double variance = 0;
            for (int c = 0; c < cols; c++) variance += (s[c] - mu) * (s[c] - mu) / cols;
            double scale = 1 / Math.sqrt(variance + eps);
            for (int c = 0; c < cols; c++) y.set(at + c, (float) ((s[c] - mu) * scale * gamma.get(c) + beta.get(c)));
            if (mean != null) mean.set(r, (float) mu);
            if (rstd != null) rstd.set(r, (float) scale);
        }
    }

    /// See [Kernels#layerNormBackward].
    static void backward(
            int rows,
            int cols,
            Floats sum,
            Floats gamma,
            Floats mean,
            Floats rstd,
            Floats dy,
            Floats ds,
            boolean accumulate,
            Floats dgamma,
            Floats dbeta,
            boolean accumulateParameters) {
        double[] sumGamma = new double[cols], sumBeta = new double[cols];
        for (int r = 0; r < rows; r++) {
            int at = r * cols;
            double mu = mean.get(r), scale = rstd.get(r);
            double meanD = 0, meanDS = 0; // mean(dŝ), mean(dŝ·ŝ)
            for (int c = 0; c < cols; c++) {
                double hat = (sum.get(at + c) - mu) * scale, dhat = (double) dy.get(at + c) * gamma.get(c);
                meanD += dhat / cols;
                meanDS += dhat * hat / cols;
                sumGamma[c] += dy.get(at + c) * hat;
                sumBeta[c] += dy.get(at + c);
            }
            for (int c = 0; c < cols; c++) {
                double hat = (sum.get(at + c) - mu) * scale, dhat = (double) dy.get(at + c) * gamma.get(c);
                double d = scale * (dhat - meanD - hat * meanDS);
                ds.set(at + c, (float) (accumulate ? ds.get(at + c) + d : d));
            }
        }
        if (dgamma != null) store(sumGamma, dgamma, accumulateParameters);
        if (dbeta != null) store(sumBeta, dbeta, accumulateParameters);
    }

    private static void store(double[] sums, Floats out, boolean accumulate) {
        for (int c = 0; c < sums.length; c++) out.set(c, (float) (accumulate ? out.get(c) + sums[c] : sums[c]));
    }
}
