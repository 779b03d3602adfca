package dev.merapi.engine.simd;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.Workers;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Elementwise kernels and column sums. All but dropout wait for memory.
final class SimdElementwise {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();

    private final Workers workers;
    private final ColdStart start;
    private float[] partials = new float[0]; // one row a block of sumRows, guarded by this

    SimdElementwise(Workers workers, ColdStart start) {
        this.workers = workers;
        this.start = start;
    }

    void fill(int n, float value, Floats out) {
        Blocks.values(workers, n, (from, to) -> Arrays.fill(out.array, out.offset + from, out.offset + to, value));
    }

    void copy(int n, Floats x, Floats out, boolean accumulate) {
        Blocks.values(workers, n, (from, to) -> {
            if (accumulate)
                add(x.array, x.offset + from, out.array, out.offset + from, out.array, out.offset + from, to - from);
            else System.arraycopy(x.array, x.offset + from, out.array, out.offset + from, to - from);
        });
    }

    void add(int n, Floats x, Floats y, Floats out) {
        Blocks.values(
                workers,
                n,
                (from, to) -> add(
                        x.array, x.offset + from, y.array, y.offset + from, out.array, out.offset + from, to - from));
    }

    void multiply(int n, Floats x, Floats y, Floats out, boolean accumulate) {
        Blocks.values(workers, n, (from, to) -> {
            int xo = x.offset + from, yo = y.offset + from, oo = out.offset + from;
            if (accumulate) addProduct(x.array, xo, y.array, yo, out.array, oo, to - from);
            else multiply(x.array, xo, y.array, yo, out.array, oo, to - from);
        });
    }

    void scale(int n, float a, Floats x, Floats out, boolean accumulate) {
        Blocks.values(workers, n, (from, to) -> {
            if (accumulate) addScaled(a, x.array, x.offset + from, out.array, out.offset + from, to - from);
            else scale(a, x.array, x.offset + from, out.array, out.offset + from, to - from, start.whole(to - from));
        });
    }

    /// Blocks are a multiple of four long, as the random words want it.
    void dropout(int n, Floats x, Dropout dropout, Floats out, boolean accumulate) {
        if (!dropout.isActive()) {
            if (accumulate || x.array != out.array || x.offset != out.offset) copy(n, x, out, accumulate);
            return;
        }
        Blocks.values(workers, n, (from, to) -> {
            int xo = x.offset + from, oo = out.offset + from;
            if (accumulate) SimdRandom.addDropout(x.array, xo, out.array, oo, to - from, from, dropout);
            else SimdRandom.dropout(x.array, xo, out.array, oo, to - from, from, dropout);
        });
    }

    void round(Precision precision, int n, Floats x, Floats out, boolean accumulate) {
        Blocks.values(workers, n, (from, to) -> precision.round(from, to, x, out, accumulate));
    }

    /// Blocks of rows are summed side by side, then the sums of the blocks in order.
    synchronized void sumRows(int rows, int cols, Floats x, Floats out, boolean accumulate) {
        int height = Math.max(16, Blocks.height(cols)), blocks = Blocks.count(rows, height);
        if (partials.length < blocks * cols) partials = new float[blocks * cols];
        float[] sums = partials;
        int whole = start.whole(cols);
        Blocks.rows(workers, rows, cols, height, (block, from, to) -> {
            Arrays.fill(sums, block * cols, block * cols + cols, 0f);
            int r = from;
            for (; r < to - 3; r += 4) {
                int xo = x.offset + r * cols;
                accumulate(x.array, xo, xo + cols, xo + 2 * cols, xo + 3 * cols, sums, block * cols, cols, whole);
            }
            for (; r < to; r++) accumulate(x.array, x.offset + r * cols, sums, block * cols, cols, whole);
        });
        if (!accumulate) Arrays.fill(out.array, out.offset, out.offset + cols, 0f);
        for (int block = 0; block < blocks; block++) accumulate(sums, block * cols, out.array, out.offset, cols, whole);
    }

