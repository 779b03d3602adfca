package dev.merapi.engine;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;

/// Normalizations.
public final class Normalize {
    private Normalize() {}

    /// Layer normalization over the last axis (Ba et al. 2016, arXiv:1607.06450):
    /// `y = (x − μ) · r · γ + β`,  `r = 1 / √(σ² + ε)`
    ///
    ///     x, y [N, C]    γ, β [C]
    public static Tensor layerNorm(Tensor x, Tensor gamma, Tensor beta, float eps) {
        return addLayerNorm(x, Dropout.NONE, null, gamma, beta, eps);
    }

    /// The end of every sublayer of BERT in one pass: `y = LayerNorm(dropout(x) + residual)`.
    /// With `s = dropout(x) + residual`, `ŝ = (s − μ)·r`, `g = dy·γ`:
    /// `ds = r·(g − mean(g) − ŝ·mean(g·ŝ))`,  `dresidual = ds`,  `dx = dropout(ds)`,  `dγ = Σ dy·ŝ`,  `dβ = Σ
    /// dy`
    ///
    ///     x, residual (or null), s, y [N, C]    γ, β [C]    μ, r [N], kept with s for the backward pass
    public static Tensor addLayerNorm(
            Tensor x, Dropout dropout, Tensor residual, Tensor gamma, Tensor beta, float eps) {
        check(x, residual, gamma, beta);
        Kernels k = x.kernels();
        int rows = x.shape().rows();
        int columns = x.shape().columns();
        Floats added = residual == null ? null : residual.data();
        Tensor y = Tensor.result(x.device(), x.shape());
        if (!Tensor.records(x, residual, gamma, beta)) {
            k.layerNorm(
                    rows,
                    columns,
                    x.data(),
                    dropout,
                    added,
                    gamma.data(),
                    beta.data(),
                    eps,
                    null,
                    y.data(),
                    null,
                    null);
            return y;
        }
        boolean plain = residual == null && !dropout.isActive();
        Tensor sum = plain ? x : Tensor.result(x.device(), x.shape());
        Tensor mean = Tensor.result(x.device(), Shape.of(rows));
        Tensor rstd = Tensor.result(x.device(), Shape.of(rows));
        k.layerNorm(
                rows,
                columns,
                x.data(),
                dropout,
                added,
                gamma.data(),
                beta.data(),
                eps,
                plain ? null : sum.data(),
                y.data(),
                mean.data(),
                rstd.data());
        return y.onBackward(() -> {
            Floats dgamma = gamma.accumulator();
            Floats dbeta = beta.accumulator();
            Tensor.Contribution toSum = (ds, accumulate) -> k.layerNormBackward(
                    rows,
                    columns,
                    sum.data(),
                    gamma.data(),
                    mean.data(),
                    rstd.data(),
                    y.gradient(),
                    ds,
                    accumulate,
                    dgamma,
                    dbeta,
                    true);
            if (plain) {
                x.contribute(toSum);
                if (!x.isTracked())
                    toSum.to(Tensor.result(x.device(), x.shape()).data(), false);
                return;
            }
            Tensor ds = Tensor.result(x.device(), x.shape());
            toSum.to(ds.data(), false);
            int n = x.shape().count();
            x.contribute((dx, accumulate) -> k.dropout(n, ds.data(), dropout, dx, accumulate));
            if (residual != null) residual.contribute(ds);
            else ds.recycle();
        });
    }

    private static void check(Tensor x, Tensor residual, Tensor gamma, Tensor beta) {
        int columns = x.shape().columns();
        if (gamma.shape().count() != columns || beta.shape().count() != columns)
            throw new ShapeException("layerNorm: x " + x.shape() + " needs gamma and beta [" + columns + "], got "
                    + gamma.shape() + " and " + beta.shape());
        if (residual != null && !residual.shape().equals(x.shape()))
            throw new ShapeException("layerNorm: x " + x.shape() + " and the residual " + residual.shape()
                    + " must have the same shape");
    }
}
