package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.MatmulScratch.WIDTH;
import static dev.merapi.engine.simd.PanelKernels.HEIGHT;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import java.util.Arrays;

/// Attention of one head of one sequence, tokens [begin, end) of the batch.
///
/// Everything lies in panels of [MatmulScratch#WIDTH] columns, two vectors: Q, K and V copied by channels,
/// `[D/WIDTH, T, WIDTH]`, what meets them transposed, `[D, WIDTH]`. A tile of scores is then a piece of the
/// panel that the next product reads, and no matrix of T² values is ever packed.
///
/// Letters: N tokens of the batch, C channels, D = C/H, T tokens of the sequence, R queries of a panel.
record AttentionHead(Batch batch, int begin, int end, int head, AttentionScratch scratch) {

    /// What all heads and sequences share: q, k, v [N, C], `tokens` N, the width of the dropout's index space.
    /// Their rows are what is transposed.
    record Batch(
            int heads,
            int channels,
            int tokens,
            int width,
            Dropout dropout,
            Floats q,
            Floats k,
            Floats v,
            MatmulOperand queries,
            MatmulOperand keys,
            MatmulOperand values) {
        Batch(int heads, int channels, int tokens, int width, Dropout dropout, Floats q, Floats k, Floats v) {
            MatmulOperand queries = MatmulOperand.lines(q, channels);
            MatmulOperand keys = MatmulOperand.lines(k, channels), values = MatmulOperand.lines(v, channels);
            this(heads, channels, tokens, width, dropout, q, k, v, queries, keys, values);
        }
    }

    /// The context of `rows` queries from token `first` on. For each panel of queries
    ///
    ///     Sᵀ = K·Qᵀ [T, R]    softmax down the columns, undivided    context = Sᵀᵀ·V [R, D], rows divided by
    ///     the sums
    ///
    /// so that a query is a lane: nothing is summed across a vector.
    void forward(int first, int rows, Floats context, Floats logSumExp) {
        int t = end - begin, d = depth();
        scratch.forward(t, d);
        copy(batch.k, t, scratch.keys);
        copy(batch.v, t, scratch.values);
        for (int query = first; query < first + rows; query += WIDTH) {
            int count = Math.min(WIDTH, first + rows - query);
            transpose(batch.queries, query, count, scratch.lines);
            scores(t, scratch.keys, scratch.lines, scratch.p, 0);
            scratch.softmax(t, scale());
            if (logSumExp != null)
                for (int r = 0; r < count; r++)
                    logSumExp.set(head * batch.tokens + query + r, scratch.logSumExp(r, scale()));
            if (batch.dropout.isActive())
                SimdRandom.dropColumns(scratch.p, t, count, element(query), batch.width, batch.dropout, scratch.words);
            scratch.divide(batch.dropout.scale());
            mix(scratch.p, 0, count, t, scratch.values, scratch.factors, context, query);
        }
    }

    /// The gradients of the sequence's q, k and v. For each panel of keys
    ///
    ///     S = Q·Kᵀ, dP = dcontext·Vᵀ [T, R]    dS = P∘(keep∘dP − δ)/√D    dV = Pᵀ·dcontext, dK = dSᵀ·Q [R, D]
    ///
    /// with `δ = Σ dcontext∘context` over the head's channels, and for every few panels `dQ += dS·K`.
    void backward(Floats context, Floats logSumExp, Floats dcontext, Floats dq, Floats dk, Floats dv) {
        int t = end - begin, d = depth(), panel = AttentionScratch.panel(t);
        scratch.backward(t, d);
        copy(batch.q, t, scratch.queries);
        copy(dcontext, t, scratch.gradients);
        copy(batch.k, t, scratch.keys);
        for (int i = 0; i < t; i++) {
            int at = at(context, begin + i);
            float sum = logSumExp.get(head * batch.tokens + begin + i);
            Arrays.fill(scratch.shifts, i * WIDTH, (i + 1) * WIDTH, sum * -AttentionPanels.LOG);
            scratch.deltas[i] = AttentionRows.dot(dcontext.array, at(dcontext, begin + i), context.array, at, d);
        }
        for (int j = 0; j < t; j += WIDTH) {
            int count = Math.min(WIDTH, t - j), of = j / WIDTH % AttentionScratch.PANELS, at = of * panel;
            transpose(batch.keys, begin + j, count, scratch.lines);
            scores(t, scratch.queries, scratch.lines, scratch.p, 0);
            transpose(batch.values, begin + j, count, scratch.lines);
            scores(t, scratch.gradients, scratch.lines, scratch.ds, at);
            gradient(j, at);
            mix(scratch.p, 0, count, t, scratch.gradients, null, dv, begin + j);
            mix(scratch.ds, at, count, t, scratch.queries, null, dk, begin + j);
            if (of == AttentionScratch.PANELS - 1 || j + count == t) mixQueries(j - of * WIDTH, j + count, dq);
        }
    }

