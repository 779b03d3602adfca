package dev.merapi.engine.simd;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Kernels.AdamStep;
import dev.merapi.engine.kernel.Workers;
import java.util.Arrays;
import java.util.List;
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
    private int[] firstBlock = new int[0]; // of each operand of a sum of squares, guarded by this
    private double[] partials = new double[0]; // of each block its sums in lanes, then their rest; guarded by this

    SimdOptimizer(Workers workers) {
        this.workers = workers;
    }

    double sumOfSquares(int n, Floats x) {
        return sumOfSquares(List.of(x), n);
    }

    /// In one region: a model has a hundred parameters, most of them of few blocks.
    double sumOfSquares(List<Floats> operands) {
        return sumOfSquares(operands, Integer.MAX_VALUE);
    }

    /// @param most values of an operand that count
    private synchronized double sumOfSquares(List<Floats> operands, int most) {
        int count = operands.size();
        if (firstBlock.length <= count) firstBlock = new int[count + 1];
        int[] firsts = firstBlock;
        for (int i = 0; i < count; i++)
            firsts[i + 1] = firsts[i] + Blocks.count(Math.min(most, operands.get(i).length), Blocks.SIZE);
        int blocks = firsts[count], width = D.length() + 1;
        if (partials.length < blocks * width) partials = new double[blocks * width];
        double[] sums = partials;
        workers.run(blocks, (block, worker) -> {
            int found = Arrays.binarySearch(firsts, 0, count + 1, block), i = found >= 0 ? found : -found - 2;
            while (firsts[i + 1] == block) i++; // an empty operand has no block
            Floats x = operands.get(i);
            int from = (block - firsts[i]) * Blocks.SIZE, n = Math.min(most, x.length);
            sumOfSquares(x.array, x.offset + from, Math.min(Blocks.SIZE, n - from), sums, block * width);
        });
        double sum = 0;
        for (int i = 0; i < count; i++) {
            double one = 0;
            for (int block = firsts[i]; block < firsts[i + 1]; block++) one += sum(sums, block * width);
            sum += one;
        }
        return sum;
    }

    /// The lanes in a fixed order: that of `reduceLanes` is not specified.
    private static double sum(double[] sums, int at) {
        double sum = sums[at + D.length()];
        for (int lane = 0; lane < D.length(); lane++) sum += sums[at + lane];
        return sum;
    }

    /// One float vector is two of doubles; two of them at a time have accumulators of their own.
    private static void sumOfSquares(float[] x, int offset, int n, double[] sums, int at) {
        DoubleVector s0 = DoubleVector.zero(D), s1 = s0, s2 = s0, s3 = s0;
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            FloatVector v = FloatVector.fromArray(S, x, offset + i), w = FloatVector.fromArray(S, x, offset + i + L);
            DoubleVector a = (DoubleVector) v.convertShape(VectorOperators.F2D, D, 0);
            DoubleVector b = (DoubleVector) v.convertShape(VectorOperators.F2D, D, 1);
            DoubleVector c = (DoubleVector) w.convertShape(VectorOperators.F2D, D, 0);
            DoubleVector d = (DoubleVector) w.convertShape(VectorOperators.F2D, D, 1);
            s0 = a.fma(a, s0);
            s1 = b.fma(b, s1);
            s2 = c.fma(c, s2);
            s3 = d.fma(d, s3);
        }
        s0.add(s1).add(s2.add(s3)).intoArray(sums, at);
        double rest = 0;
        for (; i < n; i++) rest += (double) x[offset + i] * x[offset + i];
        sums[at + D.length()] = rest;
    }

    void adamW(int n, Floats p, Floats g, Floats m, Floats v, AdamStep step) {
        Blocks.values(workers, n, (from, to) -> adamW(p, from, g, from, m, v, to - from, step));
    }

    /// Rows that lie side by side in the table, and in g where they are there, go together.
    void adamWRows(int rows, int cols, Floats p, Floats g, int[] rowOf, Floats m, Floats v, AdamStep step) {
        boolean decays = step.weightDecay() != 0;
        Blocks.rows(workers, rows, cols, Blocks.height(cols), (block, from, to) -> {
            for (int r = from, end; r < to; r = end) {
                int first = rowOf[r];
                for (end = r + 1; end < to && rowOf[end] == (first < 0 ? first : first + end - r); ) end++;
                int at = r * cols, n = (end - r) * cols;
                if (first >= 0) adamW(p, at, g, first * cols, m, v, n, step);
                else if (first == Kernels.NOT_NOW) adamW(p, at, null, 0, m, v, n, step);
                else if (decays) SimdElementwise.scale(step.decay(), p.array, p.offset + at, p.array, p.offset + at, n);
            }
        });
    }

    /// n values from `at` on, of g (null: zeros) from `gAt` on.
    private static void adamW(Floats p, int at, Floats g, int gAt, Floats m, Floats v, int n, AdamStep step) {
        adamW(
                p.array,
                p.offset + at,
                g == null ? null : g.array,
                g == null ? 0 : g.offset + gAt,
                m.array,
                m.offset + at,
                v.array,
                v.offset + at,
                n,
                step);
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
