package dev.merapi.engine.simd;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Workers;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The activations and their derivatives, one loop each. What does not fill a vector is padded to one, so that
/// every element goes through the same operations.
final class SimdActivation {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final int STRIP = 512; // a multiple of every vector length
    static final float SQRT_HALF = (float) Math.sqrt(0.5);
    private static final float DENSITY_AT_0 = (float) (1 / Math.sqrt(2 * Math.PI));
    private static final float SQRT_2_OVER_PI = (float) Math.sqrt(2 / Math.PI), CUBIC = 0.044715f;

    private final Workers workers;
    private final ColdStart start;
    private final ThreadLocal<float[]> scratch = ThreadLocal.withInitial(() -> new float[STRIP]);

    SimdActivation(Workers workers, ColdStart start) {
        this.workers = workers;
        this.start = start;
    }

    void forward(Activation f, int n, Floats x, Floats y) {
        boolean plain = f == Activation.GELU && start.isOn();
        Blocks.values(workers, n, Blocks.fine(n), (from, to) -> {
            if (plain) {
                PlainLoops.gelu(x.array, x.offset + from, y.array, y.offset + from, to - from);
                return;
            }
            int xo = x.offset + from, yo = y.offset + from, full = S.loopBound(to - from), rest = to - from - full;
            values(f, x.array, xo, y.array, yo, full);
            if (rest > 0) {
                float[] padded = scratch.get();
                System.arraycopy(x.array, xo + full, padded, 0, rest);
                values(f, padded, 0, padded, 0, L);
                System.arraycopy(padded, 0, y.array, yo + full, rest);
            }
        });
    }

    /// f′ goes into a strip that stays in the first cache: one loop that held f′, dy and dx would be too much
    /// for C2's inlining, and vectors would be allocated.
    void backward(Activation f, int n, Floats x, Floats y, Floats dy, Floats dx, boolean accumulate) {
        Floats saved = f == Activation.TANH || f == Activation.SIGMOID ? y : x; // what f′ is computed from
        Blocks.values(workers, n, Blocks.fine(n), (from, to) -> {
            float[] slopes = scratch.get();
            for (int i = from; i < to; i += STRIP) {
                int count = Math.min(STRIP, to - i), full = S.loopBound(count), so = saved.offset + i;
                slopes(f, saved.array, so, slopes, 0, full);
                if (full < count) {
                    System.arraycopy(saved.array, so + full, slopes, full, count - full);
                    slopes(f, slopes, full, slopes, full, L);
                }
                int dyo = dy.offset + i, dxo = dx.offset + i;
                if (accumulate) SimdElementwise.addProduct(slopes, 0, dy.array, dyo, dx.array, dxo, count);
                else SimdElementwise.multiply(slopes, 0, dy.array, dyo, dx.array, dxo, count);
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

    private static void slopes(Activation f, float[] saved, int so, float[] d, int at, int n) {
        switch (f) {
            case GELU -> geluSlope(saved, so, d, at, n);
            case GELU_TANH -> geluTanhSlope(saved, so, d, at, n);
            case RELU -> reluSlope(saved, so, d, at, n);
            case TANH -> tanhSlope(saved, so, d, at, n);
            case SIGMOID -> sigmoidSlope(saved, so, d, at, n);
        }
    }

    private static FloatVector load(float[] x, int i) {
        return FloatVector.fromArray(S, x, i);
    }

    /// `x/2 · (1 + erf(x/√2))`
    private static void gelu(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = load(x, xo + i);
            SimdMath.erf(v.mul(SQRT_HALF)).add(1f).mul(v.mul(0.5f)).intoArray(y, yo + i);
        }
    }

    /// `Φ(x) + x·φ(x)`
    private static void geluSlope(float[] x, int xo, float[] d, int at, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = load(x, xo + i);
            FloatVector distribution = SimdMath.erf(v.mul(SQRT_HALF)).mul(0.5f).add(0.5f);
            FloatVector density = SimdMath.exp(v.mul(v).mul(-0.5f)).mul(DENSITY_AT_0);
            v.fma(density, distribution).intoArray(d, at + i);
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

    /// With `e = e^(−2u)`, `σ = 1/(1 + e)` and `1 − σ = e·σ`: `σ · (1 + x · e·σ · 2u′)`. Nothing cancels here,
    /// in `1 − tanh² u` much would.
    private static void geluTanhSlope(float[] x, int xo, float[] d, int at, int n) {
        FloatVector one = FloatVector.broadcast(S, 1f);
        for (int i = 0; i < n; i += L) {
            FloatVector v = load(x, xo + i);
            FloatVector e = SimdMath.exp(inner(v).mul(-2f).min(80f)); // finite, so that e·σ is 1 where σ is tiny
            FloatVector sigma = one.div(e.add(1f));
            FloatVector du = v.mul(v).mul(3 * CUBIC).add(1f).mul(2 * SQRT_2_OVER_PI);
            v.mul(du).mul(e.mul(sigma)).add(1f).mul(sigma).intoArray(d, at + i);
        }
    }

    private static void relu(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) load(x, xo + i).max(0f).intoArray(y, yo + i);
    }

    private static void reluSlope(float[] x, int xo, float[] d, int at, int n) {
        FloatVector zero = FloatVector.zero(S);
        for (int i = 0; i < n; i += L)
            zero.blend(1f, load(x, xo + i).compare(VectorOperators.GT, 0f)).intoArray(d, at + i);
    }

    private static void tanh(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) SimdMath.tanh(load(x, xo + i)).intoArray(y, yo + i);
    }

    /// `1 − y²`
    private static void tanhSlope(float[] y, int yo, float[] d, int at, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = load(y, yo + i);
            v.mul(v).neg().add(1f).intoArray(d, at + i);
        }
    }

    /// `1 / (1 + e⁻ˣ)`
    private static void sigmoid(float[] x, int xo, float[] y, int yo, int n) {
        FloatVector one = FloatVector.broadcast(S, 1f);
        for (int i = 0; i < n; i += L)
            one.div(SimdMath.exp(load(x, xo + i).neg()).add(1f)).intoArray(y, yo + i);
    }

    /// `y·(1 − y)`
    private static void sigmoidSlope(float[] y, int yo, float[] d, int at, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = load(y, yo + i);
            v.neg().add(1f).mul(v).intoArray(d, at + i);
        }
    }
}
