package dev.merapi.nn.optim;

import dev.merapi.engine.SparseRows;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Kernels.AdamStep;
import dev.merapi.engine.kernel.Kernels.AdamUpdate;
import dev.merapi.nn.Parameter;
import java.util.ArrayList;
import java.util.BitSet;
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
    private final List<AdamUpdate> dense = new ArrayList<>(); // put off to the end of the step
    private Kernels kernels; // theirs
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
        Tensor tensor = slot.parameter.tensor();
        boolean first = slot.values.isEmpty();
        int n = tensor.shape().count();
        AdamStep step = new AdamStep(
                rate,
                beta1,
                beta2,
                eps,
                weightDecay,
                1 - Math.pow(beta1, slot.updates),
                1 - Math.pow(beta2, slot.updates),
                gradScale);
        Table table = new Table(tensor, slot.value(0, n), slot.value(1, n), step);
        if (tensor.gradient() != null) {
            slot.seen = null;
            kernels = tensor.device().kernels();
            dense.add(new AdamUpdate(tensor.data(), tensor.gradient(), table.m, table.v, step));
        } else if (clip != null) {
            throw new IllegalStateException(
                    "AdamW: the gradient of " + slot.parameter.name() + " is sparse; clip with Gradients.clipScale");
        } else {
            if (first) slot.seen = new BitSet();
            table.sparse(tensor.sparseGradient(), slot.seen);
        }
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

    /// A launch for all parameters instead of one each, where kernels are launched.
    @Override
    void finish() {
        if (dense.isEmpty()) return;
        if (clip == null) kernels.adamW(dense);
        else kernels.adamW(dense, clip.values);
        dense.clear();
    }

    /// A parameter of which only some rows have a gradient.
    private record Table(Tensor tensor, Floats m, Floats v, AdamStep step) {

        /// Walks the table in runs of rows that are treated alike.
        ///
        /// @param seen rows that ever had a gradient; null: all
        void sparse(SparseRows gradient, BitSet seen) {
            int rows = tensor.shape().size(0);
            int next = 0; // of the gradient's rows
            for (int row = 0; row < rows; ) {
                int end = row;
                if (next < gradient.count() && gradient.rows()[next] == row) {
                    int from = next;
                    while (next < gradient.count() && gradient.rows()[next] == end) {
                        next++;
                        end++;
                    }
                    int columns = gradient.columns();
                    update(row, end, gradient.values().slice(from * columns, (end - row) * columns));
                    if (seen != null) seen.set(row, end);
                } else {
                    int limit = next < gradient.count() ? gradient.rows()[next] : rows;
                    boolean known = seen == null || seen.get(row);
                    end = seen == null
                            ? limit
                            : Math.min(limit, known ? seen.nextClearBit(row) : nextSeen(seen, row, rows));
                    if (known) update(row, end, null);
                    else decayOnly(row, end);
                }
                row = end;
            }
        }

        private static int nextSeen(BitSet seen, int row, int rows) {
            int next = seen.nextSetBit(row);
            return next < 0 ? rows : next;
        }

        private void update(int row, int end, Floats g) {
            int columns = tensor.shape().columns();
            int from = row * columns;
            int n = (end - row) * columns;
            Kernels k = tensor.device().kernels();
            k.adamW(n, tensor.data().slice(from, n), g, m.slice(from, n), v.slice(from, n), step);
        }

        private void decayOnly(int row, int end) {
            if (step.weightDecay() == 0) return;
            int columns = tensor.shape().columns();
            Floats p = tensor.data().slice(row * columns, (end - row) * columns);
            tensor.device().kernels().scale(p.length, step.decay(), p, p, false);
        }
    }
}
