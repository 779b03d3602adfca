package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.SimdMath.F;
import static dev.merapi.engine.simd.SimdMath.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// What attention does to single rows of scores, n values in memory that goes on to a multiple of
/// [SimdMath#LANES]: what lies there may be overwritten.
final class AttentionRows {
    private AttentionRows() {}

    /// Scores into probabilities: `x ← e^(scale·(x − max x)) / Σ`.
    ///
    /// @return ln Σ e^(scale·x)
    static float softmax(float[] x, int at, int n, float scale) {
        int end = at + padded(n);
        Arrays.fill(x, at + n, end, Float.NEGATIVE_INFINITY);
        float max = max(x, at, end);
        exp(x, at, end, scale, max * scale);
        float sum = sum(x, at, end);
        multiply(x, at, end, 1 / sum);
        return max * scale + (float) Math.log(sum);
    }

    private static float max(float[] x, int from, int to) {
        FloatVector max = FloatVector.fromArray(F, x, from);
        for (int i = from + LANES; i < to; i += LANES) max = max.max(FloatVector.fromArray(F, x, i));
        return max.reduceLanes(VectorOperators.MAX);
    }

    /// `x ← e^(scale·x − shift)`
    private static void exp(float[] x, int from, int to, float scale, float shift) {
        for (int i = from; i < to; i += LANES)
            SimdMath.exp(FloatVector.fromArray(F, x, i).mul(scale).sub(shift)).intoArray(x, i);
    }

    /// Apart from [#exp], whose sum would be a vector at a call: C2 compiles all of attention's forward pass at
    /// once, reaches its limit of nodes about here, and allocates what calls hand over from then on.
    private static float sum(float[] x, int from, int to) {
        FloatVector sum = FloatVector.zero(F);
        for (int i = from; i < to; i += LANES) sum = sum.add(FloatVector.fromArray(F, x, i));
        return SimdMath.sum(sum);
    }

    private static void multiply(float[] x, int from, int to, float factor) {
        for (int i = from; i < to; i += LANES)
            FloatVector.fromArray(F, x, i).mul(factor).intoArray(x, i);
    }

    /// Scores into probabilities whose logarithmic sum is known: `x ← e^(scale·x − logSumExp)`.
    static void probabilities(float[] x, int at, int n, float scale, float logSumExp) {
        for (int i = at; i < at + padded(n); i += LANES)
            SimdMath.exp(FloatVector.fromArray(F, x, i).mul(scale).sub(logSumExp))
                    .intoArray(x, i);
    }

    /// `dp ← p·(dp − delta)·scale`: the gradient of the scores.
    static void gradient(float[] p, float[] dp, int at, int n, float delta, float scale) {
        for (int i = at; i < at + padded(n); i += LANES)
            FloatVector.fromArray(F, dp, i)
                    .sub(delta)
                    .mul(FloatVector.fromArray(F, p, i).mul(scale))
                    .intoArray(dp, i);
    }

    /// The same through a dropout with the factors `keep`: `dp ← p·(keep·dp − delta)·scale`, then `p ← keep·p`.
    static void gradient(float[] p, float[] dp, int at, int n, float delta, float scale, float[] keep) {
        for (int i = 0; i < padded(n); i += LANES) {
            FloatVector k = FloatVector.fromArray(F, keep, i), x = FloatVector.fromArray(F, p, at + i);
            FloatVector.fromArray(F, dp, at + i)
                    .mul(k)
                    .sub(delta)
                    .mul(x.mul(scale))
                    .intoArray(dp, at + i);
            x.mul(k).intoArray(p, at + i);
        }
    }

    /// `Σ x[i]·y[i]` over n values, whole vectors first.
    static float dot(float[] x, int xo, float[] y, int yo, int n) {
        FloatVector sum = FloatVector.zero(F);
        int i = 0;
        for (; i <= n - LANES; i += LANES)
            sum = FloatVector.fromArray(F, x, xo + i).fma(FloatVector.fromArray(F, y, yo + i), sum);
        float rest = 0;
        for (; i < n; i++) rest = Math.fma(x[xo + i], y[yo + i], rest);
        return SimdMath.sum(sum) + rest;
    }

    private static int padded(int n) {
        return (n + LANES - 1) / LANES * LANES;
    }
}
