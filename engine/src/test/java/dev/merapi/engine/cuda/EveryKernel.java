package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.HeadSteps;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Kernels.AdamStep;
import dev.merapi.engine.kernel.Kernels.AdamUpdate;
import dev.merapi.engine.kernel.LossScale;
import dev.merapi.engine.kernel.Philox;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.RelativeBias;
import dev.merapi.engine.kernel.RelativePositions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Calls that launch every kernel there is, on sizes that fit no tile, piece or warp.
final class EveryKernel {
    private static final Dropout DROPOUT = new Dropout(0.3f, 77, 3, 2);
    private static final Precision[] LOW = {Precision.BF16, Precision.FP16, Precision.TF32};

    private final Kernels kernels;
    private final Map<String, float[]> results = new LinkedHashMap<>();

    private EveryKernel(Kernels kernels) {
        this.kernels = kernels;
    }

    /// What they leave. Of the products the sizes and the device decide in which tiles they run: on four
    /// multiprocessors in small ones, on one in large ones, on a Hopper of one in all of its three; there,
    /// nothing else is launched but what needs its shared memory.
    static Map<String, float[]> results(Kernels kernels, int multiprocessors, int capability) {
        var every = new EveryKernel(kernels);
        boolean hopper = capability == 90;
        if (multiprocessors > 1) {
            every.elementwise();
            every.rows();
            every.lossesAndOptimizer();
            every.attention();
            every.headSteps();
        }
        if (hopper) every.wideHeadsWithPositions();
        int[][] sizes = hopper
                ? new int[][] {{33, 18, 70}, {120, 250, 40}, {128, 99, 40}}
                : new int[][] {{33, 18, 21}, {65, 132, 70}};
        for (int[] size : sizes) {
            every.products(size[0], size[1], size[2]);
            for (Precision precision : LOW)
                if (!hopper || precision != Precision.TF32) every.products(precision, size[0], size[1], size[2]);
        }
        every.cutSum();
        return every.results;
    }

    // ── Operands ─────────────────────────────────────────────────────────────────────────────────

    /// Of the device's memory, where odd seeds begin at no multiple of 8 bytes.
    private Floats normal(int n, int seed) {
        Floats x = kernels.memory().allocate(seed % 2 + n).slice(seed % 2, n), y = Floats.allocate(n);
        Philox.normal(y, 1, seed, 0, 1);
        for (int i = 0; i < n; i++) x.set(i, y.get(i));
        return x;
    }

    private Floats positive(int n, int seed) {
        Floats x = normal(n, seed);
        for (int i = 0; i < n; i++) x.set(i, Math.abs(x.get(i)) + 0.1f);
        return x;
    }

    private void keep(String name, Floats... results) {
        for (int i = 0; i < results.length; i++)
            if (results[i] != null && this.results.put(name + " " + i, results[i].toArray()) != null)
                throw new IllegalStateException(name + " is there twice");
    }

    // ── Elementwise, rows ────────────────────────────────────────────────────────────────────────

    private void elementwise() {
        int n = 1027;
        Floats x = normal(n, 1), y = normal(n, 2), out = normal(n, 3);
        kernels.fill(n, 2.5f, out);
        for (boolean accumulate : new boolean[] {true, false}) {
            kernels.copy(n, x, out, accumulate);
            kernels.multiply(n, x, y, out, true);
            kernels.scale(n, 0.3f, y, out, true);
            kernels.scale(n, x.slice(5, 1), y, out, accumulate);
            kernels.dropout(n, x, accumulate ? DROPOUT : Dropout.NONE, out, accumulate);
            keep("elementwise " + accumulate, out);
        }
        kernels.add(n, x, y, out);
        for (Precision precision : Precision.values()) kernels.round(precision, n, x, out, true);
        keep("round", out);
        for (Activation f : Activation.values()) {
            kernels.activation(f, n, x, y);
            kernels.activationBackward(f, n, x, y, normal(n, 4), out, f != Activation.GELU);
            keep(f.name(), y, out);
        }
    }

