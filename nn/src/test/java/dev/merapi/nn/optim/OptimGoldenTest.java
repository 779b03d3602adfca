package dev.merapi.nn.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

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
import dev.merapi.nn.optim.MetricSchedule.Better;
import dev.merapi.nn.optim.Schedule.Ramp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
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

    private double option(String key, double otherwise) {
        return golden.values().containsKey(key) ? golden.number(key) : otherwise;
    }

    private Optimizer optimizer(String key, List<Parameter> parameters) {
        double beta1 = option(key + "beta1", 0);
        double beta2 = option(key + "beta2", 0);
        double eps = option(key + "eps", 0);
        Optimizer optimizer = switch (key.substring(0, key.indexOf('.'))) {
            case "adam" -> Adam.of(parameters, beta1, beta2, eps);
            case "lamb" -> Lamb.of(parameters, beta1, beta2, eps);
            case "adafactor" -> Adafactor.of(parameters, option(key + "scale_parameter", 0) == 1);
            default ->
                Sgd.of(
                        parameters,
                        option(key + "momentum", 0),
                        option(key + "dampening", 0),
                        option(key + "nesterov", 0) == 1);
        };
        return optimizer.weightDecay(option(key + "weight_decay", 0));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "adam.defaults",
                "adam.l2",
                "sgd.plain",
                "sgd.momentum",
                "sgd.decay",
                "sgd.dampening",
                "sgd.nesterov",
                "lamb.defaults",
                "lamb.other",
                "adafactor.vector",
                "adafactor.scaled",
                "adafactor.matrix",
                "adafactor.plain_matrix"
            })
    void aHundredStepsOfTheOthersEqualTheirReference(String name) {
        String key = name + ".";
        for (Device device : Devices.all()) {
            float[] start = golden.floats(key + "p0");
            int rows = (int) option(key + "rows", 1);
            Shape shape = rows == 1 ? Shape.of(start.length) : Shape.of(rows, start.length / rows);
            Parameter p = new Parameter("p", Tensor.variable(device, shape, start), Parameter.Initial.ZEROS);
            Optimizer optimizer = optimizer(key, List.of(p));
            float[] gradient = new float[start.length];
            for (int t = 1; t <= 100; t++) {
                if (t == 50) { // saved and given back on the way
                    Optimizer next = optimizer(key, List.of(p));
                    next.restore(optimizer.state());
                    optimizer = next;
                }
                for (int i = 0; i < gradient.length; i++)
                    gradient[i] = (float) (Math.sin(0.7 * t + 0.3 * i) * (1 + i % 3));
                giveGradient(p, gradient);
                optimizer.step(golden.number(key + "lr"));
                if (t == 1 || t == 10 || t == 100)
                    assertArrayEquals(
                            golden.floats(key + "p" + t), p.tensor().toArray(), 1e-6f, key + "p" + t + " on " + device);
            }
        }
    }

    @Test
    void aSavedStateOfAdamWGoesOnBitwiseAlsoForSparseTables() {
        for (Device device : Devices.all()) {
            Tensor[] tables = new Tensor[2];
            for (int run = 0; run < 2; run++) {
                Tensor table = Tensor.variable(device, Shape.of(9, 2), new float[18]);
                for (int i = 0; i < 18; i++) table.data().set(i, (float) Math.cos(i));
                tables[run] = table;
                List<Parameter> parameters = List.of(new Parameter("t", table, Parameter.Initial.NORMAL));
                AdamW optimizer = AdamW.of(parameters).weightDecay(0.1);
                int[][] batches = {{3, 4, 3}, {8, 0}, {4, 7}, {1}, {3, 8}};
                for (int step = 0; step < batches.length; step++) {
                    if (run == 1 && step > 0) {
                        AdamW next = AdamW.of(parameters).weightDecay(0.1);
                        next.restore(optimizer.state());
                        optimizer = next;
                    }
                    try (Scope _ = Scope.open()) {
                        Tensor rows = Gather.rows(table, batches[step]);
                        Reduce.sum(Elementwise.multiply(rows, rows)).backward();
                    }
                    optimizer.step(0.01, 0.5f);
                }
            }
            assertArrayEquals(tables[0].toArray(), tables[1].toArray(), device.toString());
        }
    }

    @Test
    void aStateOfAnotherOptimizerIsRefused() {
        Parameter p = parameter(Device.scalar(), "p", 1f, 2f);
        giveGradient(p, new float[] {1f, 1f});
        AdamW adam = AdamW.of(List.of(p));
        adam.step(0.1);
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> Sgd.of(List.of(p), 0.9).restore(adam.state()));
        assertEquals(
                "optimizer: the state holds 2 values, expected 0 of Sgd; was it saved by the same optimizer?",
                e.getMessage());
    }

    @Test
    void ratesAndDecayAreThoseOfTheGroup() {
        List<Parameter> parameters = List.of(
                matrix("bert.embeddings.word_embeddings.weight"),
                matrix("bert.encoder.layer.0.output.dense.weight"),
                matrix("bert.encoder.layer.3.output.dense.weight"),
                matrix("bert.pooler.dense.weight"),
                parameter(Device.scalar(), "classifier.bias", 1f, 1f));
        double[] factors =
                parameters.stream().mapToDouble(new LayerwiseDecay(4, 0.5)).toArray();
        assertArrayEquals(new double[] {1 / 32.0, 1 / 16.0, 1 / 2.0, 1, 1}, factors);
        Optimizer optimizer = Sgd.of(parameters, 0)
                .weightDecay(0.5)
                .noDecay(Parameter::isBiasOrNorm)
                .rateFactors(new LayerwiseDecay(4, 0.5));
        for (Parameter p : parameters) giveGradient(p, new float[] {1f, 1f});
        optimizer.step(1);
        assertEquals(1 - 1.5f / 32, parameters.get(0).tensor().toArray()[0]); // p − rate·factor·(g + λ·p)
        assertEquals(1 - 1.5f / 2, parameters.get(2).tensor().toArray()[0]);
        assertEquals(0f, parameters.get(4).tensor().toArray()[0]);
    }

    private static Parameter matrix(String name) {
        return new Parameter(name, Tensor.variable(Device.scalar(), Shape.of(1, 2), 1f, 1f), Parameter.Initial.NORMAL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"min", "cooldown", "max", "abs"})
    void plateausEqualPyTorch(String name) {
        String key = "plateau." + name + ".";
        hear(
                key,
                new PlateauSchedule(
                        1e-3,
                        new Better(name.equals("max"), golden.number(key + "threshold"), !name.equals("abs")),
                        new PlateauSchedule.Options(
                                golden.number(key + "factor"),
                                (int) golden.number(key + "patience"),
                                (int) golden.number(key + "cooldown"),
                                golden.number(key + "min_lr"),
                                name.equals("abs") ? 2e-5 : 1e-8)));
    }

    @Test
    void greedyRatesEqualTransformers() {
        Better usual = new Better(false, 1e-6, false);
        hear("greedy.usual.", new GreedySchedule(9e-4, usual, greedy(0.95, 10, 0, 0, 1e-5, 1, 1, 500)));
        hear(
                "greedy.min.",
                new GreedySchedule(9e-4, new Better(false, 1e-3, false), greedy(0.7, 2, 2, 3, 4e-4, 5e-3, 1, 3)));
        hear(
                "greedy.max.",
                new GreedySchedule(9e-4, new Better(true, 1e-2, true), greedy(0.8, 1, 1, 0, 1e-6, 1e-2, 1, 500)));
        hear(
                "greedy.smooth.",
                new GreedySchedule(9e-4, usual, new GreedySchedule.Options(0.9, 1, 0, 0, 8e-4, 1, 1e-5, 6, 2)));
        hear("greedy.high_floor.", new GreedySchedule(9e-4, usual, greedy(0.95, 2, 0, 0, 1e-3, 1, 1, 4)));
    }

    private static GreedySchedule.Options greedy(
            double factor, int patience, int cooldown, int warmup, double least, double most, int window, int reset) {
        return new GreedySchedule.Options(factor, patience, cooldown, warmup, least, most, 1e-8, window, reset);
    }

    /// Every metric in turn; the state that a schedule gives leads on to the same rates.
    private void hear(String key, MetricSchedule schedule) {
        double[] metrics = golden.array(key + "metrics");
        double[] rates = golden.array(key + "rates");
        for (int i = 0; i < metrics.length; i++) {
            schedule.update(metrics[i]);
            assertEquals(rates[i], schedule.at(i), 1e-15, key + " after " + (i + 1));
            schedule.restore(schedule.state());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ema", "swa"})
    void averagesOfWeightsEqualPyTorch(String name) {
        float[] weights = golden.floats("average." + name + ".p");
        float[] averages = golden.floats("average." + name + ".values");
        for (Device device : Devices.all()) {
            Parameter p = parameter(device, "p", new float[7]);
            WeightAverage average = name.equals("swa")
                    ? WeightAverage.stochastic(List.of(p))
                    : WeightAverage.exponential(List.of(p), golden.number("average.ema.decay"));
            for (int t = 0; t < 9; t++) {
                float[] row = Arrays.copyOfRange(weights, 7 * t, 7 * t + 7);
                System.arraycopy(row, 0, p.tensor().data().writable(), 0, 7);
                average.update();
                average.swap();
                assertArrayEquals(
                        Arrays.copyOfRange(averages, 7 * t, 7 * t + 7),
                        p.tensor().toArray(),
                        1e-6f,
                        name + t);
                average.swap();
                assertArrayEquals(row, p.tensor().toArray());
            }
        }
    }

    /// The device clips without telling the host: the same bits, and no update where the norm is no number.
    @Test
    void clippingBehindTheHostGivesTheSameBits() {
        for (Device device : Devices.all()) {
            List<Parameter> told = List.of(parameter(device, "p", 1, 2, 3), parameter(device, "q", 4));
            List<Parameter> untold = List.of(parameter(device, "p", 1, 2, 3), parameter(device, "q", 4));
            AdamW first = AdamW.of(told), second = AdamW.of(untold);
            for (float size : new float[] {0.1f, 7, 3, Float.POSITIVE_INFINITY}) {
                for (List<Parameter> parameters : List.of(told, untold))
                    for (Parameter p : parameters) {
                        float[] gradient = new float[p.tensor().shape().count()];
                        Arrays.fill(gradient, size);
                        giveGradient(p, gradient);
                    }
                double norm = Gradients.norm(told);
                if (Double.isFinite(norm)) first.step(0.01, Gradients.clipScale(norm, 1));
                try (Clip clip = new Clip(untold, 1)) {
                    boolean finite = Double.isFinite(norm);
                    assertEquals(
                            new Clip.Outcome((float) norm, finite, 1),
                            clip.outcome().get());
                    second.step(0.01, clip);
                    if (!finite) second.skipped();
                    assertEquals(first.state().updates(), second.state().updates());
                }
                for (int i = 0; i < told.size(); i++)
                    assertArrayEquals(
                            told.get(i).tensor().toArray(),
                            untold.get(i).tensor().toArray());
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
        check("linear_lr.all", Schedule.linearWarmup(1, 60));
        check("linear.warmup", Schedule.linear(1, 7, 100));
        check("linear.past_end", Schedule.linear(1, 3, 70));
        check("linear.no_warmup", Schedule.linear(1, 0, 100));
        check("cosine.half", Schedule.cosine(1, 5, 100));
        check("constant.warmup", Schedule.constantWithWarmup(1, 9));
        check("linear_lr.one", Schedule.linearLr(1, 0.25, 1, 1));
        check("step.usual", Schedule.step(1, 7, 0.3));
        check("one_cycle.usual", Schedule.oneCycle(1, 100, 0.3, 25, 1e4));
        check("one_cycle.late", Schedule.oneCycle(1, 101, 0.5, 10, 1e4));
        check("cosine.more", Schedule.cosine(1, 0, 90, 1.5, 0));
        check("cosine.least", Schedule.cosine(1, 3, 90, 0.5, 0.1));
        check("restarts.usual", Schedule.cosineWithRestarts(1, 4, 97, 3));
        check("polynomial.square", Schedule.polynomial(1, 6, 85, 1e-4, 2));
        check("polynomial.straight", Schedule.polynomial(1, 0, 100, 1e-2, 1));
        check("inverse_sqrt.warmup", Schedule.inverseSqrt(1, 6));
        check("inverse_sqrt.none", Schedule.inverseSqrt(1, 0));
        check("cosine_warmup.usual", Schedule.cosineWarmup(1, 4, 90, 0.5, 0.2, Double.NaN));
        check("cosine_warmup.share", Schedule.cosineWarmup(1, 5, 100, 1, 0.2, 0.25));
        check("inverse_sqrt.scale", Schedule.inverseSqrt(1, 6, 20));
        check(
                "stable.root",
                Schedule.warmupStableDecay(1, 5, 9, 90, Ramp.ONE_MINUS_SQRT, Ramp.ONE_MINUS_SQRT, 0.1, 0.5));
        check("stable.linear", Schedule.warmupStableDecay(1, 6, 12, 95, Ramp.COSINE, Ramp.LINEAR, 0.05, 0.5));
        check("stable.usual", Schedule.warmupStableDecay(1, 5, 9, 90));
        assertEquals(0.01, Schedule.relativeStep().at(9_998));
        assertEquals(0.005, Schedule.relativeStep().at(39_999));
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
