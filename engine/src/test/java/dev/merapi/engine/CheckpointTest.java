package dev.merapi.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Precision;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckpointTest {
    private static final int LAYERS = 6;

    private final Device device = Device.best(1);
    private final List<Tensor> weights = new ArrayList<>();
    private final Tensor gamma = GradCheck.variable(device, 50, 40);
    private final Tensor beta = GradCheck.variable(device, 51, 40);
    private final Tensor table = GradCheck.variable(device, 52, 11, 40);
    private int passes; // through a layer

    CheckpointTest() {
        for (int i = 0; i < LAYERS; i++) weights.add(GradCheck.variable(device, i, 40, 40));
    }

    /// Layers with dropout and a residual, over rows of a table that all of them use besides.
    private Tensor loss() {
        int[] ids = new int[64];
        for (int i = 0; i < ids.length; i++) ids[i] = i * 7 % 11;
        Tensor first = Gather.rows(table, ids), x = first;
        for (int i = 0; i < LAYERS; i++) {
            Tensor input = x;
            int layer = i;
            x = Scope.checkpoint(() -> {
                passes++;
                Tensor wide = Elementwise.activation(
                        Activation.GELU, Matmul.linear(Elementwise.add(input, first), weights.get(layer), null));
                return Normalize.addLayerNorm(wide, new Dropout(0.2f, 3, 1, layer), input, gamma, beta, 1e-5f);
            });
        }
        return Reduce.sum(Elementwise.multiply(x, x));
    }

    private List<float[]> gradients(Precision precision, boolean checkpoints) {
        List<Tensor> all = new ArrayList<>(weights);
        all.addAll(List.of(gamma, beta, table));
        for (Tensor each : all) each.clearGradient();
        try (Scope _ = Scope.open(precision, checkpoints)) {
            loss().backward();
        }
        return all.stream().map(Tensor::gradientToArray).toList();
    }

    @Test
    void gradientsAreTheSameBits() {
        for (Precision precision : Precision.values()) {
            List<float[]> kept = gradients(precision, false);
            List<float[]> again = gradients(precision, true);
            for (int i = 0; i < kept.size(); i++)
                assertArrayEquals(kept.get(i), again.get(i), precision + ", gradient " + i);
        }
    }

    @Test
    void eachPartIsComputedTwiceAndKeepsItsResultAlone() {
        gradients(Precision.FP32, true);
        assertEquals(2 * LAYERS, passes);
        long twice = device.slabBytes(), size = 64 * 40 * 4;
        gradients(Precision.FP32, true);
        assertEquals(twice, device.slabBytes(), "a second step takes no more");
        gradients(Precision.FP32, false);
        assertTrue(device.slabBytes() > twice + 2 * LAYERS * size, "kept: " + device.slabBytes() + ", not: " + twice);
    }

    @Test
    void whatLearnsNothingIsNotComputedAgain() {
        for (Tensor each : weights) each.setTracked(false);
        for (Tensor each : List.of(gamma, beta, table)) each.setTracked(false);
        Tensor w = GradCheck.variable(device, 60, 1, 40);
        try (Scope _ = Scope.open(Precision.FP32, true)) {
            Tensor x = Scope.checkpoint(() -> {
                passes++;
                return Matmul.linear(Gather.rows(table, new int[] {1, 2}), weights.getFirst(), null);
            });
            Reduce.sum(Matmul.linear(x, w, null)).backward();
        }
        assertEquals(1, passes);
        assertTrue(w.gradient() != null);
    }

    @Test
    void partsInsideOfPartsAreComputedTwiceToo() {
        Tensor w = weights.getFirst();
        int[] runs = new int[2];
        try (Scope _ = Scope.open(Precision.FP32, true)) {
            Tensor y = Scope.checkpoint(() -> {
                runs[0]++;
                Tensor inner = Scope.checkpoint(() -> {
                    runs[1]++;
                    return Matmul.linear(gamma(), w, null);
                });
                return Elementwise.multiply(inner, inner);
            });
            Reduce.sum(y).backward();
        }
        float[] again = w.gradientToArray();
        w.clearGradient();
        try (Scope _ = Scope.open()) {
            Tensor inner = Matmul.linear(gamma(), w, null);
            Reduce.sum(Elementwise.multiply(inner, inner)).backward();
        }
        assertArrayEquals(w.gradientToArray(), again);
        assertArrayEquals(new int[] {2, 2}, runs);
    }

    private Tensor gamma() {
        return Tensor.of(device, Shape.of(1, 40), gamma.toArray());
    }

    @Test
    void aPartThatReturnsWhatItWasGivenIsNoPart() {
        Tensor w = weights.getFirst();
        try (Scope _ = Scope.open(Precision.FP32, true)) {
            Tensor y = Elementwise.scale(w, 2);
            Reduce.sum(Scope.checkpoint(() -> y)).backward();
        }
        assertEquals(2, w.gradient().get(0));
    }
}
