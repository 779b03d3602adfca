package dev.merapi.engine;

import static dev.merapi.engine.Elementwise.round;
import static dev.merapi.engine.Elementwise.rounded;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.RelativeBias;

/// Attention with a learned bias by relative position, as T5 and MPNet have it. On a CPU plainer and slower
/// than [Attention]: one matrix product a sequence and head, probabilities kept, see `Heads`.
public final class BiasedAttention {
    private BiasedAttention() {}

    /// For each sequence and head: `S[i,j] = q_i·k_j / √D + bias[bucket(j − i), h]`,  `P = softmax(S)`,
    /// `context = dropout(P)·V`. Backwards `dS = P ∘ (dP − rowsum(P ∘ dP))`, and the bias of a bucket gets the
    /// sum of dS over its places.
    ///
    ///     q, k, v, context [N, C]: head h in channels h·D … (h+1)·D, D = C / heads    starts [B + 1]
    ///     bias [buckets, H]    bucketOf [2 T − 1]: of the distance j − i in its place T − 1 + j − i, T the
    ///     longest
    ///     sequence or more
    ///
    /// Kept for the backward pass: P, H·T² values a sequence. Low precision is as in [Attention#attention]. A
    /// device with kernels for it does it all at once, in any precision, keeps `ln Σ_j e^{S_ij}` and rounds as
    /// `LowAttention` does.
    public static Tensor attention(
            Tensor q, Tensor k, Tensor v, Tensor bias, int[] bucketOf, int[] starts, Dropout dropout) {
        int channels = q.shape().columns(), tokens = q.shape().rows();
        int heads = bias.shape().columns();
        check(q, k, v, heads, bucketOf, starts);
        Precision low = Scope.precision().results();
        int keeps = q.kernels().biasedAttentionKeeps(low, heads, channels, tokens);
        return keeps > 0
                ? whole(q, k, v, bias, bucketOf, starts, dropout, low, keeps)
                : writtenOut(q, k, v, bias, bucketOf, starts, dropout, low);
    }

    static Tensor writtenOut(
            Tensor q, Tensor k, Tensor v, Tensor bias, int[] bucketOf, int[] starts, Dropout dropout, Precision low) {
        int channels = q.shape().columns(), heads = bias.shape().columns();
        Heads apart = new Heads(q.kernels(), heads, channels, starts);
        float scale = (float) (1 / Math.sqrt(channels / heads));
        Tensor qs = rounded(apart.split(q), low); // [H, N, D]
        Tensor ks = rounded(apart.split(k), low);
        Tensor vs = rounded(apart.split(v), low);
        Tensor s = rounded(apart.scores(qs, ks), low);
        Tensor p = apart.softmax(apart.addBias(s, scale, bias, bucketOf), 1);
        Tensor dropped = round(apart.dropout(p, dropout), low);
        return rounded(apart.join(apart.mix(dropped, vs)), low);
    }

    /// @param keeps values for the backward pass
    private static Tensor whole(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor bias,
            int[] bucketOf,
            int[] starts,
            Dropout dropout,
            Precision low,
            int keeps) {
        Kernels kernels = q.kernels();
        int heads = bias.shape().columns(), channels = q.shape().columns(), sequences = starts.length - 1;
        var relative = new RelativeBias(bias.data(), bucketOf);
        Tensor context = Tensor.result(q.device(), q.shape());
        boolean records = Tensor.records(q, k, v, bias), learns = Tensor.records(bias);
        Floats kept = records ? Tensor.result(q.device(), Shape.of(keeps)).data() : null;
        kernels.biasedAttention(
                low,
                heads,
                channels,
                starts,
                sequences,
                q.data(),
                k.data(),
                v.data(),
                relative,
                dropout,
                context.data(),
                kept);
        if (!records) return context;
        return context.onBackward(() -> {
            Tensor dq = Tensor.result(q.device(), q.shape());
            Tensor dk = Tensor.result(q.device(), q.shape());
            Tensor dv = Tensor.result(q.device(), q.shape());
            Tensor dbias = learns ? Tensor.result(q.device(), bias.shape()) : null;
            kernels.biasedAttentionBackward(
                    low,
                    heads,
                    channels,
                    starts,
                    sequences,
                    q.data(),
                    k.data(),
                    v.data(),
                    relative,
                    dropout,
                    context.data(),
                    kept,
                    context.gradient(),
                    dq.data(),
                    dk.data(),
                    dv.data(),
                    dbias == null ? null : dbias.data());
            q.contribute(dq);
            k.contribute(dk);
            v.contribute(dv);
            if (dbias != null) bias.contribute(dbias);
        });
    }

    private static void check(Tensor q, Tensor k, Tensor v, int heads, int[] bucketOf, int[] starts) {
        if (!q.shape().equals(k.shape())
                || !q.shape().equals(v.shape())
                || q.shape().rank() != 2)
            throw new ShapeException("biased attention: q, k and v must be [N, C] alike, got " + q.shape() + ", "
                    + k.shape() + ", " + v.shape());
        if (q.shape().columns() % heads != 0)
            throw new ShapeException("biased attention: " + q.shape().columns() + " channels cannot be cut into "
                    + heads + " heads, the columns of the bias");
        if (starts.length < 2
                || starts[0] != 0
                || starts[starts.length - 1] != q.shape().rows())
            throw new ShapeException("biased attention: starts must run from 0 to the "
                    + q.shape().rows() + " rows of q");
        int longest = 0;
        for (int b = 1; b < starts.length; b++) longest = Math.max(longest, starts[b] - starts[b - 1]);
        if (bucketOf.length % 2 == 0 || bucketOf.length < 2 * longest - 1)
            throw new ShapeException("biased attention: sequences of " + longest + " tokens need the buckets of "
                    + (2 * longest - 1) + " distances, got " + bucketOf.length);
    }
}
