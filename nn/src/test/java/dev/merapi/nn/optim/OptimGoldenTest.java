package dev.merapi.nn.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.merapi.engine.Device;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Gather;
import dev.merapi.engine.Reduce;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Shape;
import dev.merapi.engine.Tensor;
import dev.merapi.nn.Devices;
import dev.merapi.nn.GoldenText;
import dev.merapi.nn.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Optimizer, schedules and clipping against PyTorch and transformers (`src/reference/golden_optim.py`).
class OptimGoldenTest {
    private final GoldenText golden = GoldenText.read(Path.of("src/test/resources/dev/merapi/nn/golden/optim.txt"));

    OptimGoldenTest() throws IOException {}

    private static Parameter parameter(Device device, String name, float... values) {
        return new Parameter(name, Tensor.variable(device, Shape.of(values.length), values), Parameter.Initial.ZEROS);
    }

    private static void giveGradient(Parameter p, float[] gradient) {
        try (Scope _ = Scope.open()) {
            Reduce.sum(Elementwise.multiply(
                            p.tensor(),
                            Tensor.of(p.tensor().device(), p.tensor().shape(), gradient)))
                    .backward();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"defaults", "other", "no_decay", "tiny_gradients"})
    void aHundredStepsOfAdamWEqualPyTorch(String name) {
        String key = "adamw." + name + ".";
        double scale = golden.values().containsKey(key + "scale") ? golden.number(key + "scale") : 1;
        for (Device device : Devices.all()) {
            Parameter p = parameter(device, "p", golden.floats(key + "p0"));
            AdamW optimizer = AdamW.of(List.of(p))
                    .betas(golden.number(key + "beta1"), golden.number(key + "beta2"))
                    .eps(golden.number(key + "eps"))
                    .weightDecay(golden.number(key + "weight_decay"));
            float[] gradient = new float[p.tensor().shape().count()];
            for (int t = 1; t <= 100; t++) {
                for (int i = 0; i < gradient.length; i++)
                    gradient[i] = (float) (Math.sin(0.7 * t + 0.3 * i) * (1 + i % 3) * scale);
                giveGradient(p, gradient);
                optimizer.step(golden.number(key + "lr"));
                if (t == 1 || t == 10 || t == 100)
                    assertArrayEquals(
                            golden.floats(key + "p" + t), p.tensor().toArray(), 1e-6f, key + "p" + t + " on " + device);
            }
        }
    }

    @Test
    void aSparseTableIsUpdatedAsIfItsGradientWereDense() {
        for (Device device : Devices.all()) {
            float[] start = new float[40 * 3];
            for (int i = 0; i < start.length; i++) start[i] = (float) Math.sin(i);
            Tensor sparse = Tensor.variable(device, Shape.of(40, 3), start);
            Tensor dense = Tensor.variable(device, Shape.of(40, 3), start);
            AdamW first = AdamW.of(List.of(new Parameter("sparse", sparse, Parameter.Initial.NORMAL)))
                    .weightDecay(0.1);
            AdamW second = AdamW.of(List.of(new Parameter("dense", dense, Parameter.Initial.NORMAL)))
                    .weightDecay(0.1);
            float[] zeros = new float[start.length];
            int[][] batches = {{3, 4, 5, 3}, {39, 0}, {5, 7, 7, 30}, {4}, {3, 4, 5, 6, 7}};
            for (int[] ids : batches) {
                for (Tensor table : List.of(sparse, dense)) {
                    try (Scope _ = Scope.open()) {
                        Tensor used = table == sparse
                                ? table
                                : Elementwise.add(table, Tensor.of(device, table.shape(), zeros));
                        Tensor rows = Gather.rows(used, ids);
                        Reduce.sum(Elementwise.multiply(rows, rows)).backward();
                    }
                }
                first.step(0.01, 0.5f);
                second.step(0.01, 0.5f);
                assertArrayEquals(dense.toArray(), sparse.toArray(), device.toString());
            }
        }
    }

    @Test
    void schedulesEqualPyTorchAndTransformers() {
        check("linear_lr.four", Schedule.linearWarmup(1, 4));
        check("linear_lr.all", Schedule.linearWarmup(1, 40));
        check("linear.warmup", Schedule.linear(1, 7, 40));
        check("linear.past_end", Schedule.linear(1, 3, 30));
        check("linear.no_warmup", Schedule.linear(1, 0, 40));
        check("cosine.half", Schedule.cosine(1, 5, 40));
        check("constant.warmup", Schedule.constantWithWarmup(1, 9));
    }

    private void check(String name, Schedule schedule) {
        double[] multipliers = golden.array(name + ".multipliers");
        for (int step = 0; step < multipliers.length; step++)
            assertEquals(multipliers[step], schedule.at(step), 1e-12, name + " at step " + step);
    }

    @ParameterizedTest
    @ValueSource(strings = {"over", "under", "half", "zero"})
    void clippingEqualsPyTorch(String name) {
        String key = "clip." + name + ".";
        for (Device device : Devices.all()) {
            List<Parameter> parameters = List.of(
                    parameter(device, "a", new float[golden.floats(key + "g0").length]),
                    parameter(device, "b", new float[golden.floats(key + "g1").length]));
            for (int i = 0; i < 2; i++) giveGradient(parameters.get(i), golden.floats(key + "g" + i));
            double norm = Gradients.clipNorm(parameters, golden.number(key + "max_norm"));
            assertEquals(golden.number(key + "norm"), norm, 1e-6 * norm);
            for (int i = 0; i < 2; i++)
                assertArrayEquals(
                        golden.floats(key + "clipped" + i),
                        parameters.get(i).tensor().gradientToArray(),
                        1e-6f);
        }
    }

    @Test
    void theFirstNonFiniteGradientIsNamed() {
        Parameter good = parameter(Device.scalar(), "good", 1f);
        Parameter bad = parameter(Device.scalar(), "bad", 1f, 2f);
        giveGradient(good, new float[] {1f});
        giveGradient(bad, new float[] {1f, Float.NaN});
        assertEquals("bad", Gradients.firstNonFinite(List.of(good, bad)).name());
    }
}
