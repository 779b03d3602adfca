package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.SimdMath.F;
import static dev.merapi.engine.simd.SimdMath.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// What attention does to panels of scores, [rows, 2·LANES].
final class AttentionPanels {
    private static final int WIDTH = 2 * LANES;

    /// log₂ e
    static final float LOG = 1.44269504f;

    private static final float BIAS = 12582912f + 127, LEAST = -126f;

    /// A minimax fit of 2ʳ in the relative error.
    private static final float C1 = 0.693147f,
            C2 = 0.24022247f,
            C3 = 0.055507112f,
            C4 = 0.009671294f,
            C5 = 0.0013269407f;

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

    /// The largest of each column. One with a value that is no number gets any. Even and odd rows apart: a
    /// comparison waits for the one before it.
    static void max(float[] x, int rows, float[] max) {
        FloatVector a = FloatVector.fromArray(F, x, 0), b = FloatVector.fromArray(F, x, LANES), c = a, d = b;
        for (int r = 1; r < rows; r += 2) {
            int even = r * WIDTH, odd = Math.min(r + 1, rows - 1) * WIDTH;
            FloatVector t = FloatVector.fromArray(F, x, even), u = FloatVector.fromArray(F, x, even + LANES);
            FloatVector v = FloatVector.fromArray(F, x, odd), w = FloatVector.fromArray(F, x, odd + LANES);
            a = a.blend(t, t.compare(VectorOperators.GT, a));
            b = b.blend(u, u.compare(VectorOperators.GT, b));
            c = c.blend(v, v.compare(VectorOperators.GT, c));
            d = d.blend(w, w.compare(VectorOperators.GT, d));
        }
        a.blend(c, c.compare(VectorOperators.GT, a)).intoArray(max, 0);
        b.blend(d, d.compare(VectorOperators.GT, b)).intoArray(max, LANES);
    }

    /// `x ← 2^(scale·x + shift)`, and the sum of each column then. Row r has the shifts from `r·apart` on,
    /// 2·LANES of them. See [#exp2(float)].
    ///
    /// Written out for two vectors, which makes the method too large to be inlined: as a part of something
    /// larger it goes beyond C2's limit of nodes, and its vectors become objects.
    static void exp2(float[] x, int rows, float scale, float[] shifts, int apart, float[] sums) {
        FloatVector s = FloatVector.broadcast(F, scale), sumA = FloatVector.zero(F), sumB = sumA;
        FloatVector bias = FloatVector.broadcast(F, BIAS), least = FloatVector.broadcast(F, LEAST);
        FloatVector c5 = FloatVector.broadcast(F, C5), c4 = FloatVector.broadcast(F, C4);
        FloatVector c3 = FloatVector.broadcast(F, C3), c2 = FloatVector.broadcast(F, C2);
        FloatVector c1 = FloatVector.broadcast(F, C1), c0 = FloatVector.broadcast(F, 1f);
        for (int r = 0; r < rows; r++) {
            int at = r * WIDTH, shift = r * apart;
            FloatVector a = FloatVector.fromArray(F, x, at).fma(s, FloatVector.fromArray(F, shifts, shift));
            FloatVector b =
                    FloatVector.fromArray(F, x, at + LANES).fma(s, FloatVector.fromArray(F, shifts, shift + LANES));
            FloatVector nA = a.add(bias), nB = b.add(bias);
            FloatVector rA = a.sub(nA.sub(bias)), rB = b.sub(nB.sub(bias));
            FloatVector pA = c5.fma(rA, c4).fma(rA, c3).fma(rA, c2).fma(rA, c1).fma(rA, c0);
            FloatVector pB = c5.fma(rB, c4).fma(rB, c3).fma(rB, c2).fma(rB, c1).fma(rB, c0);
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

    /// `2ˣ` for x < 127, worst error 2.0 ulp: probabilities, whose exponents have been rounded before. Results
    /// below 2⁻¹²⁶ are 0; NaN stays NaN.
    ///
    /// `2ˣ = 2ⁿ · 2ʳ`, n = x rounded to the nearest integer, |r| ≤ ½. n + 127 sits in the low bits of x +
    /// 1.5·2²³ + 127, and is shifted into the exponent of 2ⁿ.
    static float exp2(float x) {
        float n = x + BIAS, r = x - (n - BIAS);
        float p = Math.fma(C5, r, C4);
        p = Math.fma(p, r, C3);
        p = Math.fma(p, r, C2);
        p = Math.fma(p, r, C1);
        p = Math.fma(p, r, 1f);
        return x < LEAST ? 0f : p * Float.intBitsToFloat(Float.floatToRawIntBits(n) << 23);
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
