package dev.merapi.engine;

import static dev.merapi.engine.Elementwise.round;
import static dev.merapi.engine.Elementwise.rounded;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Precision;

/// The only op that mixes information across tokens.
public final class Attention {
    private Attention() {}

    /// Multi-head scaled dot-product attention over packed sequences (Vaswani et al. 2017, arXiv:1706.03762),
    /// for each sequence and head: `P = softmax(Q·Kᵀ / √D)`,  `context = dropout(P)·V`
    ///
    ///     q, k, v, context [N, C]: head h in channels h·D … (h+1)·D, D = C / heads
    ///     starts [B + 1]: sequence b is rows starts[b] … starts[b+1]; a token sees the tokens of its own
    ///     sequence only
    ///
    /// Kept for the backward pass: `ln Σ_j e^{score}` per row and head; P is computed again (Dao et al. 2022,
    /// arXiv:2205.14135).
    ///
    /// In a scope of low precision Q, K, V, the dropped P, and the results and gradients of both products are
    /// rounded to it; P is then kept, H·T² values a sequence. A device with kernels for it leaves scores and
    /// their gradients unrounded until their next product, and keeps no P, see `LowAttention`.
    public static Tensor attention(Tensor q, Tensor k, Tensor v, int heads, int[] starts, Dropout dropout) {
        check(q, k, v, heads, starts);
        Precision low = Scope.precision().results();
        if (low == Precision.FP32) return fused(q, k, v, heads, starts, dropout);
        float scale = (float) (1 / Math.sqrt(q.shape().columns() / heads));
        var whole = new LowAttention(low, heads, starts, scale, dropout);
        return whole.isThere(q, null)
                ? whole.attention(q, k, v, null, null, null)
                : writtenOut(q, k, v, heads, starts, dropout, low);
    }

    static Tensor writtenOut(Tensor q, Tensor k, Tensor v, int heads, int[] starts, Dropout dropout, Precision low) {
        int channels = q.shape().columns();
        Heads apart = new Heads(q.kernels(), heads, channels, starts);
        Tensor qs = rounded(apart.split(q), low); // [H, N, D]
        Tensor ks = rounded(apart.split(k), low);
        Tensor vs = rounded(apart.split(v), low);
        Tensor s = rounded(apart.scores(qs, ks), low);
        Tensor p = apart.softmax(s, (float) (1 / Math.sqrt(channels / heads)));
        Tensor dropped = round(apart.dropout(p, dropout), low);
        return rounded(apart.join(apart.mix(dropped, vs)), low);
    }

    private static Tensor fused(Tensor q, Tensor k, Tensor v, int heads, int[] starts, Dropout dropout) {
        Kernels kernels = q.kernels();
        int channels = q.shape().columns();
        int tokens = q.shape().rows();
        int sequences = starts.length - 1;
        Tensor context = Tensor.result(q.device(), q.shape());
        if (!Tensor.records(q, k, v)) {
            kernels.attention(
                    heads, channels, starts, sequences, q.data(), k.data(), v.data(), dropout, context.data(), null);
            return context;
        }
        Tensor logSumExp = Tensor.result(q.device(), Shape.of(heads, tokens));
        kernels.attention(
                heads,
                channels,
                starts,
                sequences,
                q.data(),
                k.data(),
                v.data(),
                dropout,
                context.data(),
                logSumExp.data());
        return context.onBackward(() -> {
            Tensor dq = Tensor.result(q.device(), q.shape());
            Tensor dk = Tensor.result(q.device(), q.shape());
            Tensor dv = Tensor.result(q.device(), q.shape());
            kernels.attentionBackward(
                    heads,
                    channels,
                    starts,
                    sequences,
                    q.data(),
                    k.data(),
                    v.data(),
                    dropout,
                    context.data(),
                    logSumExp.data(),
                    context.gradient(),
                    dq.data(),
                    dk.data(),
                    dv.data());
            q.contribute(dq);
            k.contribute(dk);
            v.contribute(dv);
        });
    }

    static void check(Tensor q, Tensor k, Tensor v, int heads, int[] starts) {
        if (!q.shape().equals(k.shape())
                || !q.shape().equals(v.shape())
                || q.shape().rank() != 2)
            throw new ShapeException("attention: q, k and v must be [N, C] alike, got " + q.shape() + ", " + k.shape()
                    + ", " + v.shape());
        if (heads < 1 || q.shape().columns() % heads != 0)
            throw new ShapeException(
                    "attention: " + q.shape().columns() + " channels cannot be cut into " + heads + " heads");
        if (starts.length < 2
                || starts[0] != 0
                || starts[starts.length - 1] != q.shape().rows())
            throw new ShapeException(
                    "attention: starts must run from 0 to the " + q.shape().rows() + " rows of q");
        for (int b = 1; b < starts.length; b++)
            if (starts[b] <= starts[b - 1])
                throw new ShapeException("attention: sequence " + (b - 1) + " is empty; starts must ascend");
    }
}
