package dev.merapi.nn;

import dev.merapi.engine.Attention;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Dropout;

/// Multi-head self-attention without its output projection (Vaswani et al. 2017, arXiv:1706.03762):
/// `context = softmax(Q·Kᵀ/√D)·V` per sequence and head, with `Q = x·Wqᵀ + bq` and so on.
///
///     x, context [N, C]    D = C / heads    starts [B + 1]
public final class SelfAttention {
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final int heads;

    public SelfAttention(Parameters at, int channels, int heads) {
        this.query = new Linear(at.under("query"), channels, channels);
        this.key = new Linear(at.under("key"), channels, channels);
        this.value = new Linear(at.under("value"), channels, channels);
        this.heads = heads;
    }

    /// @param dropout on the attention probabilities
    public Tensor forward(Tensor x, int[] starts, Dropout dropout) {
        return Attention.attention(query.forward(x), key.forward(x), value.forward(x), heads, starts, dropout);
    }
}
