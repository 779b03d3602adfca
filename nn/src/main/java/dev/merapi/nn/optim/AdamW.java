package dev.merapi.nn.optim;

import dev.merapi.nn.Parameter;
import java.util.List;
import java.util.function.Predicate;

/// Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101), the numbers of PyTorch's
/// `AdamW`:
///
///     p ← p − lr·λ·p
///     m ← β1·m + (1−β1)·g            v ← β2·v + (1−β2)·g²
///     m̂ = m / (1−β1ᵗ)                v̂ = v / (1−β2ᵗ)
///     p ← p − lr·m̂ / (√v̂ + ε)
///
/// A table whose gradient is sparse gets exactly the dense update: rows of the batch as above; rows of an
/// earlier batch with g = 0, since their m and v still decay; rows never seen have m = v = 0, and only the
/// weight decay moves them.
public final class AdamW extends Optimizer {
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double eps = 1e-8;
    private final AdamUpdates updates = new AdamUpdates();
    private Clip clip; // of the step at hand; null: the gradients' scale is all

    private AdamW(List<Parameter> parameters) {
        super(parameters, 0.01);
    }

    public static AdamW of(List<Parameter> parameters) {
        return new AdamW(parameters);
    }

    public AdamW betas(double beta1, double beta2) {
        this.beta1 = beta1;
        this.beta2 = beta2;
        return this;
    }

    public AdamW eps(double eps) {
        this.eps = eps;
        return this;
    }

    @Override
    public AdamW weightDecay(double weightDecay) {
        super.weightDecay(weightDecay);
        return this;
    }

    @Override
    public AdamW noDecay(Predicate<Parameter> exempt) {
        super.noDecay(exempt);
        return this;
    }

    @Override
    List<String> kept() {
        return List.of("m", "v");
    }

    @Override
    void update(Slot slot, double rate, double weightDecay, float gradScale) {
        if (clip != null && slot.parameter.tensor().gradient() == null)
            throw new IllegalStateException(
                    "AdamW: the gradient of " + slot.parameter.name() + " is sparse; clip with Gradients.clipScale");
        updates.add(slot, AdamUpdates.step(slot, rate, beta1, beta2, eps, weightDecay, gradScale));
    }

    /// One update with clipped gradients, or none where they are not finite, without waiting for a GPU to know.
    ///
    /// @throws IllegalStateException if a gradient is sparse, which those on a GPU are not
    public void step(double rate, Clip clip) {
        this.clip = clip;
        try {
            step(rate);
        } finally {
            this.clip = null;
        }
    }

    /// Takes note that the last step was skipped, since its gradients were not finite ([Clip.Outcome#made]): it
    /// counts neither for the schedule nor for the corrections of m and v. To be called before the next step.
    public void skipped() {
        takeBack();
    }

    @Override
    void finish() {
        updates.finish(clip);
    }
}
