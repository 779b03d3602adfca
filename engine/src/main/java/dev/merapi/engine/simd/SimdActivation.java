package dev.merapi.engine.simd;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Workers;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The activations and their derivatives, one loop each. What does not fill a vector is padded to one, so that every
/// element goes through the same operations.
final class SimdActivation {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final float SQRT_HALF = (float) Math.sqrt(0.5);
    private static final float DENSITY_AT_0 = (float) (1 / Math.sqrt(2 * Math.PI));
    private static final float SQRT_2_OVER_PI = (float) Math.sqrt(2 / Math.PI), CUBIC = 0.044715f;

    private final Workers workers;

    SimdActivation(Workers workers) {
        this.workers = workers;
    }

    void forward(Activation f, int n, Floats x, Floats y) {
        Blocks.values(workers, n, (from, to) -> {
            int xo = x.offset + from, yo = y.offset + from, full = S.loopBound(to - from), rest = to - from - full;
            values(f, x.array, xo, y.array, yo, full);
            if (rest > 0) {
                float[] padded = new float[L];
                System.arraycopy(x.array, xo + full, padded, 0, rest);
                values(f, padded, 0, padded, 0, L);
                System.arraycopy(padded, 0, y.array, yo + full, rest);
            }
        });
    }

    void backward(Activation f, int n, Floats x, Floats y, Floats dy, Floats dx, boolean accumulate) {
        Floats saved = f == Activation.TANH || f == Activation.SIGMOID ? y : x; // what f′ is computed from
        Blocks.values(workers, n, (from, to) -> {
            int xo = saved.offset + from, dyo = dy.offset + from, dxo = dx.offset + from;
            int full = S.loopBound(to - from), rest = to - from - full;
            gradients(f, saved.array, xo, dy.array, dyo, dx.array, dxo, full, accumulate);
            if (rest > 0) {
                float[] padded = new float[3 * L];
                System.arraycopy(saved.array, xo + full, padded, 0, rest);
                System.arraycopy(dy.array, dyo + full, padded, L, rest);
                System.arraycopy(dx.array, dxo + full, padded, 2 * L, rest);
                gradients(f, padded, 0, padded, L, padded, 2 * L, L, accumulate);
                System.arraycopy(padded, 2 * L, dx.array, dxo + full, rest);
            }
        });
    }

    private static void values(Activation f, float[] x, int xo, float[] y, int yo, int n) {
        switch (f) {
            case GELU -> gelu(x, xo, y, yo, n);
            case GELU_TANH -> geluTanh(x, xo, y, yo, n);
            case RELU -> relu(x, xo, y, yo, n);
            case TANH -> tanh(x, xo, y, yo, n);
            case SIGMOID -> sigmoid(x, xo, y, yo, n);
        }
    }

    private static void gradients(
            Activation f, float[] saved, int so, float[] dy, int dyo, float[] dx, int dxo, int n, boolean accumulate) {
        switch (f) {
            case GELU -> geluGradient(saved, so, dy, dyo, dx, dxo, n, accumulate);
            case GELU_TANH -> geluTanhGradient(saved, so, dy, dyo, dx, dxo, n, accumulate);
            case RELU -> reluGradient(saved, so, dy, dyo, dx, dxo, n, accumulate);
            case TANH -> tanhGradient(saved, so, dy, dyo, dx, dxo, n, accumulate);
            case SIGMOID -> sigmoidGradient(saved, so, dy, dyo, dx, dxo, n, accumulate);
        }
    }

    private static FloatVector load(float[] x, int i) {
        return FloatVector.fromArray(S, x, i);
    }

    private static void store(FloatVector d, float[] dx, int i, boolean accumulate) {
        if (accumulate) d.add(FloatVector.fromArray(S, dx, i)).intoArray(dx, i);
        else d.intoArray(dx, i);
    }

