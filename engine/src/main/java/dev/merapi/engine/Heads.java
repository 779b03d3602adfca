package dev.merapi.engine;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Philox;

/// Attention written out, a step an op: heads apart, scores, probabilities, context. [BiasedAttention] is made
/// of these steps, and so is all attention in low precision, which rounds between them. Plainer and slower than
/// [Attention], which does them all at once and keeps no probabilities.
///
///     q, k, v, context [N, C]       apart [H, N, D]: each piece, the rows of a sequence under a head, is a
///     matrix
///     scores, probabilities         [T, T] of each sequence under the first head, then under the second …
final class Heads {
    private final Kernels kernels;
    private final int heads;
    private final int width; // D
    private final int[] starts;
    private final int tokens; // N
    private final int scores; // values of all pieces' scores

    Heads(Kernels kernels, int heads, int channels, int[] starts) {
        this.kernels = kernels;
        this.heads = heads;
        this.width = channels / heads;
        this.starts = starts;
        this.tokens = starts[starts.length - 1];
        long count = 0;
        for (int b = 1; b < starts.length; b++) {
            long t = starts[b] - starts[b - 1];
            count += heads * t * t;
        }
        if (count > Integer.MAX_VALUE)
            throw new ShapeException("attention: " + count + " scores, expected at most " + Integer.MAX_VALUE
                    + "; split the batch into smaller ones");
        this.scores = (int) count;
    }

    /// One sequence under one head: its rows `[t, D]` begin at value `rows` of heads apart, its scores `[t, t]`
    /// at `scores`.
    private record Piece(int sequence, int head, int begin, int t, int rows, int scores) {}

    @FunctionalInterface
    private interface Visitor {
        void visit(Piece piece);
    }

    private void forEach(Visitor visitor) {
        int place = 0;
        for (int b = 1; b < starts.length; b++) {
            int begin = starts[b - 1], t = starts[b] - begin;
            for (int h = 0; h < heads; h++) {
                visitor.visit(new Piece(b - 1, h, begin, t, (h * tokens + begin) * width, place));
                place += t * t;
            }
        }
    }

    // ── Heads apart and together ─────────────────────────────────────────────────────────────────

    /// [R, C] → [H, R, D]; R may be other rows than the tokens
    Tensor split(Tensor x) {
        int rows = x.shape().rows();
        Tensor y = Tensor.result(x.device(), Shape.of(heads, rows, width));
        transpose(x.data(), rows, heads, y.data(), false);
        if (!Tensor.records(x)) return y;
        return y.onBackward(
                () -> x.contribute((dx, accumulate) -> transpose(y.gradient(), heads, rows, dx, accumulate)));
    }

    /// [H, N, D] → [N, C]
    Tensor join(Tensor x) {
        Tensor y = Tensor.result(x.device(), Shape.of(tokens, heads * width));
        transpose(x.data(), heads, tokens, y.data(), false);
        if (!Tensor.records(x)) return y;
        return y.onBackward(
                () -> x.contribute((dx, accumulate) -> transpose(y.gradient(), tokens, heads, dx, accumulate)));
    }

