package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.SIZES;
import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.assertSame;
import static dev.merapi.engine.kernel.Operands.before;
import static dev.merapi.engine.kernel.Operands.copy;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.output;
import static dev.merapi.engine.kernel.Operands.poisoned;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ActivationTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";

    @ParameterizedTest
    @MethodSource(KERNELS)
    void activationsFollowTheirFormulas(Kernels kernels) {
        for (Activation f : Activation.values()) {
            for (int n : SIZES) {
                Floats x = wide(n), y = poisoned(n);
                kernels.activation(f, n, x, y);
                assertClose(i -> ScalarActivation.value(f, x.get(i)), y, 1e-6, f.name());
            }
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void gradientsFollowTheirFormulas(Kernels kernels) {
        for (Activation f : Activation.values()) {
            for (int n : SIZES) {
                for (boolean accumulate : new boolean[] {false, true}) {
                    Floats x = wide(n), y = poisoned(n), dy = normal(n, 2);
                    new ScalarKernels().activation(f, n, x, y);
                    Floats dx = output(n, accumulate), before = copy(dx);
                    kernels.activationBackward(f, n, x, y, dy, dx, accumulate);
                    assertClose(
                            i -> dy.get(i)
                                            * ScalarActivation.derivative(
                                                    f, x.get(i), ScalarActivation.value(f, x.get(i)))
                                    + before(i, before, accumulate),
                            dx,
                            1e-6,
                            f + " backward");
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void infinityAndNaNGoWhereTheLimitsAre(Kernels kernels) {
        Floats x =
                Floats.of(Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, 0f, -0f, 1e30f, -1e30f, 1e-40f);
        float[][] limits = {
            {Float.POSITIVE_INFINITY, 0f, 1e30f},
            {Float.POSITIVE_INFINITY, 0f, 1e30f},
            {Float.POSITIVE_INFINITY, 0f, 1e30f},
            {1f, -1f, 1f},
            {1f, 0f, 1f}
        };
        for (Activation f : Activation.values()) {
            Floats y = Floats.allocate(x.length);
            kernels.activation(f, x.length, x, y);
            float[] limit = limits[f.ordinal()];
            assertEquals(limit[0], y.get(0), f + "(∞)");
            assertTrue(Float.isNaN(y.get(2)), f + "(NaN) = " + y.get(2));
            assertEquals(f == Activation.SIGMOID ? 0.5f : 0f, y.get(3), f + "(0)");
            assertEquals(limit[2], y.get(5), f + "(1e30)");
            assertEquals(limit[1], y.get(6), 0f, f + "(-1e30)");
        }
    }

    /// The scalar twin itself: values of Φ (Abramowitz & Stegun table 26.1), and finite differences.
    @Test
    void scalarFormulasAreTheTextbooks() {
        assertEquals(0.841344746068543, ScalarActivation.normalDistribution(1), 1e-15);
        assertEquals(0.977249868051821, ScalarActivation.normalDistribution(2), 1e-15);
        assertEquals(0.998650101968370, ScalarActivation.normalDistribution(3), 1e-15);
        assertEquals(2.866515718791939e-7, ScalarActivation.normalDistribution(-5), 1e-19);
        assertEquals(7.619853024160527e-24, ScalarActivation.normalDistribution(-10), 1e-35);
        double h = 1e-5;
        for (Activation f : Activation.values()) {
            for (double x = -8.01; x < 8; x += 0.137) {
                double difference = (ScalarActivation.value(f, x + h) - ScalarActivation.value(f, x - h)) / (2 * h);
                assertEquals(
                        difference,
                        ScalarActivation.derivative(f, x, ScalarActivation.value(f, x)),
                        1e-9,
                        f + "′(" + x + ")");
            }
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void oneElementIsComputedLikeAny(Kernels kernels) {
        for (Activation f : Activation.values()) {
            Floats x = wide(37), y = poisoned(37), single = poisoned(37);
            kernels.activation(f, 37, x, y);
            for (int i = 0; i < 37; i++) kernels.activation(f, 1, x.slice(i, 1), single.slice(i, 1));
            assertSame(y, single, f.name());
        }
    }

    /// Values far into both tails.
    private static Floats wide(int n) {
        Floats x = normal(n, 1);
        for (int i = 0; i < n; i++) x.set(i, x.get(i) * (1 + i % 7));
        return x;
    }
}
