package dev.merapi.nn.optim;

import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.nn.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/// Changes weights by their gradients, a step after every backward pass. What all optimizers have in common:
/// the parameters with their own decay and rate, and a state that can be saved and given back.
public abstract sealed class Optimizer permits AdamW, Adam, Sgd, Adafactor, Lamb {
    private final List<Slot> slots = new ArrayList<>();
    private double weightDecay;
    private int steps;

    Optimizer(List<Parameter> parameters, double weightDecay) {
        for (Parameter p : parameters) slots.add(new Slot(p));
        this.weightDecay = weightDecay;
    }

    /// λ of all parameters that decay.
    public Optimizer weightDecay(double weightDecay) {
        this.weightDecay = weightDecay;
        return this;
    }

    /// Parameters that do not decay: `noDecay(Parameter::isBiasOrNorm)` is what transformers does.
    public Optimizer noDecay(Predicate<Parameter> exempt) {
        for (Slot s : slots) s.decays = !exempt.test(s.parameter);
        return this;
    }

    /// What each parameter's learning rate is multiplied with, as by [LayerwiseDecay]; 1 where it is not
    /// called.
    public Optimizer rateFactors(ToDoubleFunction<Parameter> factor) {
        for (Slot s : slots) s.rateFactor = factor.applyAsDouble(s.parameter);
        return this;
    }

    /// One update with the gradients as they are.
    public final void step(double rate) {
        step(rate, 1f);
    }

    /// One update with all gradients times `gradScale` ([Gradients#clipScale]); then forgets the gradients.
    /// Parameters without a gradient stay as they are, as in PyTorch.
    public final void step(double rate, float gradScale) {
        steps++;
        for (Slot s : slots) {
            Tensor tensor = s.parameter.tensor();
            s.updated = tensor.gradient() != null || tensor.sparseGradient() != null;
            if (!s.updated) continue;
            s.updates++;
            update(s, rate * s.rateFactor, s.decays ? weightDecay : 0, gradScale);
            tensor.clearGradient();
            tensor.modified();
        }
        finish();
    }

    /// Forgets the last step, which a device has left out ([Clip.Outcome#made]): neither the schedule nor the
    /// corrections of moments count it.
    final void takeBack() {
        steps--;
        for (Slot s : slots) {
            if (s.updated) s.updates--;
            s.updated = false;
        }
    }

    /// Changes one parameter that has a gradient.
    ///
    /// @param rate        of this parameter
    /// @param weightDecay of this parameter
    abstract void update(Slot slot, double rate, double weightDecay, float gradScale);

    /// Makes the updates that [#update] has put off, all of them together.
    void finish() {}

    /// Names of the values that are kept for a parameter, in the order of [Slot#values].
    abstract List<String> kept();

    /// How many updates were made.
    public final int steps() {
        return steps;
    }

    /// Everything that the next step depends on besides the weights, by reference: the values under
    /// `parameter's name/m`, say, and the counts of updates.
    ///
    /// @param steps   how many updates were made
    /// @param updates how many of them changed each parameter, in the order of the parameters
    /// @param values  parameters without updates have none
    public record State(int steps, List<Integer> updates, Map<String, Floats> values) {}

    public final State state() {
        Map<String, Floats> values = new LinkedHashMap<>();
        for (Slot s : slots)
            for (int i = 0; i < s.values.size(); i++)
                values.put(s.parameter.name() + "/" + kept().get(i), s.values.get(i));
        return new State(steps, slots.stream().map(s -> s.updates).toList(), values);
    }

    /// Goes on where another optimizer of the same kind, with the same parameters, was. The values are copied.
    ///
    /// @throws IllegalArgumentException if the state is of other parameters or of another kind
    public final void restore(State state) {
        if (state.updates().size() != slots.size())
            throw new IllegalArgumentException(
                    "optimizer: the state is of " + state.updates().size() + " parameters, expected " + slots.size()
                            + "; was it saved by the same model?");
        int used = 0;
        for (int i = 0; i < slots.size(); i++) {
            Slot s = slots.get(i);
            s.updates = state.updates().get(i);
            s.values.clear();
            s.rowOf = null;
            for (String name : kept()) {
                Floats saved = state.values().get(s.parameter.name() + "/" + name);
                if (saved == null) break;
                s.values.add(s.copied(saved));
                used++;
            }
            s.findSeenRows();
        }
        if (used != state.values().size())
            throw new IllegalArgumentException(
                    "optimizer: the state holds " + state.values().size()
                            + " values, expected " + used + " of " + getClass().getSimpleName()
                            + "; was it saved by the same optimizer?");
        steps = state.steps();
    }

    /// A parameter with what an optimizer keeps for it.
    static final class Slot {
        final Parameter parameter;
        boolean decays = true;
        double rateFactor = 1;
        int updates;
        private boolean updated; // in the last step
        final List<Floats> values = new ArrayList<>(); // made when the first gradient comes
        private Floats dense; // memory for the gradient of a table, which comes sparse
        int[] rowOf; // of a table which rows had a gradient, as Kernels.adamWRows wants it; null: all

        Slot(Parameter parameter) {
            this.parameter = parameter;
        }

        /// The i-th kept value, zeros at first.
        Floats value(int i, int count) {
            if (values.size() == i)
                values.add(parameter.tensor().device().memory().allocate(count));
            return values.get(i);
        }

        private Floats copied(Floats saved) {
            Floats copy = parameter.tensor().device().memory().allocate(saved.length);
            System.arraycopy(saved.readable(), saved.offset, copy.writable(), copy.offset, saved.length);
            return copy;
        }

        /// The scaled gradient as a dense array that may be overwritten.
        Floats gradient(float gradScale) {
            Tensor tensor = parameter.tensor();
            Floats g = tensor.gradient() == null ? dense(tensor) : tensor.gradient();
            if (gradScale != 1f) tensor.device().kernels().scale(g.length, gradScale, g, g, false);
            return g;
        }

        private Floats dense(Tensor tensor) {
            if (dense == null) dense = Floats.allocate(tensor.shape().count());
            tensor.copyGradient(dense);
            return dense;
        }

        /// Rows whose kept values are all zero were never seen, or might as well not have been.
        private void findSeenRows() {
            Tensor tensor = parameter.tensor();
            if (values.isEmpty() || tensor.shape().rank() != 2) return;
            int columns = tensor.shape().columns();
            if (values.stream().anyMatch(v -> v.length != tensor.shape().count())) return;
            rowOf = new int[tensor.shape().size(0)];
            Arrays.fill(rowOf, Kernels.NEVER);
            for (int row = 0; row < rowOf.length; row++)
                for (Floats v : values)
                    for (int i = row * columns; i < (row + 1) * columns && rowOf[row] == Kernels.NEVER; i++)
                        if (v.get(i) != 0) rowOf[row] = Kernels.NOT_NOW;
        }
    }
}