    private void rows() {
        int rows = 300, cols = 37, n = rows * cols; // two chunks of rows
        Floats x = normal(n, 1), sums = normal(cols, 2), table = normal(50 * cols, 3);
        kernels.sumRows(rows, cols, x, sums, true);
        int[] ids = new int[90];
        for (int i = 0; i < ids.length; i++) ids[i] = i * 7 % 50;
        Floats gathered = normal(ids.length * cols, 4), groups = normal(3 * cols, 5);
        kernels.gather(ids.length, cols, table, ids, gathered, false);
        kernels.sumGroups(3, cols, x, new int[] {0, 0, 70, 90}, ids, groups, true);
        kernels.addRows(5, cols, x, new int[] {3, 49, 0, 17, 4}, table);
        keep("rows", sums, gathered, groups, table);
        int[] starts = {0, 1, 8, 40};
        Floats tokens = normal(40 * 12, 6), windows = normal(40 * 12 * 5, 7);
        kernels.unfold(3, 12, 5, starts, 3, tokens, windows);
        kernels.fold(3, 12, 5, starts, 3, windows, tokens, true);
        keep("unfold", windows, tokens);
        for (boolean all : new boolean[] {false, true}) {
            Floats sum = normal(n, 8), y = normal(n, 9), mean = normal(rows, 10), rstd = normal(rows, 11);
            Floats residual = all ? normal(n, 12) : null, gamma = normal(cols, 13), beta = normal(cols, 14);
            kernels.layerNorm(
                    rows, cols, x, all ? DROPOUT : Dropout.NONE, residual, gamma, beta, 1e-5f, sum, y, mean, rstd);
            Floats ds = normal(n, 15), dgamma = normal(cols, 16), dbeta = normal(cols, 17);
            kernels.layerNormBackward(rows, cols, sum, gamma, mean, rstd, x, ds, all, dgamma, dbeta, all);
            keep("layerNorm " + all, sum, y, mean, rstd, ds, dgamma, dbeta);
        }
    }

    private void lossesAndOptimizer() {
        for (int[] shape : new int[][] {{5, 3}, {7, 515}, {20, 1001}}) {
            int rows = shape[0], classes = shape[1], n = rows * classes, labels[] = new int[rows];
            for (int r = 0; r < rows; r++) labels[r] = r == 2 ? -100 : r * 3 % classes;
            Floats logits = normal(n, 1), weights = rows == 5 ? null : positive(classes, 2), targets = positive(n, 3);
            Floats loss = normal(1, 4), bce = normal(1, 5), dlogits = normal(n, 6), dbce = normal(n, 7);
            kernels.crossEntropy(rows, classes, logits, labels, weights, rows == 5 ? 0f : 0.1f, loss, dlogits);
            kernels.binaryCrossEntropy(rows, classes, logits, targets, weights, bce, dbce);
            keep("losses " + rows, loss, dlogits, bce, dbce);
        }
        AdamStep step = new AdamStep(1e-2, 0.9, 0.999, 1e-8, 0.02, 0.1, 0.001, 0.5f);
        var updates = List.of(
                new AdamUpdate(normal(1, 1), normal(1, 2), normal(1, 3), positive(1, 4), step),
                new AdamUpdate(normal(5001, 5), null, normal(5001, 6), positive(5001, 7), step),
                new AdamUpdate(normal(17_001, 8), normal(17_001, 9), normal(17_001, 10), positive(17_001, 11), step));
        Floats clip = normal(2, 12);
        kernels.clipScale(List.of(updates.getFirst().g(), updates.getLast().g()), 0.5, clip);
        kernels.adamW(updates, clip);
        var scale = new LossScale(2, 0.5, 3, positive(2, 14));
        Floats unscaled = normal(3, 13);
        kernels.clipScale(List.of(updates.getLast().g()), 0.5, scale, unscaled);
        keep("clipScale", clip, unscaled, scale.values());
        kernels.adamW(updates);
        for (AdamUpdate u : updates) keep("adamW " + u.p().length, u.p(), u.m(), u.v());
    }

    // ── Products ─────────────────────────────────────────────────────────────────────────────────

    private void products(int m, int n, int k) {
        Floats a = normal(m * k, 1), b = normal(n * k, 2), bias = normal(n, 3);
        Floats nt = normal(m * n, 4), nn = normal(m * n, 5), tn = normal(m * n, 6), y = normal(m * n, 7);
        kernels.matmulNT(m, n, k, a, b, null, nt, true);
        kernels.matmulNT(m, n, k, a, b, bias, Activation.GELU, n % 4 == 0 ? null : nn, y);
        kernels.matmulNN(m, n, k, a, b, nn, true);
        kernels.matmulTN(m, n, k, a, b, tn, false);
        keep("products " + m, nt, nn, tn, y);
    }

