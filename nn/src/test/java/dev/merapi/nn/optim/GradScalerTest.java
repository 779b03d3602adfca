package dev.merapi.nn.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.merapi.engine.Device;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Reduce;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Shape;
import dev.merapi.engine.Tensor;
import dev.merapi.nn.GoldenText;
import dev.merapi.nn.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GradScalerTest {
    private static final float[] NOT_FINITE = {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN};

    /// Scales, trackers and the weights of SGD after each step, against torch.amp.GradScaler
    /// (`src/reference/golden_precision.py`): gradients are unscaled, then clipped, steps of bad ones skipped.
    @ParameterizedTest
    @ValueSource(strings = {"defaults", "growing", "uneven", "large"})
    void aSequenceOfFiniteAndOtherGradientsEqualsPyTorch(String name) throws IOException {
        GoldenText golden = GoldenText.read(Path.of("src/test/resources/dev/merapi/nn/golden/precision.txt"));
        String at = "scaler." + name + ".";
        double[] settings = golden.array(at + "settings"), scales = golden.array(at + "scales");
        double[] trackers = golden.array(at + "trackers");
        List<Double> bad = Arrays.stream(golden.array(at + "bad")).boxed().toList();
        float[] weights = golden.floats(at + "weights"); // [steps, 3]
        GradScaler scaler = new GradScaler((float) settings[0], settings[1], settings[2], (int) settings[3]);
        Parameter w = new Parameter(
                "w", Tensor.variable(Device.scalar(), Shape.of(3), 1f, -2f, 0.5f), Parameter.Initial.ZEROS);
        Optimizer sgd = Sgd.of(List.of(w), 0).weightDecay(0);
        for (int step = 0; step < scales.length; step++) {
            float[] gradient = new float[3];
            for (int i = 0; i < 3; i++) gradient[i] = (float) (Math.sin(0.7 * step + i) * (1 + step % 3));
            int which = bad.indexOf((double) step);
            if (which >= 0) gradient[step % 3] = NOT_FINITE[which % 3];
            try (Scope _ = Scope.open()) {
                Tensor g = Tensor.of(w.tensor().device(), Shape.of(3), gradient);
                Reduce.sum(Elementwise.multiply(w.tensor(), g)).backward(scaler.scale());
            }
            double norm = Gradients.norm(List.of(w)) / scaler.scale();
            boolean finite = Double.isFinite(norm);
            if (finite) sgd.step(0.1, Gradients.clipScale(norm, 1) * scaler.inverse());
            else Gradients.clear(List.of(w));
            scaler.update(finite);
            assertEquals((float) scales[step], scaler.scale(), name + " after step " + step);
            assertEquals((int) trackers[step], scaler.state().goodSteps());
            assertArrayEquals(
                    Arrays.copyOfRange(weights, 3 * step, 3 * step + 3),
                    w.tensor().toArray(),
                    1e-6f,
                    name + " after step " + step);
        }
    }

    @Test
    void aRestoredScalerGoesOn() {
        GradScaler one = new GradScaler(8, 2, 0.5, 3), other = new GradScaler(8, 2, 0.5, 3);
        one.update(false);
        one.update(true);
        assertFalse(one.update(true));
        other.restore(one.state());
        one.update(true);
        other.update(true);
        assertEquals(8, one.scale());
        assertEquals(one.state(), other.state());
    }

    @Test
    void settingsOutOfBoundsAreRefused() {
        assertEquals(
                "gradient scaler: growth must be more than 1, got 1.0",
                assertThrows(IllegalArgumentException.class, () -> new GradScaler(1, 1, 0.5, 1))
                        .getMessage());
        assertEquals(
                "gradient scaler: backoff must be between 0 and 1, got 1.0",
                assertThrows(IllegalArgumentException.class, () -> new GradScaler(1, 2, 1, 1))
                        .getMessage());
        assertEquals(
                "gradient scaler: the first scale must be positive, got Infinity",
                assertThrows(IllegalArgumentException.class, () -> new GradScaler(Float.POSITIVE_INFINITY, 2, 0.5, 1))
                        .getMessage());
        assertEquals(
                "gradient scaler: interval must be at least 1, got 0",
                assertThrows(IllegalArgumentException.class, () -> new GradScaler(1, 2, 0.5, 0))
                        .getMessage());
    }
}
