package dev.merapi.engine.simd;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Workers;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Layer normalization, row by row: a row stays in the first cache while it is read again.
final class SimdLayerNorm {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();

    private final Workers workers;
    private final ColdStart start;
    private final ThreadLocal<float[]> scratch = ThreadLocal.withInitial(() -> new float[L]);
    private float[] partials = new float[0]; // dγ and dβ of each block of rows, guarded by this

    SimdLayerNorm(Workers workers, ColdStart start) {
        this.workers = workers;
        this.start = start;
    }

    void forward(
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
        boolean asIs = !dropout.isActive() && residual == null && sum == null;
        Floats s = asIs ? x : sum != null ? sum : y; // where nobody keeps s, y holds it until it is normalized
        int whole = start.whole(cols);
        int height = Math.max(1, Blocks.fine(rows * cols) / Math.max(1, cols));
        Blocks.rows(workers, rows, cols, height, (block, from, to) -> {
            float[] lanes = scratch.get();
            for (int r = from; r < to; r++) {
                int so = s.offset + r * cols;
                if (!asIs) combine(r, cols, whole, x, dropout, residual, s);
                float mu = (float) (sum(s.array, so, cols, whole, lanes) / cols);
                float variance = (float) (sumOfSquares(s.array, so, cols, whole, mu, lanes) / cols);
                float scale = (float) (1 / Math.sqrt((double) variance + eps));
                normalize(
                        s.array,
                        so,
                        cols,
                        whole,
                        mu,
                        scale,
                        gamma.array,
                        gamma.offset,
                        beta.array,
                        beta.offset,
                        y.array,
                        y.offset + r * cols);
                if (mean != null) mean.set(r, mu);
                if (rstd != null) rstd.set(r, scale);
            }
        });
    }

    /// `s = dropout(x) + residual` of row r.
    private static void combine(int r, int cols, int whole, Floats x, Dropout dropout, Floats residual, Floats s) {
        int xo = x.offset + r * cols, so = s.offset + r * cols;
        float[] from = x.array;
        if (dropout.isActive()) {
            SimdRandom.dropout(from, xo, s.array, so, cols, (long) r * cols, dropout);
            from = s.array;
            xo = so;
        }
        if (residual != null)
            SimdElementwise.add(from, xo, residual.array, residual.offset + r * cols, s.array, so, cols, whole);
        else if (from != s.array || xo != so) System.arraycopy(from, xo, s.array, so, cols);
    }

    /// `Σ x`; plain loops do it where vectors take none of the values.
    private static double sum(float[] x, int offset, int n, int whole, float[] lanes) {
        int i = S.loopBound(n);
        if (whole == i) laneSums(x, offset, n, lanes);
        else PlainLoops.laneSums(x, offset, i, lanes);
        double sum = sum(lanes);
        for (; i < n; i++) sum += x[offset + i];
        return sum;
    }

