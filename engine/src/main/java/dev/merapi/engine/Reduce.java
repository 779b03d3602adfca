package dev.merapi.engine;

import dev.merapi.engine.kernel.Kernels;

/// Ops that make one value of many.
public final class Reduce {
    private Reduce() {}

    /// `y = Σ x`, a scalar.
    public static Tensor sum(Tensor x) {
        Kernels k = x.kernels();
        int n = x.shape().count();
        Tensor y = Tensor.result(x.device(), Shape.scalar());
        k.sumRows(n, 1, x.data(), y.data(), false);
        if (!Tensor.records(x)) return y;
        return y.onBackward(() -> {
            Tensor dx = Tensor.result(x.device(), x.shape());
            k.fill(n, y.gradient().get(0), dx.data());
            x.contribute(dx);
        });
    }

    /// `y = Σ x / count`, a scalar.
    public static Tensor mean(Tensor x) {
        return Elementwise.scale(sum(x), 1f / x.shape().count());
    }
}
