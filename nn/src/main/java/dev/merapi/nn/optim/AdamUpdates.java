package dev.merapi.nn.optim;

import dev.merapi.engine.SparseRows;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Kernels.AdamStep;
import dev.merapi.engine.kernel.Kernels.AdamUpdate;
import dev.merapi.nn.optim.Optimizer.Slot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The updates of [AdamW], and of [Adam] without regularization, which are the same then: m and v are the
/// values 0 and 1 of a slot.
final class AdamUpdates {
    private final List<AdamUpdate> dense = new ArrayList<>(); // put off to the end of the step
    private Kernels kernels; // theirs

    static AdamStep step(
            Slot slot, double rate, double beta1, double beta2, double eps, double weightDecay, float gradScale) {
        double bias1 = 1 - Math.pow(beta1, slot.updates), bias2 = 1 - Math.pow(beta2, slot.updates);
        return new AdamStep(rate, beta1, beta2, eps, weightDecay, bias1, bias2, gradScale);
    }

    void add(Slot slot, AdamStep step) {
        Tensor tensor = slot.parameter.tensor();
        boolean first = slot.values.isEmpty();
        int n = tensor.shape().count();
        Floats m = slot.value(0, n), v = slot.value(1, n);
        kernels = tensor.device().kernels();
        if (tensor.gradient() != null) {
            slot.rowOf = null;
            dense.add(new AdamUpdate(tensor.data(), tensor.gradient(), m, v, step));
            return;
        }
        SparseRows g = tensor.sparseGradient();
        int rows = tensor.shape().size(0);
        if (slot.rowOf == null) {
            slot.rowOf = new int[rows];
            Arrays.fill(slot.rowOf, first ? Kernels.NEVER : Kernels.NOT_NOW);
        }
        for (int i = 0; i < g.count(); i++) slot.rowOf[g.rows()[i]] = i;
        kernels.adamWRows(rows, g.columns(), tensor.data(), g.values(), slot.rowOf, m, v, step);
        for (int i = 0; i < g.count(); i++) slot.rowOf[g.rows()[i]] = Kernels.NOT_NOW;
    }

    /// A launch for all parameters instead of one each, where kernels are launched.
    ///
    /// @param clip of the step; null: the gradients' scale is all
    void finish(Clip clip) {
        if (dense.isEmpty()) return;
        if (clip == null) kernels.adamW(dense);
        else kernels.adamW(dense, clip.values);
        dense.clear();
    }
}