    private static void laneSums(float[] x, int offset, int n, float[] lanes) {
        FloatVector s0 = FloatVector.zero(S), s1 = s0, s2 = s0, s3 = s0;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            s0 = s0.add(FloatVector.fromArray(S, x, offset + i));
            s1 = s1.add(FloatVector.fromArray(S, x, offset + i + L));
            s2 = s2.add(FloatVector.fromArray(S, x, offset + i + 2 * L));
            s3 = s3.add(FloatVector.fromArray(S, x, offset + i + 3 * L));
        }
        for (; i <= n - L; i += L) s0 = s0.add(FloatVector.fromArray(S, x, offset + i));
        s0.add(s1).add(s2.add(s3)).intoArray(lanes, 0);
    }

    /// `Σ (x − μ)²`
    private static double sumOfSquares(float[] x, int offset, int n, int whole, float mu, float[] lanes) {
        int i = S.loopBound(n);
        if (whole == i) laneSquares(x, offset, n, mu, lanes);
        else PlainLoops.laneSquares(x, offset, i, mu, lanes);
        double sum = sum(lanes);
        for (; i < n; i++) sum += (double) (x[offset + i] - mu) * (x[offset + i] - mu);
        return sum;
    }

    private static void laneSquares(float[] x, int offset, int n, float mu, float[] lanes) {
        FloatVector s0 = FloatVector.zero(S), s1 = s0;
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            FloatVector d0 = FloatVector.fromArray(S, x, offset + i).sub(mu);
            FloatVector d1 = FloatVector.fromArray(S, x, offset + i + L).sub(mu);
            s0 = d0.fma(d0, s0);
            s1 = d1.fma(d1, s1);
        }
        for (; i <= n - L; i += L) {
            FloatVector d = FloatVector.fromArray(S, x, offset + i).sub(mu);
            s0 = d.fma(d, s0);
        }
        s0.add(s1).intoArray(lanes, 0);
    }

    /// The lanes of a vector in a fixed order; that of `reduceLanes` is not specified and differs before and
    /// after compilation.
    private static double sum(float[] lanes) {
        double even = 0, odd = 0;
        for (int i = 0; i < L; i += 2) {
            even += lanes[i];
            odd += lanes[i + 1];
        }
        return even + odd;
    }

    /// `y = (s − μ)·r·γ + β`
    private static void normalize(
            float[] s,
            int so,
            int n,
            int whole,
            float mu,
            float scale,
            float[] gamma,
            int go,
            float[] beta,
            int bo,
            float[] y,
            int yo) {
        int i = 0;
        for (; i < whole; i += L)
            FloatVector.fromArray(S, s, so + i)
                    .sub(mu)
                    .mul(scale)
                    .fma(FloatVector.fromArray(S, gamma, go + i), FloatVector.fromArray(S, beta, bo + i))
                    .intoArray(y, yo + i);
        for (; i < n; i++) y[yo + i] = Math.fma((s[so + i] - mu) * scale, gamma[go + i], beta[bo + i]);
    }

    synchronized void backward(
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
        int height = Math.max(16, Blocks.height(cols)), blocks = Blocks.count(rows, height);
        if (partials.length < 2 * blocks * cols) partials = new float[2 * blocks * cols];
        float[] sums = partials;
        Blocks.rows(workers, rows, cols, height, (block, from, to) -> {
            float[] lanes = scratch.get();
            int dgo = 2 * block * cols, dbo = dgo + cols;
            Arrays.fill(sums, dgo, dgo + 2 * cols, 0f);
            for (int r = from; r < to; r++) {
                int so = sum.offset + r * cols, dyo = dy.offset + r * cols;
                float mu = mean.get(r), scale = rstd.get(r);
                parameters(sum.array, so, dy.array, dyo, cols, mu, scale, sums, dgo, dbo);
                float meanD = (float) (dot(dy.array, dyo, gamma.array, gamma.offset, cols, lanes) / cols);
                float meanDS =
                        (float) (dotHat(sum.array, so, dy.array, dyo, gamma.array, gamma.offset, cols, mu, scale, lanes)
                                / cols);
                input(
                        sum.array,
                        so,
                        dy.array,
                        dyo,
                        gamma.array,
                        gamma.offset,
                        cols,
                        mu,
                        scale,
                        meanD,
                        meanDS,
                        ds.array,
                        ds.offset + r * cols,
                        accumulate);
            }
        });
        if (dgamma != null) combine(blocks, cols, sums, 0, dgamma, accumulateParameters);
        if (dbeta != null) combine(blocks, cols, sums, cols, dbeta, accumulateParameters);
    }

    /// Adds what the blocks of rows have summed, in ascending order.
    private static void combine(int blocks, int cols, float[] sums, int offset, Floats out, boolean accumulate) {
        if (!accumulate) Arrays.fill(out.array, out.offset, out.offset + cols, 0f);
        for (int block = 0; block < blocks; block++)
            SimdElementwise.accumulate(sums, 2 * block * cols + offset, out.array, out.offset, cols);
    }

    /// `dγ += dy·ŝ`, `dβ += dy`
    private static void parameters(
            float[] s, int so, float[] dy, int dyo, int n, float mu, float scale, float[] sums, int dgo, int dbo) {
        int i = 0;
        for (; i < S.loopBound(n); i += L) {
            FloatVector hat = FloatVector.fromArray(S, s, so + i).sub(mu).mul(scale);
            FloatVector d = FloatVector.fromArray(S, dy, dyo + i);
            d.fma(hat, FloatVector.fromArray(S, sums, dgo + i)).intoArray(sums, dgo + i);
            d.add(FloatVector.fromArray(S, sums, dbo + i)).intoArray(sums, dbo + i);
        }
        for (; i < n; i++) {
            sums[dgo + i] = Math.fma(dy[dyo + i], (s[so + i] - mu) * scale, sums[dgo + i]);
            sums[dbo + i] += dy[dyo + i];
        }
    }

    /// `Σ dŝ = Σ dy·γ`
    private static double dot(float[] dy, int dyo, float[] gamma, int go, int n, float[] lanes) {
        FloatVector s0 = FloatVector.zero(S), s1 = s0;
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            s0 = FloatVector.fromArray(S, dy, dyo + i).fma(FloatVector.fromArray(S, gamma, go + i), s0);
            s1 = FloatVector.fromArray(S, dy, dyo + i + L).fma(FloatVector.fromArray(S, gamma, go + i + L), s1);
        }
        for (; i <= n - L; i += L)
            s0 = FloatVector.fromArray(S, dy, dyo + i).fma(FloatVector.fromArray(S, gamma, go + i), s0);
        s0.add(s1).intoArray(lanes, 0);
        double sum = sum(lanes);
        for (; i < n; i++) sum += (double) dy[dyo + i] * gamma[go + i];
        return sum;
    }

    /// `Σ dŝ·ŝ`
    private static double dotHat(
            float[] s,
            int so,
            float[] dy,
            int dyo,
            float[] gamma,
            int go,
            int n,
            float mu,
            float scale,
            float[] lanes) {
        FloatVector s0 = FloatVector.zero(S), s1 = s0;
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            FloatVector d0 = FloatVector.fromArray(S, dy, dyo + i).mul(FloatVector.fromArray(S, gamma, go + i));
            FloatVector d1 = FloatVector.fromArray(S, dy, dyo + i + L).mul(FloatVector.fromArray(S, gamma, go + i + L));
            s0 = FloatVector.fromArray(S, s, so + i).sub(mu).fma(d0, s0);
            s1 = FloatVector.fromArray(S, s, so + i + L).sub(mu).fma(d1, s1);
        }
        for (; i <= n - L; i += L) {
            FloatVector d = FloatVector.fromArray(S, dy, dyo + i).mul(FloatVector.fromArray(S, gamma, go + i));
            s0 = FloatVector.fromArray(S, s, so + i).sub(mu).fma(d, s0);
        }
        s0.add(s1).intoArray(lanes, 0);
        double sum = sum(lanes);
        for (; i < n; i++) sum += (double) (s[so + i] - mu) * (dy[dyo + i] * gamma[go + i]);
        return sum * scale;
    }

    /// `ds = r · (dŝ − mean(dŝ) − ŝ·mean(dŝ·ŝ))`, or `+=`
    private static void input(
            float[] s,
            int so,
            float[] dy,
            int dyo,
            float[] gamma,
            int go,
            int n,
            float mu,
            float scale,
            float meanD,
            float meanDS,
            float[] ds,
            int dso,
            boolean accumulate) {
        int i = 0;
        for (; i < S.loopBound(n); i += L) {
            FloatVector hat = FloatVector.fromArray(S, s, so + i).sub(mu).mul(scale);
            FloatVector d = FloatVector.fromArray(S, dy, dyo + i).mul(FloatVector.fromArray(S, gamma, go + i));
            d = d.sub(meanD).sub(hat.mul(meanDS)).mul(scale);
            if (accumulate) d.add(FloatVector.fromArray(S, ds, dso + i)).intoArray(ds, dso + i);
            else d.intoArray(ds, dso + i);
        }
        for (; i < n; i++) {
            float hat = (s[so + i] - mu) * scale;
            float d = (dy[dyo + i] * gamma[go + i] - meanD - hat * meanDS) * scale;
            ds[dso + i] = accumulate ? ds[dso + i] + d : d;
        }
    }
}
