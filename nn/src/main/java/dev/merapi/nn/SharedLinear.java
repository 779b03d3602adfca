package dev.merapi.nn;

import dev.merapi.engine.Gather;
import dev.merapi.engine.Matmul;
import dev.merapi.engine.Shape;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Floats;
import java.util.Arrays;

/// One weight for all outputs, each with its own bias (CORAL, Cao et al. 2020, arXiv:1901.07884):
/// `y_i = x·w + b_i`
///
///     x [N, inputs]    w [inputs]    b [outputs]    y [N, outputs]
///
/// The biases begin as coral_pytorch's `preinit_bias` has them, from 1 down to 1 / outputs: the answers are in
/// their order from the first step on, where equal biases would know the first and the last label alone.
///
/// The weight is kept as [Linear]'s, [outputs, inputs], so that whoever knows that layer alone reads the same
/// outputs from a checkpoint: its first row is w, the others repeat it whenever it is saved.
public final class SharedLinear {
    private static final int[] FIRST = {0};

    private final Tensor weight;
    private final Tensor bias;
    private final Tensor ones; // [outputs, 1]

    public SharedLinear(Parameters at, int inputs, int outputs) {
        weight = at.add("weight", Parameter.Initial.NORMAL, outputs, inputs);
        bias = at.add("bias", Parameter.Initial.DESCENDING, outputs);
        float[] values = new float[outputs];
        Arrays.fill(values, 1f);
        ones = Tensor.of(weight.device(), Shape.of(outputs, 1), values);
    }

    public Tensor forward(Tensor x) {
        Tensor score = Matmul.linear(x, Gather.rows(weight, FIRST), null); // x·w [N, 1]
        return Matmul.linear(score, ones, bias); // [N, outputs]
    }

    /// Repeats the first row in the others.
    public void repeat() {
        Floats rows = weight.data();
        int inputs = weight.shape().columns();
        for (int i = inputs; i < rows.length; i++) rows.set(i, rows.get(i - inputs));
        weight.modified();
    }
}
