package dev.merapi.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.merapi.engine.Device;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Reduce;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Shape;
import dev.merapi.engine.Tensor;
import org.junit.jupiter.api.Test;

class SharedLinearTest {
    private static final float EXACT = 1e-6f;

    @Test
    void allOutputsHaveOneWeightAndItsGradientIsTheirSum() {
        Device device = Device.scalar();
        Parameters parameters = new Parameters(device);
        SharedLinear layer = new SharedLinear(parameters, 2, 3);
        Tensor weight = parameters.all().get(0).tensor();
        Tensor bias = parameters.all().get(1).tensor();
        float[] w = {2, -1, 9, 9, 9, 9}; // what the other rows hold does not count
        float[] b = {1, 0, -4};
        for (int i = 0; i < 6; i++) weight.data().set(i, w[i]);
        for (int i = 0; i < 3; i++) bias.data().set(i, b[i]);
        try (Scope _ = Scope.open()) {
            Tensor y = layer.forward(Tensor.of(device, Shape.of(2, 2), 1, 1, 3, -2)); // x·w = 1 and 8
            assertArrayEquals(new float[] {2, 1, -3, 9, 8, 4}, y.toArray(), EXACT);
            Tensor seed = Tensor.of(device, Shape.of(2, 3), 1, 2, 3, 10, 20, 30); // 6 and 60 a row
            Reduce.sum(Elementwise.multiply(y, seed)).backward();
        }
        float[] dw = weight.gradientToArray();
        assertArrayEquals(new float[] {6 * 1 + 60 * 3, 6 * 1 - 60 * 2, 0, 0, 0, 0}, dw, EXACT);
        assertArrayEquals(new float[] {11, 22, 33}, bias.gradientToArray(), EXACT);
        layer.repeat();
        assertArrayEquals(new float[] {2, -1, 2, -1, 2, -1}, weight.toArray());
    }
}
