package dev.merapi.engine;

import dev.merapi.engine.kernel.Activation;
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
    /// Where nothing learns W is packed once and reused; the values are the same bits. A W that is held in 16
    /// bits ([Tensor#weight]) is for inference alone.
    public static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        check(x, weight, bias);
        return product(x, weight, bias, null);
    }

    /// The same and its activation: `y = f(x·Wᵀ + b)`, in one pass where the kernels can. What f is applied to
    /// is then kept for a backward pass alone.
    public static Tensor linear(Tensor x, Tensor weight, Tensor bias, Activation f) {
        check(x, weight, bias);
        return x.kernels().fuses(f) && weight.narrow() == null
                ? product(x, weight, bias, f)
                : Elementwise.activation(f, product(x, weight, bias, null));
    }

    /// @param f null: none
    private static Tensor product(Tensor x, Tensor weight, Tensor bias, Activation f) {
        Precision p = Scope.precision();
        if (weight.narrow() != null) checkInference(p, x, weight, bias);
        boolean records = Tensor.records(x, weight, bias);
        Shape shape = x.shape().withColumns(weight.shape().size(0));
        Tensor product = f == null || records ? Tensor.result(x.device(), shape) : null;
        Tensor y = f == null ? product : Tensor.result(x.device(), shape);
        if (p == Precision.FP32) multiply(x, weight, bias, f, product, y, records);
        else multiplyLow(p, x, weight, bias, f, product, y, records);
        return f == null || !records ? y : Elementwise.activated(f, product, y);
    }

    /// @param f       null: none
    /// @param product what f is applied to, null where it is not kept; y where f is null
    private static void multiply(
            Tensor x, Tensor weight, Tensor bias, Activation f, Tensor product, Tensor y, boolean records) {
        Kernels k = x.kernels();
        int rows = x.shape().rows();
        int outputs = weight.shape().size(0);
        int inputs = weight.shape().size(1);
        Floats added = data(bias);
        if (weight.narrow() != null)
            k.matmulPacked(rows, x.data(), weight.narrow().packed(), added, y.data());
        else if (f != null)
            k.matmulNT(rows, outputs, inputs, x.data(), weight.data(), added, f, data(product), y.data());
        else if (!learns(x, weight, bias) && weight.isLeaf() && k.packs())
            k.matmulPacked(rows, x.data(), weight.packed(), added, y.data());
        else k.matmulNT(rows, outputs, inputs, x.data(), weight.data(), added, y.data(), false);
        if (!records) return;
        product.onBackward(() -> {
            Floats dy = product.gradient();
            x.contribute((dx, accumulate) -> k.matmulNN(rows, inputs, outputs, dy, weight.data(), dx, accumulate));
            weight.contribute((dw, accumulate) -> k.matmulTN(outputs, inputs, rows, dy, x.data(), dw, accumulate));
            if (bias != null) bias.contribute((db, accumulate) -> k.sumRows(rows, outputs, dy, db, accumulate));
        });
    }

    /// The same in a scope of low precision, where x, W, b and dy are rounded to it, and y and all gradients as
    /// well: `y = R(R(x)·R(W)ᵀ + R(b))`,  `dx = R(R(dy)·R(W))`,  `dW = R(R(dy)ᵀ·R(x))`,  `db = R(Σ_rows R(dy))`
    ///
    /// With TF32 x, W and dy alone are.
    private static void multiplyLow(
            Precision p,
            Tensor x,
            Tensor weight,
            Tensor bias,
            Activation f,
            Tensor product,
            Tensor y,
            boolean records) {
        Kernels k = x.kernels();
        int rows = x.shape().rows();
        int outputs = weight.shape().size(0);
        int inputs = weight.shape().size(1);
        Floats lowX = x.lowered(p), lowWeight = weight.lowered(p);
        if (f == null) k.matmulNT(p, rows, outputs, inputs, lowX, lowWeight, data(bias), y.data());
        else k.matmulNT(p, rows, outputs, inputs, lowX, lowWeight, data(bias), f, data(product), y.data());
        if (!records) return;
        Scope scope = Scope.current();
        product.onBackward(() -> {
            Floats dy = scope.borrow(x.device(), k.loweredSize(p, rows, outputs));
            k.lower(p, rows, outputs, product.gradient(), dy);
            x.contribute((dx, accumulate) -> k.matmulNN(p, rows, inputs, outputs, dy, lowWeight, dx, accumulate));
            weight.contribute((dw, accumulate) -> k.matmulTN(p, outputs, inputs, rows, dy, lowX, dw, accumulate));
            if (bias != null && p.results() == p)
                bias.contribute((db, accumulate) -> k.sumRows(p, rows, outputs, dy, db, accumulate));
            else if (bias != null)
                bias.contribute((db, accumulate) -> k.sumRows(rows, outputs, product.gradient(), db, accumulate));
            scope.giveBack(x.device(), dy);
        });
    }

    private static boolean learns(Tensor x, Tensor weight, Tensor bias) {
        return Tensor.learns(x) || Tensor.learns(weight) || Tensor.learns(bias);
    }

    private static Floats data(Tensor x) {
        return x == null ? null : x.data();
    }

    private static void checkInference(Precision p, Tensor x, Tensor weight, Tensor bias) {
        if (learns(x, weight, bias))
            throw new IllegalStateException("linear: W " + weight.shape() + " is held in " + weight.precision()
                    + ", for inference; to train, load the model in float32, without a dtype");
        if (p != Precision.FP32)
            throw new IllegalStateException("linear: W " + weight.shape() + " is held in " + weight.precision()
                    + " for products in float32, got a scope of " + p + "; leave one of them out");
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