    private void products(Precision p, int m, int n, int k) {
        Floats bias = normal(n, 3), y = normal(m * n, 7);
        Floats nt = normal(m * n, 4), nn = normal(m * n, 5), tn = normal(m * n, 6), sums = normal(n, 8);
        Floats mk = lower(p, m, k, 1), nk = lower(p, n, k, 2), kn = lower(p, k, n, 9), km = lower(p, k, m, 10);
        kernels.matmulNT(p, m, n, k, mk, nk, n % 4 == 0 ? null : bias, nt);
        kernels.matmulNT(p, m, n, k, mk, nk, bias, Activation.GELU, n % 4 == 0 ? null : nn, y);
        kernels.matmulNN(p, m, n, k, mk, kn, nn, n % 4 != 0);
        kernels.matmulTN(p, m, n, k, km, kn, tn, true);
        kernels.sumRows(p, k, n, kn, sums, true);
        keep(p + " products " + m, nt, nn, tn, y, sums);
    }

    /// A weight's gradient of so many rows that blocks have pieces of them.
    private void cutSum() {
        Floats out = normal(9 * 3, 1),
                left = lower(Precision.BF16, 1100, 9, 2),
                right = lower(Precision.BF16, 1100, 3, 3);
        kernels.matmulTN(Precision.BF16, 9, 3, 1100, left, right, out, true);
        keep("cut sum", out);
    }

    private Floats lower(Precision precision, int rows, int cols, int seed) {
        Floats lowered = kernels.memory().allocate(kernels.loweredSize(precision, rows, cols));
        kernels.lower(precision, rows, cols, normal(rows * cols, seed), lowered);
        return lowered;
    }

    // ── Attention ────────────────────────────────────────────────────────────────────────────────

    private void attention() {
        for (int depth : new int[] {20, 40, 66}) {
            int[] starts = {0, 1, 18, depth < 64 ? 83 : 53};
            var sizes = new Sizes(
                    depth == 20 ? 2 : 1, depth == 20 ? 40 : depth, starts, depth < 64 ? DROPOUT : Dropout.NONE);
            attention(sizes);
            disentangled(sizes);
            for (Precision precision : new Precision[] {Precision.FP32, Precision.BF16, Precision.FP16})
                if (depth > 20) biased(sizes, precision);
            for (Precision precision : new Precision[] {Precision.BF16, Precision.FP16}) {
                lowAttention(sizes, precision, null);
                if (depth <= 64) lowAttention(sizes, precision, positions(sizes));
            }
        }
    }

    /// What takes more shared memory than every device has.
    private void wideHeadsWithPositions() {
        var sizes = new Sizes(1, 66, new int[] {0, 1, 34, 70}, DROPOUT);
        for (Precision precision : new Precision[] {Precision.BF16, Precision.FP16})
            lowAttention(sizes, precision, positions(sizes));
    }

    private record Sizes(int heads, int channels, int[] starts, Dropout dropout) {
        int tokens() {
            return starts[starts.length - 1];
        }

        int n() {
            return tokens() * channels;
        }

        int longest() {
            return tokens() - starts[starts.length - 2];
        }

        String of(String what) {
            return what + " heads of " + channels / heads;
        }
    }

    private RelativePositions positions(Sizes s) {
        int[] rows = new int[2 * s.longest() - 1];
        for (int r = 0; r < rows.length; r++) rows[r] = Math.clamp(r - s.longest() + 1 + 20, 0, 39);
        return new RelativePositions(normal(40 * s.channels, 5), normal(40 * s.channels, 6), rows);
    }

    private void attention(Sizes s) {
        Floats q = normal(s.n(), 1), k = normal(s.n(), 2), v = normal(s.n(), 3), dcontext = normal(s.n(), 4);
        Floats context = normal(s.n(), 7), lse = normal(s.heads * s.tokens(), 8);
        Floats dq = normal(s.n(), 9), dk = normal(s.n(), 10), dv = normal(s.n(), 11);
        kernels.attention(s.heads, s.channels, s.starts, 3, q, k, v, s.dropout, context, lse);
        kernels.attentionBackward(
                s.heads, s.channels, s.starts, 3, q, k, v, s.dropout, context, lse, dcontext, dq, dk, dv);
        keep(s.of("attention"), context, lse, dq, dk, dv);
    }

