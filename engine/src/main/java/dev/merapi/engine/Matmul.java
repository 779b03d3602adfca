package dev.merapi.engine;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Precision;

/// Matrix products.
public final class Matmul {
    private Matmul() {}

    /// A linear layer with the weight as checkpoints store it:
    /// `y = x·Wᵀ + b`,  `dx = dy·W`,  `dW = dyᵀ·x`,  `db = Σ_rows dy`
    ///
    ///     x [N, inputs]    W [outputs, inputs]    b [outputs] or null    y [N, outputs]
    ///
    /// Where nothing learns W is packed once and reused; the values are the same bits.
    public static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        check(x, weight, bias);
        Precision p = Scope.precision();
        return p == Precision.FP32 ? product(x, weight, bias) : lowProduct(p, x, weight, bias);
    }

    private static Tensor product(Tensor x, Tensor weight, Tensor bias) {
        Kernels k = x.kernels();
        int rows = x.shape().rows();
        int outputs = weight.shape().size(0);
        int inputs = weight.shape().size(1);
        Tensor y = Tensor.result(x.device(), x.shape().withColumns(outputs));
        if (!Tensor.learns(x, weight, bias) && weight.isLeaf() && k.packs())
            k.matmulPacked(rows, x.data(), weight.packed(), bias == null ? null : bias.data(), y.data());
        else
            k.matmulNT(
                    rows, outputs, inputs, x.data(), weight.data(), bias == null ? null : bias.data(), y.data(), false);
        if (!Tensor.records(x, weight, bias)) return y;
        return y.onBackward(() -> {
            x.contribute(
                    (dx, accumulate) -> k.matmulNN(rows, inputs, outputs, y.gradient(), weight.data(), dx, accumulate));
            weight.contribute(
                    (dw, accumulate) -> k.matmulTN(outputs, inputs, rows, y.gradient(), x.data(), dw, accumulate));
            if (bias != null)
                bias.contribute((db, accumulate) -> k.sumRows(rows, outputs, y.gradient(), db, accumulate));
        });
    }

    /// The same in a scope of low precision, where x, W, b and dy are rounded to it, and y and all gradients as
    /// well: `y = R(R(x)·R(W)ᵀ + R(b))`,  `dx = R(R(dy)·R(W))`,  `dW = R(R(dy)ᵀ·R(x))`,  `db = R(Σ_rows R(dy))`
    ///
    /// With TF32 x, W and dy alone are.
    private static Tensor lowProduct(Precision p, Tensor x, Tensor weight, Tensor bias) {
        Kernels k = x.kernels();
        int rows = x.shape().rows();
        int outputs = weight.shape().size(0);
        int inputs = weight.shape().size(1);
        Floats lowX = x.lowered(p), lowWeight = weight.lowered(p);
        Tensor y = Tensor.result(x.device(), x.shape().withColumns(outputs));
        k.matmulNT(p, rows, outputs, inputs, lowX, lowWeight, bias == null ? null : bias.data(), y.data());
        if (!Tensor.records(x, weight, bias)) return y;
        Scope scope = Scope.current();
        return y.onBackward(() -> {
            Floats dy = scope.borrow(x.device(), k.loweredSize(p, rows, outputs));
            k.lower(p, rows, outputs, y.gradient(), dy);
            x.contribute((dx, accumulate) -> k.matmulNN(p, rows, inputs, outputs, dy, lowWeight, dx, accumulate));
            weight.contribute((dw, accumulate) -> k.matmulTN(p, outputs, inputs, rows, dy, lowX, dw, accumulate));
            if (bias != null && p.results() == p)
                bias.contribute((db, accumulate) -> k.sumRows(p, rows, outputs, dy, db, accumulate));
            else if (bias != null)
                bias.contribute((db, accumulate) -> k.sumRows(rows, outputs, y.gradient(), db, accumulate));
            scope.giveBack(x.device(), dy);
        });
    }

    private static void check(Tensor x, Tensor weight, Tensor bias) {
        if (weight.shape().rank() != 2)
            throw new ShapeException("linear: the weight must be [outputs, inputs], got " + weight.shape());
        if (x.shape().rank() < 1 || x.shape().columns() != weight.shape().size(1))
            throw new ShapeException("linear: x " + x.shape() + " · Wᵀ, W " + weight.shape()
                    + ": the last size of both must be equal"
                    + (x.shape().columns() == weight.shape().size(0) ? "; is W transposed?" : ""));
        if (bias != null && bias.shape().count() != weight.shape().size(0))
            throw new ShapeException("linear: bias " + bias.shape() + " does not fit W " + weight.shape()
                    + ", expected [" + weight.shape().size(0) + "]");
    }
}