    /// [m, n, D] → [n, m, D]
    private void transpose(Floats x, int m, int n, Floats y, boolean accumulate) {
        float[] values = x.readable(), result = y.writable();
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++) {
                int from = x.offset + (i * n + j) * width;
                int to = y.offset + (j * m + i) * width;
                if (accumulate) for (int d = 0; d < width; d++) result[to + d] += values[from + d];
                else System.arraycopy(values, from, result, to, width);
            }
    }

    // ── Products ─────────────────────────────────────────────────────────────────────────────────

    /// `S = Q·Kᵀ` of each piece, `dQ = dS·K`, `dK = dSᵀ·Q`.
    ///
    ///     q, k heads apart    S scores
    Tensor scores(Tensor q, Tensor k) {
        Tensor s = Tensor.result(q.device(), Shape.of(scores));
        forEach(p -> kernels.matmulNT(p.t, p.t, width, rows(q, p), rows(k, p), null, square(s.data(), p), false));
        if (!Tensor.records(q, k)) return s;
        return s.onBackward(() -> {
            q.contribute((dq, accumulate) -> forEach(p ->
                    kernels.matmulNN(p.t, width, p.t, square(s.gradient(), p), rows(k, p), rows(dq, p), accumulate)));
            k.contribute((dk, accumulate) -> forEach(p ->
                    kernels.matmulTN(p.t, width, p.t, square(s.gradient(), p), rows(q, p), rows(dk, p), accumulate)));
        });
    }

    /// `context = P·V` of each piece, `dP = dcontext·Vᵀ`, `dV = Pᵀ·dcontext`.
    ///
    ///     P probabilities    v, context heads apart
    Tensor mix(Tensor p, Tensor v) {
        Tensor y = Tensor.result(v.device(), v.shape());
        forEach(at -> kernels.matmulNN(at.t, width, at.t, square(p.data(), at), rows(v, at), rows(y, at), false));
        if (!Tensor.records(p, v)) return y;
        return y.onBackward(() -> {
            p.contribute((dp, accumulate) -> forEach(at -> kernels.matmulNT(
                    at.t, at.t, width, rows(y.gradient(), at), rows(v, at), null, square(dp, at), accumulate)));
            v.contribute((dv, accumulate) -> forEach(at -> kernels.matmulTN(
                    at.t, width, at.t, square(p.data(), at), rows(y.gradient(), at), rows(dv, at), accumulate)));
        });
    }

    /// `y = x·tableᵀ` of each head.
    ///
    ///     x [H, N, D]    table [H, P, D]    y [H, N, P]
    Tensor against(Tensor x, Tensor table) {
        int positions = table.shape().size(1);
        Tensor y = Tensor.result(x.device(), Shape.of(heads, tokens, positions));
        for (int h = 0; h < heads; h++)
            kernels.matmulNT(
                    tokens, positions, width, head(x.data(), h), head(table.data(), h), null, head(y.data(), h), false);
        if (!Tensor.records(x, table)) return y;
        return y.onBackward(() -> {
            x.contribute((dx, accumulate) -> {
                for (int h = 0; h < heads; h++)
                    kernels.matmulNN(
                            tokens,
                            width,
                            positions,
                            head(y.gradient(), h),
                            head(table.data(), h),
                            head(dx, h),
                            accumulate);
            });
            table.contribute((dtable, accumulate) -> {
                for (int h = 0; h < heads; h++)
                    kernels.matmulTN(
                            positions,
                            width,
                            tokens,
                            head(y.gradient(), h),
                            head(x.data(), h),
                            head(dtable, h),
                            accumulate);
            });
        });
    }

    private Floats rows(Tensor x, Piece p) {
        return rows(x.data(), p);
    }

    private Floats rows(Floats x, Piece p) {
        return x.slice(p.rows, p.t * width);
    }

    private static Floats square(Floats x, Piece p) {
        return x.slice(p.scores, p.t * p.t);
    }

    private Floats head(Floats x, int h) {
        int size = x.length / heads;
        return x.slice(h * size, size);
    }

    // ── Scores ───────────────────────────────────────────────────────────────────────────────────

    /// `S[i,j] ← S[i,j]·scale + bias[bucket(j − i), h]` in the memory of S, which goes.
    ///
    ///     bias [buckets, H]    bucketOf [2·reach − 1]: of the distance d at `d + reach − 1`
    Tensor addBias(Tensor s, float scale, Tensor bias, int[] bucketOf) {
        int middle = bucketOf.length / 2;
        Tensor y = Tensor.over(s);
        forEach(p -> {
            Floats values = square(s.data(), p);
            for (int i = 0; i < p.t; i++)
                for (int j = 0; j < p.t; j++)
                    values.set(
                            i * p.t + j,
                            values.get(i * p.t + j) * scale
                                    + bias.data().get(bucketOf[middle + j - i] * heads + p.head));
        });
        if (!Tensor.records(s, bias)) return y;
        return y.onBackward(() -> {
            Floats dbias = bias.accumulator();
            forEach(p -> {
                if (dbias == null) return;
                Floats dy = square(y.gradient(), p);
                for (int i = 0; i < p.t; i++)
                    for (int j = 0; j < p.t; j++) {
                        int at = bucketOf[middle + j - i] * heads + p.head;
                        dbias.set(at, dbias.get(at) + dy.get(i * p.t + j));
                    }
            });
            s.contribute((ds, accumulate) -> kernels.scale(scores, scale, y.gradient(), ds, accumulate));
        });
    }

    /// `S[i,j] ← S[i,j] + terms[h, i, row(i − j)]` in the memory of S, which goes; with `byKey`
    /// `terms[h, j, row(i − j)]`.
    ///
    ///     terms [H, N, P]    rowOf [2·reach − 1]: of the relative position r at `r + reach − 1`
    Tensor addRelative(Tensor s, Tensor terms, int[] rowOf, boolean byKey) {
        int positions = terms.shape().columns(), middle = rowOf.length / 2;
        Tensor y = Tensor.over(s);
        forEach(p -> {
            Floats values = square(s.data(), p);
            for (int i = 0; i < p.t; i++)
                for (int j = 0; j < p.t; j++) {
                    int token = p.head * tokens + p.begin + (byKey ? j : i);
                    float term = terms.data().get(token * positions + rowOf[middle + i - j]);
                    values.set(i * p.t + j, values.get(i * p.t + j) + term);
                }
        });
        if (!Tensor.records(s, terms)) return y;
        return y.onBackward(() -> {
            Floats dterms = terms.accumulator();
            forEach(p -> {
                if (dterms == null) return;
                Floats dy = square(y.gradient(), p);
                for (int i = 0; i < p.t; i++)
                    for (int j = 0; j < p.t; j++) {
                        int token = p.head * tokens + p.begin + (byKey ? j : i);
                        int at = token * positions + rowOf[middle + i - j];
                        dterms.set(at, dterms.get(at) + dy.get(i * p.t + j));
                    }
            });
            s.contribute((ds, accumulate) -> kernels.copy(scores, y.gradient(), ds, accumulate));
        });
    }

    /// Rows of `softmax(scale·S)` in the memory of S, which goes; `dS = scale · P ∘ (dP − rowsum(P ∘ dP))`.
    Tensor softmax(Tensor s, float scale) {
        Tensor p = Tensor.over(s);
        forEach(at -> {
            for (int i = 0; i < at.t; i++) softmax(s.data().slice(at.scores + i * at.t, at.t), scale);
        });
        if (!Tensor.records(s)) return p;
        return p.onBackward(() -> s.contribute((ds, accumulate) -> forEach(at -> {
            for (int i = 0; i < at.t; i++) {
                int row = at.scores + i * at.t;
                softmaxBackward(
                        p.data().slice(row, at.t),
                        p.gradient().slice(row, at.t),
                        scale,
                        ds.slice(row, at.t),
                        accumulate);
            }
        })));
    }

    private static void softmax(Floats s, float scale) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < s.length; j++) {
            s.set(j, s.get(j) * scale);
            largest = Math.max(largest, s.get(j));
        }
        double sum = 0;
        for (int j = 0; j < s.length; j++) {
            float e = (float) Math.exp(s.get(j) - largest);
            s.set(j, e);
            sum += e;
        }
        float inverse = (float) (1 / sum);
        for (int j = 0; j < s.length; j++) s.set(j, s.get(j) * inverse);
    }

    private static void softmaxBackward(Floats p, Floats dp, float scale, Floats ds, boolean accumulate) {
        double sum = 0;
        for (int j = 0; j < p.length; j++) sum += (double) p.get(j) * dp.get(j);
        for (int j = 0; j < p.length; j++) {
            float value = p.get(j) * (float) (dp.get(j) - sum) * scale;
            ds.set(j, accumulate ? ds.get(j) + value : value);
        }
    }

    /// The dropout of the probabilities, on the elements that [Kernels#attention] drops.
    Tensor dropout(Tensor p, Dropout dropout) {
        if (!dropout.isActive()) return p;
        Tensor y = Tensor.result(p.device(), p.shape());
        drop(p.data(), dropout, y.data(), false);
        if (!Tensor.records(p)) return y;
        return y.onBackward(() -> p.contribute((dp, accumulate) -> drop(y.gradient(), dropout, dp, accumulate)));
    }

    private void drop(Floats x, Dropout dropout, Floats y, boolean accumulate) {
        int longest = 0;
        for (int b = 1; b < starts.length; b++) longest = Math.max(longest, starts[b] - starts[b - 1]);
        long stride = (longest + 3) / 4 * 4;
        forEach(p -> {
            for (int i = 0; i < p.t; i++)
                for (int j = 0; j < p.t; j++) {
                    long element = ((long) p.head * tokens + p.begin + i) * stride + j;
                    int at = p.scores + i * p.t + j;
                    float kept = Philox.apply(dropout, element, x.get(at));
                    y.set(at, accumulate ? y.get(at) + kept : kept);
                }
        });
    }
}
