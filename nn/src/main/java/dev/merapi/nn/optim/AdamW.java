package dev.merapi.nn.optim;

import dev.merapi.engine.SparseRows;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Kernels.AdamStep;
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
public final class AdamW {
    private final List<State> states = new ArrayList<>();
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double eps = 1e-8;
    private double weightDecay = 0.01;
    private int steps;

    private AdamW(List<Parameter> parameters) {
        for (Parameter p : parameters) states.add(new State(p));
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

    public AdamW weightDecay(double weightDecay) {
        this.weightDecay = weightDecay;
        return this;
    }

    /// Parameters that do not decay: `noDecay(Parameter::isBiasOrNorm)` is what transformers does.
    public AdamW noDecay(Predicate<Parameter> exempt) {
        for (State s : states) s.decays = !exempt.test(s.parameter);
        return this;
    }

    /// One update with the gradients as they are.
    public void step(double rate) {
        step(rate, 1f);
    }

    /// One update with all gradients times `gradScale` ([Gradients#clipScale]); then forgets the gradients.
    /// Parameters without a gradient stay as they are, as in PyTorch.
    public void step(double rate, float gradScale) {
        steps++;
        double bias1 = 1 - Math.pow(beta1, steps);
        double bias2 = 1 - Math.pow(beta2, steps);
        for (State s : states) {
            Tensor tensor = s.parameter.tensor();
            AdamStep step = new AdamStep(rate, beta1, beta2, eps, s.decays ? weightDecay : 0, bias1, bias2, gradScale);
            if (tensor.gradient() != null) s.dense(tensor, step);
            else if (tensor.sparseGradient() != null) s.sparse(tensor, tensor.sparseGradient(), step);
            else continue;
            tensor.clearGradient();
            tensor.modified();
        }
    }

    /// How many updates were made.
    public int steps() {
        return steps;
    }

    /// The moments of one parameter, made when its first gradient comes.
    private static final class State {
        final Parameter parameter;
        boolean decays = true;
        private Floats m;
        private Floats v;
        private BitSet seen; // rows of a table that ever had a gradient; null: all

        State(Parameter parameter) {
            this.parameter = parameter;
        }

        void dense(Tensor tensor, AdamStep step) {
            allocate(tensor);
            seen = null;
            int n = tensor.shape().count();
            tensor.device().kernels().adamW(n, tensor.data(), tensor.gradient(), m, v, step);
        }

        /// Walks the table in runs of rows that are treated alike.
        void sparse(Tensor tensor, SparseRows gradient, AdamStep step) {
            boolean first = m == null;
            allocate(tensor);
            if (first) seen = new BitSet();
            Kernels k = tensor.device().kernels();
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
                    update(
                            k,
                            tensor,
                            row,
                            end,
                            gradient.values().slice(from * gradient.columns(), (end - row) * gradient.columns()),
                            step);
                    if (seen != null) seen.set(row, end);
                } else {
                    int limit = next < gradient.count() ? gradient.rows()[next] : rows;
                    boolean known = seen == null || seen.get(row);
                    end = seen == null ? limit : Math.min(limit, known ? seen.nextClearBit(row) : nextSeen(row, rows));
                    if (known) update(k, tensor, row, end, null, step);
                    else decayOnly(k, tensor, row, end, step);
                }
                row = end;
            }
        }

        private int nextSeen(int row, int rows) {
            int next = seen.nextSetBit(row);
            return next < 0 ? rows : next;
        }

        private void update(Kernels k, Tensor tensor, int row, int end, Floats g, AdamStep step) {
            int columns = tensor.shape().columns();
            int from = row * columns;
            int n = (end - row) * columns;
            k.adamW(n, tensor.data().slice(from, n), g, m.slice(from, n), v.slice(from, n), step);
        }

        private void decayOnly(Kernels k, Tensor tensor, int row, int end, AdamStep step) {
            if (step.weightDecay() == 0) return;
            int columns = tensor.shape().columns();
            Floats p = tensor.data().slice(row * columns, (end - row) * columns);
            k.scale(p.length, step.decay(), p, p, false);
        }

        private void allocate(Tensor tensor) {
            if (m != null) return;
            m = Floats.allocate(tensor.shape().count());
            v = Floats.allocate(tensor.shape().count());
        }
    }
}
