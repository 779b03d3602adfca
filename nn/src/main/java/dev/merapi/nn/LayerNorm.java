package dev.merapi.nn;

import dev.merapi.engine.Normalize;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Dropout;

/// Layer normalization over the last axis (Ba et al. 2016, arXiv:1607.06450): `y = (x − μ) / √(σ² + ε) · γ + β`
///
///     x, y [N, C]    weight γ, bias β [C]
public final class LayerNorm {
    private final Tensor gamma;
    private final Tensor beta;
    private final float eps;

    public LayerNorm(Parameters at, int channels, float eps) {
        this.gamma = at.add("weight", Parameter.Initial.ONES, channels);
        this.beta = at.add("bias", Parameter.Initial.ZEROS, channels);
        this.eps = eps;
    }

    public Tensor forward(Tensor x) {
        return Normalize.layerNorm(x, gamma, beta, eps);
    }

    /// `LayerNorm(dropout(x) + residual)`, the end of every sublayer, in one pass over memory.
    public Tensor forward(Tensor x, Dropout dropout, Tensor residual) {
        return Normalize.addLayerNorm(x, dropout, residual, gamma, beta, eps);
    }
}
