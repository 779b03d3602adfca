package dev.merapi.nn;

import dev.merapi.engine.Matmul;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Activation;

/// `y = x·Wᵀ + b`
///
///     x [N, inputs]    weight W [outputs, inputs]    bias b [outputs]    y [N, outputs]
public final class Linear {
    private final Tensor weight;
    private final Tensor bias;

    public Linear(Parameters at, int inputs, int outputs) {
        weight = at.addWeight("weight", outputs, inputs);
        bias = at.add("bias", Parameter.Initial.ZEROS, outputs);
    }

    public Tensor forward(Tensor x) {
        return Matmul.linear(x, weight, bias);
    }

    /// `y = f(x·Wᵀ + b)`
    public Tensor forward(Tensor x, Activation f) {
        return Matmul.linear(x, weight, bias, f);
    }
}
