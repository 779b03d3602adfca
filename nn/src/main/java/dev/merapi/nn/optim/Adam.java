package dev.merapi.nn.optim;

import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Kernels.AdamStep;
import dev.merapi.nn.Parameter;
import java.util.List;

/// Adam (Kingma & Ba 2015, arXiv:1412.6980) with L2 regularization in the gradient, the numbers of PyTorch's
/// `Adam`:
///
///     g ← g + λ·p
///     m ← β1·m + (1−β1)·g            v ← β2·v + (1−β2)·g²
///     p ← p − lr · m̂ / (√v̂ + ε),     m̂ = m / (1−β1ᵗ),  v̂ = v / (1−β2ᵗ)
///
/// [AdamW] decouples the decay from the gradient's scale and is what fine-tuning wants where λ > 0.
public final class Adam extends Optimizer {
    private final double beta1;
    private final double beta2;
    private final double eps;
    private final AdamUpdates updates = new AdamUpdates();

    private Adam(List<Parameter> parameters, double beta1, double beta2, double eps) {
        super(parameters, 0);
        this.beta1 = beta1;
        this.beta2 = beta2;
        this.eps = eps;
    }

    public static Adam of(List<Parameter> parameters) {
        return of(parameters, 0.9, 0.999, 1e-8);
    }

    public static Adam of(List<Parameter> parameters, double beta1, double beta2, double eps) {
        return new Adam(parameters, beta1, beta2, eps);
    }

    @Override
    List<String> kept() {
        return List.of("m", "v");
    }

    /// Without regularization rows of a table that have no gradient can be left to [AdamUpdates]; with it every
    /// row has one.
    @Override
    void update(Slot slot, double rate, double weightDecay, float gradScale) {
        if (weightDecay == 0) {
            updates.add(slot, AdamUpdates.step(slot, rate, beta1, beta2, eps, 0, gradScale));
            return;
        }
        Tensor tensor = slot.parameter.tensor();
        Kernels k = tensor.device().kernels();
        int n = tensor.shape().count();
        Floats g = slot.gradient(gradScale);
        k.scale(n, (float) weightDecay, tensor.data(), g, true);
        slot.rowOf = null;
        AdamStep step = AdamUpdates.step(slot, rate, beta1, beta2, eps, 0, 1f);
        k.adamW(n, tensor.data(), g, slot.value(0, n), slot.value(1, n), step);
    }

    @Override
    void finish() {
        updates.finish(null);
    }
}
