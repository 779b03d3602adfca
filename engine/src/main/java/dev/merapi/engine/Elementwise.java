package dev.merapi.engine;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Precision;

/// Ops that treat every value alike.
public final class Elementwise {
    private Elementwise() {}

    /// `y = a + b`, same shape.
    public static Tensor add(Tensor a, Tensor b) {
        requireSameShape("add", a, b);
        Kernels k = a.kernels();
        int n = a.shape().count();
        Tensor y = Tensor.result(a.device(), a.shape());
        k.add(n, a.data(), b.data(), y.data());
        if (!Tensor.records(a, b)) return y;
        return y.onBackward(() -> {
            a.contribute((da, accumulate) -> k.copy(n, y.gradient(), da, accumulate));
            b.contribute((db, accumulate) -> k.copy(n, y.gradient(), db, accumulate));
        });
    }

    /// `y = a ∘ b`, same shape.
    public static Tensor multiply(Tensor a, Tensor b) {
        requireSameShape("multiply", a, b);
        Kernels k = a.kernels();
        int n = a.shape().count();
        Tensor y = Tensor.result(a.device(), a.shape());
        k.multiply(n, a.data(), b.data(), y.data(), false);
        if (!Tensor.records(a, b)) return y;
        return y.onBackward(() -> {
            a.contribute((da, accumulate) -> k.multiply(n, y.gradient(), b.data(), da, accumulate));
            b.contribute((db, accumulate) -> k.multiply(n, y.gradient(), a.data(), db, accumulate));
        });
    }

    /// `y = factor · x`.
    public static Tensor scale(Tensor x, float factor) {
        Kernels k = x.kernels();
        int n = x.shape().count();
        Tensor y = Tensor.result(x.device(), x.shape());
        k.scale(n, factor, x.data(), y.data(), false);
        if (!Tensor.records(x)) return y;
        return y.onBackward(() -> x.contribute((dx, accumulate) -> k.scale(n, factor, y.gradient(), dx, accumulate)));
    }

    /// `y = f(x)`, see [Activation] for the formulas.
    public static Tensor activation(Activation f, Tensor x) {
        Kernels k = x.kernels();
        int n = x.shape().count();
        Tensor y = Tensor.result(x.device(), x.shape());
        k.activation(f, n, x.data(), y.data());
        return activated(f, x, y);
    }

    /// y, which is f(x), with its backward pass: `dx = dy ∘ f′(x)`.
    static Tensor activated(Activation f, Tensor x, Tensor y) {
        if (!Tensor.records(x)) return y;
        int n = x.shape().count();
        return y.onBackward(() -> x.contribute((dx, accumulate) ->
                x.kernels().activationBackward(f, n, x.data(), y.data(), y.gradient(), dx, accumulate)));
    }

    /// `y = x · keep / (1 − p)`; x itself where nothing is dropped.
    public static Tensor dropout(Tensor x, Dropout dropout) {
        if (!dropout.isActive()) return x;
        Kernels k = x.kernels();
        int n = x.shape().count();
        Tensor y = Tensor.result(x.device(), x.shape());
        k.dropout(n, x.data(), dropout, y.data(), false);
        if (!Tensor.records(x)) return y;
        return y.onBackward(
                () -> x.contribute((dx, accumulate) -> k.dropout(n, y.gradient(), dropout, dx, accumulate)));
    }

    /// `y = R(x)`, the nearest numbers of a precision, and `dx = R(dy)`: how an operand enters a product of low
    /// precision. x itself in float32.
    public static Tensor round(Tensor x, Precision precision) {
        if (precision == Precision.FP32 || x == null) return x;
        Tensor y = Tensor.result(x.device(), x.shape());
        x.kernels().round(precision, x.shape().count(), x.data(), y.data(), false);
        return roundsGradient(x, y, precision);
    }

    /// The same in the memory of x, a result whose own values nobody needs: how the result of a product of low
    /// precision leaves it.
    static Tensor rounded(Tensor x, Precision precision) {
        if (precision == Precision.FP32) return x;
        Tensor y = Tensor.over(x);
        x.kernels().round(precision, x.shape().count(), x.data(), x.data(), false);
        return roundsGradient(x, y, precision);
    }

    private static Tensor roundsGradient(Tensor x, Tensor y, Precision precision) {
        if (!Tensor.records(x)) return y;
        int n = x.shape().count();
        return y.onBackward(
                () -> x.contribute((dx, accumulate) -> x.kernels().round(precision, n, y.gradient(), dx, accumulate)));
    }

    private static void requireSameShape(String op, Tensor a, Tensor b) {
        if (!a.shape().equals(b.shape()))
            throw new ShapeException(op + ": shapes differ, " + a.shape() + " and " + b.shape()
                    + "; both operands must have the same shape (there is no broadcasting)");
    }
}