    private void disentangled(Sizes s) {
        Floats q = normal(s.n(), 1), k = normal(s.n(), 2), v = normal(s.n(), 3), dcontext = normal(s.n(), 4);
        Floats context = normal(s.n(), 7), lse = normal(s.heads * s.tokens(), 8);
        Floats dq = normal(s.n(), 9), dk = normal(s.n(), 10), dv = normal(s.n(), 11);
        RelativePositions positions = positions(s);
        Floats keys = normal(40 * s.channels, 12), queries = normal(40 * s.channels, 13);
        int h = s.heads, c = s.channels;
        kernels.disentangledAttention(h, c, s.starts, 3, q, k, v, positions, 0.1f, s.dropout, context, lse);
        kernels.disentangledAttentionBackward(
                h, c, s.starts, 3, q, k, v, positions, 0.1f, s.dropout, context, lse, dcontext, dq, dk, dv, keys,
                queries);
        keep(s.of("disentangled"), context, lse, dq, dk, dv, keys, queries);
    }

    private void biased(Sizes s, Precision precision) {
        Floats q = normal(s.n(), 1), k = normal(s.n(), 2), v = normal(s.n(), 3), dcontext = normal(s.n(), 4);
        Floats context = normal(s.n(), 7), dq = normal(s.n(), 9), dk = normal(s.n(), 10), dv = normal(s.n(), 11);
        int h = s.heads, c = s.channels, buckets[] = new int[2 * s.longest() + 3];
        for (int i = 0; i < buckets.length; i++) buckets[i] = Math.min(10, i / 7);
        var bias = new RelativeBias(normal(12 * h, 5), buckets);
        Floats kept = kernels.memory().allocate(kernels.biasedAttentionKeeps(precision, h, c, s.tokens()));
        Floats dbias = normal(12 * h, 6);
        kernels.biasedAttention(precision, h, c, s.starts, 3, q, k, v, bias, s.dropout, context, kept);
        kernels.biasedAttentionBackward(
                precision, h, c, s.starts, 3, q, k, v, bias, s.dropout, context, kept, dcontext, dq, dk, dv, dbias);
        keep(s.of(precision + " biased"), context, dq, dk, dv, dbias);
    }

    private void lowAttention(Sizes s, Precision precision, RelativePositions positions) {
        Floats q = normal(s.n(), 1), k = normal(s.n(), 2), v = normal(s.n(), 3), dcontext = normal(s.n(), 4);
        Floats context = normal(s.n(), 7), dq = normal(s.n(), 9), dk = normal(s.n(), 10), dv = normal(s.n(), 11);
        Floats keys = positions == null ? null : normal(40 * s.channels, 12);
        Floats queries = positions == null ? null : normal(40 * s.channels, 13);
        int h = s.heads, c = s.channels;
        Floats kept = kernels.memory().allocate(kernels.attentionKeeps(precision, h, c, s.tokens(), positions));
        kernels.attention(precision, h, c, s.starts, 3, q, k, v, positions, 0.1f, s.dropout, context, kept);
        kernels.attentionBackward(
                precision, h, c, s.starts, 3, positions, 0.1f, s.dropout, context, kept, dcontext, dq, dk, dv, keys,
                queries);
        keep(
                s.of(precision + (positions == null ? " attention" : " disentangled")),
                context,
                dq,
                dk,
                dv,
                keys,
                queries);
    }

    private void headSteps() {
        int heads = 3, depth = 37, table = 9, starts[] = {0, 1, 34, 39, 109}, tokens = 109;
        int rows = heads * tokens * depth, scores = heads * (1 + 33 * 33 + 5 * 5 + 70 * 70);
        HeadSteps steps = kernels.headSteps(heads, depth, starts);
        int[] rowOf = new int[145];
        for (int i = 0; i < rowOf.length; i++) rowOf[i] = i * i % table;
        Floats a = normal(rows, 1), b = normal(rows, 2), s = normal(scores, 3), y = normal(rows, 4);
        steps.swap(tokens, heads, a, y, false);
        steps.productNT(y, b, s, true);
        steps.addBias(s, 0.1f, normal(table * heads, 5), rowOf);
        Floats terms = normal(heads * tokens * table, 6), dbias = normal(table * heads, 7);
        for (boolean byKey : new boolean[] {false, true}) steps.addRelative(s, terms, table, rowOf, byKey);
        steps.softmax(s, 0.3f);
        Floats p = normal(scores, 8), ds = normal(scores, 9);
        steps.dropout(s, DROPOUT, p, false);
        steps.productNN(p, b, y, true);
        steps.productTN(p, y, a, false);
        steps.softmaxBackward(s, p, 0.3f, ds, true);
        steps.addBiasBackward(ds, rowOf, dbias);
        for (boolean byKey : new boolean[] {false, true}) steps.addRelativeBackward(ds, table, rowOf, byKey, terms);
        keep("headSteps", y, s, p, a, ds, dbias, terms);
    }
}
