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
import dev.merapi.nn.Devices;
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
    private static final Device DEVICE = Device.scalar();
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
        GradScaler scaler = scaler(DEVICE, settings);
        Parameter w = weight(DEVICE);
        Optimizer sgd = Sgd.of(List.of(w), 0).weightDecay(0);
        for (int step = 0; step < scales.length; step++) {
            float[] gradient = new float[3];
            for (int i = 0; i < 3; i++) gradient[i] = (float) (Math.sin(0.7 * step + i) * (1 + step % 3));
            int which = bad.indexOf((double) step);
            if (which >= 0) gradient[step % 3] = NOT_FINITE[which % 3];
            scaledBackward(w, gradient, scaler);
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

    /// The same sequences where the device decides: the scales and trackers of PyTorch, and AdamW's weights are
    /// the bits of those that the host unscales, clips and skips.
    @ParameterizedTest
    @ValueSource(strings = {"defaults", "growing", "uneven", "large"})
    void scalingBehindTheHostGivesTheSameBits(String name) throws IOException {
        GoldenText golden = GoldenText.read(Path.of("src/test/resources/dev/merapi/nn/golden/precision.txt"));
        String at = "scaler." + name + ".";
        double[] settings = golden.array(at + "settings"), scales = golden.array(at + "scales");
        double[] trackers = golden.array(at + "trackers");
        List<Double> bad = Arrays.stream(golden.array(at + "bad")).boxed().toList();
        for (Device device : Devices.all()) {
            GradScaler told = scaler(device, settings), untold = scaler(device, settings);
            Parameter p = weight(device), q = weight(device);
            AdamW first = AdamW.of(List.of(p)), second = AdamW.of(List.of(q));
            for (int step = 0; step < scales.length; step++) {
                float[] gradient = new float[3];
                for (int i = 0; i < 3; i++) gradient[i] = (float) (Math.sin(0.7 * step + i) * (1 + step % 3));
                int which = bad.indexOf((double) step);
                if (which >= 0) gradient[step % 3] = NOT_FINITE[which % 3];
                scaledBackward(p, gradient, told);
                scaledBackward(q, gradient, untold);
                double norm = Gradients.norm(List.of(p)) / told.scale();
                boolean finite = Double.isFinite(norm);
                if (finite) first.step(0.1, Gradients.clipScale(norm, 1) / told.scale());
                else Gradients.clear(List.of(p));
                told.update(finite);
                Clip.Outcome outcome;
                try (Clip clip = new Clip(List.of(q), 1, untold)) {
                    second.step(0.1, clip);
                    outcome = clip.outcome().get();
                }
                if (!outcome.made()) second.skipped();
                String where = name + " after step " + step + " on " + device;
                assertEquals(new Clip.Outcome((float) norm, finite, (float) scales[step]), outcome, where);
                assertEquals(new GradScaler.State((float) scales[step], (int) trackers[step]), untold.state(), where);
                assertArrayEquals(p.tensor().toArray(), q.tensor().toArray(), where);
                assertEquals(first.steps(), second.steps(), where);
                assertEquals(first.state().updates(), second.state().updates(), where);
            }
        }
    }

    private static GradScaler scaler(Device device, double[] settings) {
        return new GradScaler(device, (float) settings[0], settings[1], settings[2], (int) settings[3]);
    }

    private static Parameter weight(Device device) {
        return new Parameter("w", Tensor.variable(device, Shape.of(3), 1f, -2f, 0.5f), Parameter.Initial.ZEROS);
    }

    private static void scaledBackward(Parameter w, float[] gradient, GradScaler scaler) {
        try (Scope _ = Scope.open()) {
            Tensor g = Tensor.of(w.tensor().device(), Shape.of(3), gradient);
            scaler.backward(Reduce.sum(Elementwise.multiply(w.tensor(), g)), 1);
        }
    }

    @Test
    void aRestoredScalerGoesOn() {
        GradScaler one = new GradScaler(DEVICE, 8, 2, 0.5, 3), other = new GradScaler(DEVICE, 8, 2, 0.5, 3);
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
                assertThrows(IllegalArgumentException.class, () -> new GradScaler(DEVICE, 1, 1, 0.5, 1))
                        .getMessage());
        assertEquals(
                "gradient scaler: backoff must be between 0 and 1, got 1.0",
                assertThrows(IllegalArgumentException.class, () -> new GradScaler(DEVICE, 1, 2, 1, 1))
                        .getMessage());
        assertEquals(
                "gradient scaler: the first scale must be positive, got Infinity",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new GradScaler(DEVICE, Float.POSITIVE_INFINITY, 2, 0.5, 1))
                        .getMessage());
        assertEquals(
                "gradient scaler: interval must be at least 1 and at most 16777216, got 0",
                assertThrows(IllegalArgumentException.class, () -> new GradScaler(DEVICE, 1, 2, 0.5, 0))
                        .getMessage());
    }
}