    /// `out += x`
    static void accumulate(float[] x, int xo, float[] out, int oo, int n) {
        add(x, xo, out, oo, out, oo, n);
    }

    private static void accumulate(float[] x, int xo, float[] out, int oo, int n, int whole) {
        add(x, xo, out, oo, out, oo, n, whole);
    }

    /// `out += (x[a…] + x[b…]) + (x[c…] + x[d…])`: four rows for one visit of the sums.
    static void accumulate(float[] x, int a, int b, int c, int d, float[] out, int oo, int n, int whole) {
        int i = 0;
        for (; i < whole; i += L) {
            FloatVector ab = FloatVector.fromArray(S, x, a + i).add(FloatVector.fromArray(S, x, b + i));
            FloatVector cd = FloatVector.fromArray(S, x, c + i).add(FloatVector.fromArray(S, x, d + i));
            FloatVector.fromArray(S, out, oo + i).add(ab.add(cd)).intoArray(out, oo + i);
        }
        for (; i < n; i++) out[oo + i] += x[a + i] + x[b + i] + (x[c + i] + x[d + i]);
    }

    /// `out = x + y`
    static void add(float[] x, int xo, float[] y, int yo, float[] out, int oo, int n) {
        add(x, xo, y, yo, out, oo, n, S.loopBound(n));
    }

    /// The same with vectors for the first `whole` values only.
    static void add(float[] x, int xo, float[] y, int yo, float[] out, int oo, int n, int whole) {
        int i = 0;
        for (; i < whole; i += L)
            FloatVector.fromArray(S, x, xo + i)
                    .add(FloatVector.fromArray(S, y, yo + i))
                    .intoArray(out, oo + i);
        for (; i < n; i++) out[oo + i] = x[xo + i] + y[yo + i];
    }

    /// `out = x · y`
    static void multiply(float[] x, int xo, float[] y, int yo, float[] out, int oo, int n) {
        int i = 0;
        for (; i < S.loopBound(n); i += L)
            FloatVector.fromArray(S, x, xo + i)
                    .mul(FloatVector.fromArray(S, y, yo + i))
                    .intoArray(out, oo + i);
        for (; i < n; i++) out[oo + i] = x[xo + i] * y[yo + i];
    }

    /// `out += x · y`
    static void addProduct(float[] x, int xo, float[] y, int yo, float[] out, int oo, int n) {
        int i = 0;
        for (; i < S.loopBound(n); i += L)
            FloatVector.fromArray(S, x, xo + i)
                    .fma(FloatVector.fromArray(S, y, yo + i), FloatVector.fromArray(S, out, oo + i))
                    .intoArray(out, oo + i);
        for (; i < n; i++) out[oo + i] = Math.fma(x[xo + i], y[yo + i], out[oo + i]);
    }

    /// `out = a · x`
    static void scale(float a, float[] x, int xo, float[] out, int oo, int n) {
        scale(a, x, xo, out, oo, n, S.loopBound(n));
    }

    private static void scale(float a, float[] x, int xo, float[] out, int oo, int n, int whole) {
        int i = 0;
        for (; i < whole; i += L) FloatVector.fromArray(S, x, xo + i).mul(a).intoArray(out, oo + i);
        for (; i < n; i++) out[oo + i] = a * x[xo + i];
    }

    private static void addScaled(float a, float[] x, int xo, float[] out, int oo, int n) {
        FloatVector factor = FloatVector.broadcast(S, a);
        int i = 0;
        for (; i < S.loopBound(n); i += L)
            FloatVector.fromArray(S, x, xo + i)
                    .fma(factor, FloatVector.fromArray(S, out, oo + i))
                    .intoArray(out, oo + i);
        for (; i < n; i++) out[oo + i] = Math.fma(a, x[xo + i], out[oo + i]);
    }
}