    /// S into P, or keep∘P, and dP into dS/√D, for the panel that begins with key j.
    private void gradient(int j, int at) {
        int t = end - begin;
        AttentionPanels.exp2(scratch.p, t, scale() * AttentionPanels.LOG, scratch.shifts, WIDTH, scratch.sum);
        if (!batch.dropout.isActive()) {
            AttentionPanels.gradient(scratch.p, scratch.ds, at, t, scratch.deltas, scale());
            return;
        }
        for (int i = 0; i < t; i++)
            SimdRandom.dropout(scratch.ones, 0, scratch.keep, i * WIDTH, WIDTH, element(begin + i) + j, batch.dropout);
        AttentionPanels.gradient(scratch.p, scratch.ds, at, t, scratch.deltas, scale(), scratch.keep);
    }

    /// `out[i, c] = x_i · y_c`: x in panels of channels, y a transposed panel, out [rows, WIDTH].
    private void scores(int rows, float[] x, float[] y, float[] out, int at) {
        int d = depth(), panel = AttentionScratch.panel(rows);
        for (int i = 0; i < rows; i += HEIGHT)
            scratch.rows(Math.min(HEIGHT, rows - i), d, x, i * WIDTH, panel, y, 0, out, at + i * WIDTH);
    }

    /// `out[token + r, c] = Σ_i a[i, r] · b[i, c]` for the first `count` columns of a panel; rows are
    /// multiplied by `factors`, if there are any.
    private void mix(float[] a, int at, int count, int k, float[] b, float[] factors, Floats out, int token) {
        int d = depth(), panel = AttentionScratch.panel(k);
        for (int c = 0; c < d; c += WIDTH)
            for (int r = 0; r < count; r += HEIGHT) {
                int rows = Math.min(HEIGHT, count - r);
                scratch.columns(rows, k, a, at + r, b, c / WIDTH * panel);
                if (factors != null) scratch.multiply(rows, factors, r);
                scratch.write(rows, Math.min(WIDTH, d - c), out, at(out, token + r) + c, batch.channels, false);
            }
    }

    /// `dq_i += Σ_j ds[i, j] · k_j` for the keys [from, to), whose panels of dS are there; the first ones
    /// store.
    private void mixQueries(int from, int to, Floats dq) {
        int t = end - begin, d = depth(), panel = AttentionScratch.panel(t);
        for (int i = 0; i < t; i += HEIGHT)
            for (int c = 0; c < d; c += WIDTH) {
                int rows = Math.min(HEIGHT, t - i), b = c / WIDTH * panel + from * WIDTH;
                scratch.rows(rows, to - from, scratch.ds, i * WIDTH, panel, scratch.keys, b, scratch.tile, 0);
                scratch.write(rows, Math.min(WIDTH, d - c), dq, at(dq, begin + i) + c, batch.channels, from > 0);
            }
    }

    /// The sequence's rows of x into panels [D/WIDTH, T, WIDTH].
    private void copy(Floats x, int t, float[] panels) {
        int d = depth(), from = at(x, begin), panel = AttentionScratch.panel(t);
        for (int c = 0; c < d; c += WIDTH)
            scratch.copy(x.array, from + c, batch.channels, t, Math.min(WIDTH, d - c), panels, c / WIDTH * panel);
    }

    /// The head's channels of `count` rows into a panel [D, WIDTH].
    private void transpose(MatmulOperand x, int token, int count, float[] panel) {
        scratch.transpose(x, token, count, head * depth(), depth(), panel);
    }

    private int at(Floats x, int token) {
        return x.offset + token * batch.channels + head * depth();
    }

    private long element(int token) {
        return ((long) head * batch.tokens + token) * batch.width;
    }

    private int depth() {
        return batch.channels / batch.heads;
    }

    private float scale() {
        return (float) (1 / Math.sqrt(depth()));
    }
}
