package dev.merapi.engine;

import static dev.merapi.engine.Elementwise.round;
import static dev.merapi.engine.Elementwise.rounded;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.RelativePositions;

/// Attention that looks at content and at relative positions apart (He et al. 2021, "DeBERTa: Decoding-enhanced
/// BERT with disentangled attention", arXiv:2006.03654).
public final class DisentangledAttention {
    private DisentangledAttention() {}

    /// For each sequence and head, with r the row of the relative position i − j:
    ///
    ///     S_ij = (q_i·k_j + q_i·keys_r + k_j·queries_r) · scale    P = softmax(S)    context = dropout(P)·V
    ///
    ///     q, k, v, context [N, C]: head h in channels h·D … (h+1)·D, D = C / heads    starts [B + 1]
    ///     keys, queries [P, C], or null: that term is left out
    ///     rows [2·reach − 1]: the row of relative position r at `r + reach − 1`, reach ≥ the longest sequence
    ///
    /// Kept for the backward pass: `ln Σ_j e^{S_ij}` per row and head; P is computed again. Low precision is as
    /// in [Attention#attention], each of the three products of a score rounded.
    ///
    /// @param scale the paper's 1/√(D·(1 + terms)), but some checkpoints leave a term out and keep the scale
    public static Tensor attention(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor keys,
            Tensor queries,
            int[] rows,
            float scale,
            int heads,
            int[] starts,
            Dropout dropout) {
        Attention.check(q, k, v, heads, starts);
        check(q, keys, queries, rows, starts);
        Precision low = Scope.precision().results();
        if (low == Precision.FP32) return fused(q, k, v, keys, queries, rows, scale, heads, starts, dropout);
        var positions = positions(keys, queries, rows);
        var whole = new LowAttention(low, heads, starts, scale, dropout);
        return whole.isThere(q, positions)
                ? whole.attention(q, k, v, keys, queries, positions)
                : writtenOut(q, k, v, keys, queries, rows, scale, heads, starts, dropout, low);
    }

    static Tensor writtenOut(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor keys,
            Tensor queries,
            int[] rows,
            float scale,
            int heads,
            int[] starts,
            Dropout dropout,
            Precision low) {
        Heads apart = new Heads(q.kernels(), heads, q.shape().columns(), starts);
        Tensor qs = rounded(apart.split(q), low); // [H, N, D]
        Tensor ks = rounded(apart.split(k), low);
        Tensor vs = rounded(apart.split(v), low);
        Tensor s = rounded(apart.scores(qs, ks), low);
        if (keys != null) {
            Tensor table = rounded(apart.split(keys), low); // [H, P, D]
            s = apart.addRelative(s, rounded(apart.against(qs, table), low), rows, false);
        }
        if (queries != null) {
            Tensor table = rounded(apart.split(queries), low);
            s = apart.addRelative(s, rounded(apart.against(ks, table), low), rows, true);
        }
        Tensor p = apart.softmax(s, scale);
        Tensor dropped = round(apart.dropout(p, dropout), low);
        return rounded(apart.join(apart.mix(dropped, vs)), low);
    }

    private static Tensor fused(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor keys,
            Tensor queries,
            int[] rows,
            float scale,
            int heads,
            int[] starts,
            Dropout dropout) {
        Kernels kernels = q.kernels();
        int channels = q.shape().columns(), tokens = q.shape().rows(), sequences = starts.length - 1;
        var positions = positions(keys, queries, rows);
        Tensor context = Tensor.result(q.device(), q.shape());
        boolean records = Tensor.records(q, k, v, keys, queries);
        Tensor logSumExp = records ? Tensor.result(q.device(), Shape.of(heads, tokens)) : null;
        kernels.disentangledAttention(
                heads,
                channels,
                starts,
                sequences,
                q.data(),
                k.data(),
                v.data(),
                positions,
                scale,
                dropout,
                context.data(),
                records ? logSumExp.data() : null);
        if (!records) return context;
        return context.onBackward(() -> {
            Tensor dq = Tensor.result(q.device(), q.shape());
            Tensor dk = Tensor.result(q.device(), q.shape());
            Tensor dv = Tensor.result(q.device(), q.shape());
            Tensor dkeys = keys == null ? null : Tensor.result(q.device(), keys.shape());
            Tensor dqueries = queries == null ? null : Tensor.result(q.device(), queries.shape());
            kernels.disentangledAttentionBackward(
                    heads,
                    channels,
                    starts,
                    sequences,
                    q.data(),
                    k.data(),
                    v.data(),
                    positions,
                    scale,
                    dropout,
                    context.data(),
                    logSumExp.data(),
                    context.gradient(),
                    dq.data(),
                    dk.data(),
                    dv.data(),
                    keys == null ? null : dkeys.data(),
                    queries == null ? null : dqueries.data());
            q.contribute(dq);
            k.contribute(dk);
            v.contribute(dv);
            if (keys != null) keys.contribute(dkeys);
            if (queries != null) queries.contribute(dqueries);
        });
    }

    private static RelativePositions positions(Tensor keys, Tensor queries, int[] rows) {
        return new RelativePositions(keys == null ? null : keys.data(), queries == null ? null : queries.data(), rows);
    }

    private static void check(Tensor q, Tensor keys, Tensor queries, int[] rows, int[] starts) {
        int longest = 0, table = Integer.MAX_VALUE;
        for (int b = 1; b < starts.length; b++) longest = Math.max(longest, starts[b] - starts[b - 1]);
        for (Tensor each : new Tensor[] {keys, queries}) {
            if (each == null) continue;
            if (each.shape().rank() != 2 || each.shape().columns() != q.shape().columns())
                throw new ShapeException("disentangledAttention: a table of positions must be [P, "
                        + q.shape().columns() + "] beside q " + q.shape() + ", got " + each.shape());
            table = Math.min(table, each.shape().rows());
        }
        if (rows.length % 2 == 0 || rows.length < 2 * longest - 1)
            throw new ShapeException("disentangledAttention: a sequence of " + longest
                    + " tokens needs the rows of " + (2 * longest - 1)
                    + " relative positions (or a longer odd number), got " + rows.length);
        for (int row : rows)
            if (row < 0 || row >= table)
                throw new ShapeException(
                        "disentangledAttention: row " + row + " is outside of a table of " + table + " positions");
    }
}
