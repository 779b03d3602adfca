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
    private double[] partials = new double[0]; // one sum a block, guarded by this

    SimdOptimizer(Workers workers) {
        this.workers = workers;
    }

    synchronized double sumOfSquares(int n, Floats x) {
        int blocks = Blocks.count(n, Blocks.SIZE);
        if (partials.length < blocks) partials = new double[blocks];
        double[] sums = partials;
        Blocks.values(
                workers, n, (from, to) -> sums[from / Blocks.SIZE] = sumOfSquares(x.array, x.offset + from, to - from));
        double sum = 0;
        for (int block = 0; block < blocks; block++) sum += sums[block];
        return sum;
    }

    /// One float vector is two of doubles; each half has its own accumulator.
    private static double sumOfSquares(float[] x, int offset, int n) {
        DoubleVector low = DoubleVector.zero(D), high = DoubleVector.zero(D);
        int i = 0;
        for (; i < S.loopBound(n); i += L) {
            FloatVector v = FloatVector.fromArray(S, x, offset + i);
            DoubleVector a = (DoubleVector) v.convertShape(VectorOperators.F2D, D, 0);
            DoubleVector b = (DoubleVector) v.convertShape(VectorOperators.F2D, D, 1);
            low = a.fma(a, low);
            high = b.fma(b, high);
        }
        double sum = 0;
        for (; i < n; i++) sum += (double) x[offset + i] * x[offset + i];
        double[] lanes = low.add(high).toArray(); // summed here: the order of reduceLanes is not specified
        for (double lane : lanes) sum += lane;
        return sum;
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
