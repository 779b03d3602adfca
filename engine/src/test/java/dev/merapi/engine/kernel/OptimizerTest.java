package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.SIZES;
import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.assertSame;
import static dev.merapi.engine.kernel.Operands.copy;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.poisoned;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.merapi.engine.kernel.Kernels.AdamStep;
import dev.merapi.engine.kernel.Kernels.AdamUpdate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OptimizerTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";

    @ParameterizedTest
    @MethodSource(KERNELS)
    void sumOfSquaresIsInDouble(Kernels kernels) {
        for (int n : SIZES) {
            Floats x = normal(n, 1);
            double expected = 0;
            for (int i = 0; i < n; i++) expected += (double) x.get(i) * x.get(i);
            assertEquals(expected, kernels.sumOfSquares(n, x), 1e-12 * expected);
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void sumOfSquaresHoldsWhatFloatCannotAndLetsNaNThrough(Kernels kernels) {
        for (int n : SIZES) {
            Floats x = poisoned(n);
            kernels.fill(n, 1e30f, x);
            assertEquals(n * (double) 1e30f * 1e30f, kernels.sumOfSquares(n, x), n * 1e48);
            x.set(n - 1, Float.POSITIVE_INFINITY);
            assertEquals(Double.POSITIVE_INFINITY, kernels.sumOfSquares(n, x));
            x.set(n / 2, Float.NaN);
            assertEquals(Double.NaN, kernels.sumOfSquares(n, x));
        }
    }

    /// Three steps, the textbook's update in double.
    @ParameterizedTest
    @MethodSource(KERNELS)
    void adamWFollowsItsFormula(Kernels kernels) {
        for (int n : SIZES) {
            Floats p = normal(n, 1), m = poisoned(n), v = poisoned(n);
            kernels.fill(n, 0f, m);
            kernels.fill(n, 0f, v);
            double[] pd = new double[n], md = new double[n], vd = new double[n];
            for (int i = 0; i < n; i++) pd[i] = p.get(i);
            for (int t = 1; t <= 3; t++) {
                Floats g = t == 2 ? null : normal(n, 10 + t);
                AdamStep step = step(t, 0.5f);
                kernels.adamW(n, p, g, m, v, step);
                for (int i = 0; i < n; i++) {
                    double gradient = g == null ? 0 : g.get(i) * 0.5;
                    pd[i] *= 1 - step.lr() * step.weightDecay();
                    md[i] = step.beta1() * md[i] + (1 - step.beta1()) * gradient;
                    vd[i] = step.beta2() * vd[i] + (1 - step.beta2()) * gradient * gradient;
                    pd[i] -= step.lr() * (md[i] / step.bias1()) / (Math.sqrt(vd[i] / step.bias2()) + step.eps());
                }
            }
            assertClose(i -> pd[i], p, 5e-7, "p");
            assertClose(i -> md[i], m, 2e-7, "m");
            assertClose(i -> vd[i], v, 2e-7, "v");
        }
    }

    /// Operation by operation, so that a run may change the machine.
    @ParameterizedTest
    @MethodSource(KERNELS)
    void adamWEqualsTheScalarTwinBitForBit(Kernels kernels) {
        int n = 40_001;
        Floats p = normal(n, 1), g = normal(n, 2), m = normal(n, 3), v = poisoned(n);
        Philox.uniform(v, 4, 0, 0f, 1f);
        Floats p2 = copy(p), m2 = copy(m), v2 = copy(v);
        kernels.adamW(n, p, g, m, v, step(7, 0.3f));
        new ScalarKernels().adamW(n, p2, g, m2, v2, step(7, 0.3f));
        assertSame(p2, p, "p");
        assertSame(m2, m, "m");
        assertSame(v2, v, "v");
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void manyParametersTogetherGetTheBitsOfEachAlone(Kernels kernels) {
        List<AdamUpdate> together = new ArrayList<>();
        List<Floats> gradients = new ArrayList<>(), alone = new ArrayList<>();
        double sum = 0;
        for (int i = 0; i < SIZES.length; i++) {
            int n = SIZES[i];
            Floats p = normal(n, i), g = normal(n, 100 + i), m = normal(n, 200 + i), v = poisoned(n);
            Philox.uniform(v, 4, i, 0f, 1f);
            AdamUpdate update = new AdamUpdate(p, i % 5 == 4 ? null : g, m, v, step(i + 1, 0.3f));
            Floats expected = copy(p);
            kernels.adamW(n, expected, update.g(), copy(m), copy(v), update.step());
            alone.add(expected);
            together.add(update);
            gradients.add(g);
            sum += kernels.sumOfSquares(n, g);
        }
        kernels.adamW(together);
        for (int i = 0; i < SIZES.length; i++)
            assertSame(alone.get(i), together.get(i).p(), "p");
        assertEquals(sum, kernels.sumOfSquares(gradients));
        assertEquals(0, kernels.sumOfSquares(List.of()));
        gradients.get(3).set(2, Float.NaN);
        assertEquals(Double.NaN, kernels.sumOfSquares(gradients));
    }

    /// The host need not know the norm: the same bits.
    @ParameterizedTest
    @MethodSource(KERNELS)
    void clippingWhereTheGradientsAreGivesTheBitsOfClippingByTheHost(Kernels kernels) {
        for (double most : new double[] {0, 0.5, 1e6}) {
            List<AdamUpdate> updates = new ArrayList<>();
            List<Floats> gradients = new ArrayList<>(), expected = new ArrayList<>();
            for (int n : new int[] {1, 33, 20_000}) {
                Floats p = normal(n, n), g = normal(n, 100 + n), m = normal(n, 200 + n), v = poisoned(n);
                Philox.uniform(v, 4, n, 0f, 1f);
                updates.add(new AdamUpdate(p, g, m, v, step(3, 1f)));
                gradients.add(g);
            }
            double norm = Math.sqrt(kernels.sumOfSquares(gradients));
            float scale = most == 0 ? 1 : (float) Math.min(1.0, most / (norm + 1e-6));
            for (AdamUpdate u : updates) {
                expected.add(copy(u.p()));
                kernels.adamW(u.p().length, expected.getLast(), u.g(), copy(u.m()), copy(u.v()), step(3, scale));
            }
            Floats clip = kernels.memory().allocate(2);
            kernels.clipScale(gradients, most, clip);
            kernels.adamW(updates, clip);
            assertEquals((float) norm, clip.get(0));
            assertEquals(scale, clip.get(1));
            for (int i = 0; i < updates.size(); i++)
                assertSame(expected.get(i), updates.get(i).p(), "p at most " + most);
            gradients.get(1).set(2, Float.NEGATIVE_INFINITY);
            kernels.clipScale(gradients, most, clip);
            kernels.adamW(updates, clip);
            assertEquals(Float.POSITIVE_INFINITY, clip.get(0));
            assertEquals(Float.NaN, clip.get(1));
            for (int i = 0; i < updates.size(); i++)
                assertSame(expected.get(i), updates.get(i).p(), "p after an overflow");
        }
    }

    /// Runs of rows of all three kinds, also at the table's ends, over more rows than one task takes.
    /// Of a loss that is scaled: the host need not know the scale either, which grows after three good steps in
    /// a row and falls where the gradients overflow.
    @ParameterizedTest
    @MethodSource(KERNELS)
    void clippingGradientsOfAScaledLossAdaptsTheScale(Kernels kernels) {
        int n = 20_001;
        double most = 0.7;
        LossScale host = new LossScale(3, 0.3, 3, Floats.allocate(2));
        LossScale device = new LossScale(3, 0.3, 3, kernels.memory().allocate(2));
        host.set(1e37f, 1);
        device.set(1e37f, 1);
        Floats out = kernels.memory().allocate(3);
        for (int step = 0; step < 12; step++) {
            Floats g = normal(n, step);
            if (step == 4) g.set(n - 1, Float.NaN);
            if (step == 9) g.set(0, Float.NEGATIVE_INFINITY);
            boolean finite = step != 4 && step != 9;
            float scale = host.value();
            double norm = Math.sqrt(kernels.sumOfSquares(n, g)) / scale;
            kernels.clipScale(List.of(g), step == 7 ? 0 : most, device, out);
            host.update(finite);
            assertEquals((float) norm, out.get(0), "norm of step " + step);
            float factor = step == 7 ? 1 : (float) Math.min(1, most / (norm + 1e-6));
            assertEquals(finite ? factor / scale : Float.NaN, out.get(1), "factor of step " + step);
            assertEquals(host.value(), out.get(2), "scale after step " + step);
            assertEquals(host.value(), device.value());
            assertEquals(host.goodSteps(), device.goodSteps(), "good steps after step " + step);
            if (step == 1) assertEquals(3e37f, host.value(), "after three good ones");
            if (step == 8) assertEquals((float) (3e37f * 0.3) * 3.0, host.value(), 1e31, "after one that overflowed");
        }
        kernels.fill(1, 2e38f, device.values());
        device.set(2e38f, 2);
        kernels.clipScale(List.of(), most, device, out);
        assertEquals(2e38f, out.get(2), "a scale that float32 cannot hold is not taken");
        assertEquals(0, device.goodSteps());
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void aTableOfSparseRowsGetsTheBitsOfItsDenseGradient(Kernels kernels) {
        int rows = 700, cols = 51, n = rows * cols;
        for (double decay : new double[] {0, 0.02}) {
            Floats p = normal(n, 1), m = normal(n, 2), v = poisoned(n), g = normal(n, 3), dense = poisoned(n);
            Philox.uniform(v, 4, 0, 0f, 1f);
            int[] rowOf = new int[rows];
            int next = 0;
            for (int r = 0; r < rows; r++) {
                int kind = r / 3 * 7 % 5;
                rowOf[r] = kind < 2 ? Kernels.NEVER : kind < 4 ? Kernels.NOT_NOW : next++;
                for (int i = r * cols; i < (r + 1) * cols; i++) {
                    dense.set(i, rowOf[r] < 0 ? 0 : g.get(rowOf[r] * cols + i % cols));
                    if (rowOf[r] != Kernels.NEVER) continue;
                    m.set(i, 0);
                    v.set(i, 0);
                }
            }
            Floats p2 = copy(p), m2 = copy(m), v2 = copy(v);
            AdamStep step = new AdamStep(1e-2, 0.9, 0.999, 1e-8, decay, 0.1, 0.001, 0.3f);
            kernels.adamW(n, p, dense, m, v, step);
            kernels.adamWRows(rows, cols, p2, g, rowOf, m2, v2, step);
            assertSame(p, p2, "p");
            assertSame(m, m2, "m");
            assertSame(v, v2, "v");
        }
    }

    private static AdamStep step(int t, float gradScale) {
        return new AdamStep(1e-2, 0.9, 0.999, 1e-8, 0.02, 1 - Math.pow(0.9, t), 1 - Math.pow(0.999, t), gradScale);
    }
}
