package dev.merapi.engine.simd;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels.AdamStep;
import dev.merapi.engine.kernel.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// What an optimizer does to whole parameters. AdamW reads p, g, m, v and writes p, m, v: 28 bytes a parameter,
/// and memory is the limit.
final class SimdOptimizer {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;
    private static final int L = S.length();

    private final Workers workers;
    private double[] partials = new double[0]; // of each block its sums in lanes, then their rest; guarded by this

    SimdOptimizer(Workers workers) {
        this.workers = workers;
    }

    synchronized double sumOfSquares(int n, Floats x) {
        int blocks = Math.max(1, Blocks.count(n, Blocks.SIZE)), width = D.length() + 1;
        if (partials.length < blocks * width) partials = new double[blocks * width];
        double[] sums = partials;
        Blocks.values(
                workers,
                n,
                (from, to) -> sumOfSquares(x.array, x.offset + from, to - from, sums, from / Blocks.SIZE * width));
        double sum = 0;
        for (int block = 0; block < blocks; block++) sum += sum(sums, block * width);
        return sum;
    }

    /// The lanes in a fixed order: that of `reduceLanes` is not specified.
    private static double sum(double[] sums, int at) {
        double sum = sums[at + D.length()];
        for (int lane = 0; lane < D.length(); lane++) sum += sums[at + lane];
        return sum;
    }

    /// One float vector is two of doubles; each half has its own accumulator.
    private static void sumOfSquares(float[] x, int offset, int n, double[] sums, int at) {
        DoubleVector low = DoubleVector.zero(D), high = DoubleVector.zero(D);
        int i = 0;
        for (; i < S.loopBound(n); i += L) {
            FloatVector v = FloatVector.fromArray(S, x, offset + i);
            DoubleVector a = (DoubleVector) v.convertShape(VectorOperators.F2D, D, 0);
            DoubleVector b = (DoubleVector) v.convertShape(VectorOperators.F2D, D, 1);
            low = a.fma(a, low);
            high = b.fma(b, high);
        }
        low.add(high).intoArray(sums, at);
        double rest = 0;
        for (; i < n; i++) rest += (double) x[offset + i] * x[offset + i];
        sums[at + D.length()] = rest;
    }

    void adamW(int n, Floats p, Floats g, Floats m, Floats v, AdamStep step) {
        Blocks.values(workers, n, (from, to) -> {
            float[] gradient = g == null ? null : g.array;
            int go = g == null ? 0 : g.offset + from;
            adamW(
                    p.array,
                    p.offset + from,
                    gradient,
                    go,
                    m.array,
                    m.offset + from,
                    v.array,
                    v.offset + from,
                    to - from,
                    step);
        });
    }

    /// No fused multiply-add: PyTorch rounds after every operation, and so does this.
    private static void adamW(
            float[] p, int po, float[] g, int go, float[] m, int mo, float[] v, int vo, int n, AdamStep step) {
        float decay = step.decay(), stepSize = (float) (step.lr() / step.bias1());
        float root2 = (float) Math.sqrt(step.bias2()), eps = (float) step.eps(), gradScale = step.gradScale();
        float beta2 = (float) step.beta2(), rest1 = (float) (1 - step.beta1()), rest2 = (float) (1 - step.beta2());
        int i = 0;
        for (; i < S.loopBound(n); i += L) {
            FloatVector gi = g == null
                    ? FloatVector.zero(S)
                    : FloatVector.fromArray(S, g, go + i).mul(gradScale);
            FloatVector mi = FloatVector.fromArray(S, m, mo + i);
            mi = mi.add(gi.sub(mi).mul(rest1));
            FloatVector vi = FloatVector.fromArray(S, v, vo + i)
                    .mul(beta2)
                    .add(gi.mul(rest2).mul(gi));
            FloatVector denominator = vi.sqrt().div(root2).add(eps);
            FloatVector pi = FloatVector.fromArray(S, p, po + i).mul(decay);
            pi.sub(mi.mul(stepSize).div(denominator)).intoArray(p, po + i);
            mi.intoArray(m, mo + i);
            vi.intoArray(v, vo + i);
        }
        for (; i < n; i++) {
            float gi = g == null ? 0f : g[go + i] * gradScale;
            float mi = m[mo + i] + (gi - m[mo + i]) * rest1;
            float vi = v[vo + i] * beta2 + rest2 * gi * gi;
            float denominator = (float) Math.sqrt(vi) / root2 + eps;
            p[po + i] = p[po + i] * decay - stepSize * mi / denominator;
            m[mo + i] = mi;
            v[vo + i] = vi;
        }
    }
}
