package dev.merapi.engine;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.RelativePositions;

/// [Attention] and [DisentangledAttention] of low precision in one kernel, where a device has it. It rounds
/// less than the steps of [Heads]: Q, K, V, the tables, P and dS before their products, and all results;
/// neither scores nor dP. Kept for the backward pass: the rounded operands, and `ln Σ_j e^{score}` per row and
/// head.
record LowAttention(Precision low, int heads, int[] starts, float scale, Dropout dropout) {

    /// @param positions null: plain
    boolean isThere(Tensor q, RelativePositions positions) {
        return keeps(q, positions) > 0;
    }

    private int keeps(Tensor q, RelativePositions positions) {
        return q.kernels()
                .attentionKeeps(low, heads, q.shape().columns(), q.shape().rows(), positions);
    }

    /// @param keys, queries the positions' tables
    Tensor attention(Tensor q, Tensor k, Tensor v, Tensor keys, Tensor queries, RelativePositions positions) {
        Kernels kernels = q.kernels();
        int channels = q.shape().columns(), sequences = starts.length - 1;
        Tensor context = Tensor.result(q.device(), q.shape());
        boolean records = Tensor.records(q, k, v, keys, queries);
        Floats kept = records
                ? Tensor.result(q.device(), Shape.of(keeps(q, positions))).data()
                : null;
        kernels.attention(
                low,
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
                kept);
        if (!records) return context;
        return context.onBackward(() -> {
            Tensor dq = Tensor.result(q.device(), q.shape());
            Tensor dk = Tensor.result(q.device(), q.shape());
            Tensor dv = Tensor.result(q.device(), q.shape());
            Tensor dkeys = keys == null ? null : Tensor.result(q.device(), keys.shape());
            Tensor dqueries = queries == null ? null : Tensor.result(q.device(), queries.shape());
            kernels.attentionBackward(
                    low,
                    heads,
                    channels,
                    starts,
                    sequences,
                    positions,
                    scale,
                    dropout,
                    context.data(),
                    kept,
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
}
