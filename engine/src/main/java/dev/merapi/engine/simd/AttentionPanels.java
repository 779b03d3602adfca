package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.SimdMath.F;
import static dev.merapi.engine.simd.SimdMath.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// What attention does to panels of scores, [rows, 2·LANES].
final class AttentionPanels {
    private static final int WIDTH = 2 * LANES;

    private AttentionPanels() {}

    /// WIDTH columns of rows in memory, `stride` apart, into a panel [rows, WIDTH].
    static void copy(float[] from, int at, int stride, int rows, float[] to, int toAt) {
        for (int r = 0; r < rows; r++) {
            FloatVector a = FloatVector.fromArray(F, from, at + r * stride);
            FloatVector b = FloatVector.fromArray(F, from, at + r * stride + LANES);
            a.intoArray(to, toAt + r * WIDTH);
            b.intoArray(to, toAt + r * WIDTH + LANES);
        }
    }

    /// The largest of each column. One with a value that is no number gets any.
    static void max(float[] x, int rows, float[] max) {
        FloatVector a = FloatVector.fromArray(F, x, 0), b = FloatVector.fromArray(F, x, LANES);
        for (int at = WIDTH; at < rows * WIDTH; at += WIDTH) {
            FloatVector u = FloatVector.fromArray(F, x, at), v = FloatVector.fromArray(F, x, at + LANES);
            a = a.blend(u, u.compare(VectorOperators.GT, a));
            b = b.blend(v, v.compare(VectorOperators.GT, b));
        }
        a.intoArray(max, 0);
        b.intoArray(max, LANES);
    }

    /// `x ← e^(scale·x + shift)`, and the sum of each column then. For exponents up to 0 the bits are those of
    /// [SimdMath#exp]; others are not meant. Row r has the shifts from `r·apart` on, 2·LANES of them.
    ///
    /// [SimdMath#exp] is written out, for two vectors, its last step as a product with 2ⁿ, which leaves what is
    /// no number. That makes the method too large to be inlined: as a part of something larger it goes beyond
    /// C2's limit of nodes, and its vectors become objects.
    static void exp(float[] x, int rows, float scale, float[] shifts, int apart, float[] sums) {
        FloatVector s = FloatVector.broadcast(F, scale), sumA = FloatVector.zero(F), sumB = sumA;
        FloatVector log = FloatVector.broadcast(F, 1.44269504f), bias = FloatVector.broadcast(F, 12582912f + 127);
        FloatVector high = FloatVector.broadcast(F, -0.693145752f), low = FloatVector.broadcast(F, -1.42860677e-6f);
        FloatVector c6 = FloatVector.broadcast(F, 0.00138145977f), c5 = FloatVector.broadcast(F, 0.00836871700f);
        FloatVector c4 = FloatVector.broadcast(F, 0.0416683881f), c3 = FloatVector.broadcast(F, 0.166665206f);
        FloatVector c2 = FloatVector.broadcast(F, 0.499999934f), least = FloatVector.broadcast(F, -87.3365402f);
        for (int r = 0; r < rows; r++) {
            int at = r * WIDTH;
            FloatVector a = FloatVector.fromArray(F, x, at).fma(s, FloatVector.fromArray(F, shifts, r * apart));
            FloatVector b =
                    FloatVector.fromArray(F, x, at + LANES).fma(s, FloatVector.fromArray(F, shifts, r * apart + LANES));
            FloatVector nA = a.fma(log, bias), nB = b.fma(log, bias);
            FloatVector rA = nA.sub(bias).fma(high, a), rB = nB.sub(bias).fma(high, b);
            rA = nA.sub(bias).fma(low, rA);
            rB = nB.sub(bias).fma(low, rB);
            FloatVector pA = c6.fma(rA, c5).fma(rA, c4).fma(rA, c3).fma(rA, c2);
            FloatVector pB = c6.fma(rB, c5).fma(rB, c4).fma(rB, c3).fma(rB, c2);
            pA = pA.fma(rA.mul(rA), rA).add(1f);
            pB = pB.fma(rB.mul(rB), rB).add(1f);
            pA = pA.mul(
                    nA.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
            pB = pB.mul(
                    nB.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
            pA = pA.blend(0f, a.compare(VectorOperators.LT, least));
            pB = pB.blend(0f, b.compare(VectorOperators.LT, least));
            pA.intoArray(x, at);
            pB.intoArray(x, at + LANES);
            sumA = sumA.add(pA);
            sumB = sumB.add(pB);
        }
        sumA.intoArray(sums, 0);
        sumB.intoArray(sums, LANES);
    }

    /// `x[r, c] ← x[r, c] · factors[from + r]`
    static void multiplyRows(float[] x, int rows, float[] factors, int from) {
        for (int r = 0; r < rows; r++) {
            FloatVector factor = FloatVector.broadcast(F, factors[from + r]);
            FloatVector.fromArray(F, x, r * WIDTH).mul(factor).intoArray(x, r * WIDTH);
            FloatVector.fromArray(F, x, r * WIDTH + LANES).mul(factor).intoArray(x, r * WIDTH + LANES);
        }
    }

    /// Gradients of probabilities into gradients of the scores: `dp ← p·(dp − deltas)·scale`, one delta for a
    /// row.
    static void gradient(float[] p, float[] dp, int at, int rows, float[] deltas, float scale) {
        for (int r = 0; r < rows; r++) {
            FloatVector delta = FloatVector.broadcast(F, deltas[r]), s = FloatVector.broadcast(F, scale);
            for (int i = r * WIDTH; i < (r + 1) * WIDTH; i += LANES)
                FloatVector.fromArray(F, dp, at + i)
                        .sub(delta)
                        .mul(FloatVector.fromArray(F, p, i).mul(s))
                        .intoArray(dp, at + i);
        }
    }

    /// The same through a dropout with the factors `keep`: `dp ← p·(keep·dp − deltas)·scale`, then `p ←
    /// keep·p`.
    static void gradient(float[] p, float[] dp, int at, int rows, float[] deltas, float scale, float[] keep) {
        for (int r = 0; r < rows; r++) {
            FloatVector delta = FloatVector.broadcast(F, -deltas[r]), s = FloatVector.broadcast(F, scale);
            for (int i = r * WIDTH; i < (r + 1) * WIDTH; i += LANES) {
                FloatVector x = FloatVector.fromArray(F, p, i), k = FloatVector.fromArray(F, keep, i);
                FloatVector.fromArray(F, dp, at + i).fma(k, delta).mul(x.mul(s)).intoArray(dp, at + i);
                x.mul(k).intoArray(p, i);
            }
        }
    }
}
