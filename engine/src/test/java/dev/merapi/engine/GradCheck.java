package dev.merapi.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Philox;
import java.util.function.Function;

/// Checks an op's backward against its forward: the gradient of `f = Σ w·op(inputs)`, for fixed random w, by
/// central differences.
///
/// The differences are taken on [Device#scalar], whose kernels sum in double and round once, with f summed in
/// double, and extrapolated to step 0 (Richardson): `d = (4·d(h/2) − d(h))/3`, error O(h⁴). At h = 1/32
/// rounding leaves about 4e-6 of the scale of the values, so that a tolerance of 1e-4 of the gradient's scale
/// cannot hide a wrong term.
final class GradCheck {
    private static final double STEP = 1 / 32.0;
    private static final float TOLERANCE = 1e-4f;

    private GradCheck() {}

    /// A random variable `[sizes]` with values of about 1 and distance from 0, where some functions have kinks.
    static Tensor variable(Device device, int stream, int... sizes) {
        Tensor x = Tensor.variable(device, Shape.of(sizes));
        Philox.normal(x.data(), 7, stream, 0f, 1f);
        for (int i = 0; i < x.data().length; i++) {
            float value = x.data().get(i);
            if (Math.abs(value) < 0.1f) x.data().set(i, value < 0 ? value - 0.1f : value + 0.1f);
        }
        return x;
    }

    /// Every gradient of `op`, which must use all of `inputs`, on their device.
    static void check(Function<Tensor[], Tensor> op, Tensor... inputs) {
        float[] weights = null;
        try (Scope _ = Scope.open()) {
            Tensor y = op.apply(inputs);
            weights = new float[y.shape().count()];
            Philox.normal(Floats.of(weights), 11, 0, 0f, 1f);
            Reduce.sum(Elementwise.multiply(y, Tensor.of(y.device(), y.shape(), weights)))
                    .backward();
        }
        for (int which = 0; which < inputs.length; which++) {
            Tensor x = inputs[which];
            float[] expected = new float[x.shape().count()];
            float scale = 1e-3f;
            for (int i = 0; i < expected.length; i++) {
                double coarse = difference(op, inputs, weights, x, i, STEP);
                double fine = difference(op, inputs, weights, x, i, STEP / 2);
                expected[i] = (float) ((4 * fine - coarse) / 3);
                scale = Math.max(scale, Math.abs(expected[i]));
            }
            assertArrayEquals(expected, x.gradientToArray(), TOLERANCE * scale, "gradient of input " + which);
        }
    }

    private static double difference(
            Function<Tensor[], Tensor> op, Tensor[] inputs, float[] weights, Tensor x, int i, double h) {
        float value = x.data().get(i);
        float up = (float) (value + h);
        float down = (float) (value - h);
        x.data().set(i, up);
        double above = value(op, inputs, weights);
        x.data().set(i, down);
        double below = value(op, inputs, weights);
        x.data().set(i, value);
        return (above - below) / ((double) up - down);
    }

    private static double value(Function<Tensor[], Tensor> op, Tensor[] inputs, float[] weights) {
        for (Tensor input : inputs) if (input.isLeaf()) input.modified();
        float[] y = op.apply(inputs).toArray();
        assertEquals(weights.length, y.length);
        double sum = 0;
        for (int i = 0; i < y.length; i++) sum += (double) weights[i] * y[i];
        return sum;
    }
}