    /// `x/2 · (1 + erf(x/√2))`
    private static void gelu(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = load(x, xo + i);
            SimdMath.erf(v.mul(SQRT_HALF)).add(1f).mul(v.mul(0.5f)).intoArray(y, yo + i);
        }
    }

    /// `Φ(x) + x·φ(x)`
    private static void geluGradient(
            float[] x, int xo, float[] dy, int dyo, float[] dx, int dxo, int n, boolean accumulate) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = load(x, xo + i);
            FloatVector distribution = SimdMath.erf(v.mul(SQRT_HALF)).mul(0.5f).add(0.5f);
            FloatVector density = SimdMath.exp(v.mul(v).mul(-0.5f)).mul(DENSITY_AT_0);
            store(v.fma(density, distribution).mul(load(dy, dyo + i)), dx, dxo + i, accumulate);
        }
    }

    /// `u = √(2/π)·(x + 0.044715·x³)`
    private static FloatVector inner(FloatVector x) {
        return x.mul(x).mul(CUBIC).add(1f).mul(x.mul(SQRT_2_OVER_PI));
    }

    /// `x/2 · (1 + tanh u) = x · σ(2u)`
    private static void geluTanh(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = load(x, xo + i);
            v.div(SimdMath.exp(inner(v).mul(-2f)).add(1f)).intoArray(y, yo + i);
        }
    }

    /// With `e = e^(−2u)`, `σ = 1/(1 + e)` and `1 − σ = e·σ`: `σ · (1 + x · e·σ · 2u′)`. Nothing cancels here, in
    /// `1 − tanh² u` much would.
    private static void geluTanhGradient(
            float[] x, int xo, float[] dy, int dyo, float[] dx, int dxo, int n, boolean accumulate) {
        FloatVector one = FloatVector.broadcast(S, 1f);
        for (int i = 0; i < n; i += L) {
            FloatVector v = load(x, xo + i);
            FloatVector e = SimdMath.exp(inner(v).mul(-2f).min(80f)); // finite, so that e·σ is 1 where σ is tiny
            FloatVector sigma = one.div(e.add(1f));
            FloatVector du = v.mul(v).mul(3 * CUBIC).add(1f).mul(2 * SQRT_2_OVER_PI);
            FloatVector slope = v.mul(du).mul(e.mul(sigma)).add(1f).mul(sigma);
            store(slope.mul(load(dy, dyo + i)), dx, dxo + i, accumulate);
        }
    }

    private static void relu(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) load(x, xo + i).max(0f).intoArray(y, yo + i);
    }

    private static void reluGradient(
            float[] x, int xo, float[] dy, int dyo, float[] dx, int dxo, int n, boolean accumulate) {
        for (int i = 0; i < n; i += L) {
            FloatVector d =
                    FloatVector.zero(S).blend(load(dy, dyo + i), load(x, xo + i).compare(VectorOperators.GT, 0f));
            store(d, dx, dxo + i, accumulate);
        }
    }

    private static void tanh(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) SimdMath.tanh(load(x, xo + i)).intoArray(y, yo + i);
    }

    /// `1 − y²`
    private static void tanhGradient(
            float[] y, int yo, float[] dy, int dyo, float[] dx, int dxo, int n, boolean accumulate) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = load(y, yo + i);
            store(v.mul(v).neg().add(1f).mul(load(dy, dyo + i)), dx, dxo + i, accumulate);
        }
    }

    /// `1 / (1 + e⁻ˣ)`
    private static void sigmoid(float[] x, int xo, float[] y, int yo, int n) {
        FloatVector one = FloatVector.broadcast(S, 1f);
        for (int i = 0; i < n; i += L)
            one.div(SimdMath.exp(load(x, xo + i).neg()).add(1f)).intoArray(y, yo + i);
    }

    /// `y·(1 − y)`
    private static void sigmoidGradient(
            float[] y, int yo, float[] dy, int dyo, float[] dx, int dxo, int n, boolean accumulate) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = load(y, yo + i);
            store(v.neg().add(1f).mul(v).mul(load(dy, dyo + i)), dx, dxo + i, accumulate);
        }
    }
}
