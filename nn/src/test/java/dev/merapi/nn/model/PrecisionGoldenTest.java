package dev.merapi.nn.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.Device;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.nn.Devices;
import dev.merapi.nn.GoldenText;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.nn.loss.Regression;
import dev.merapi.nn.optim.AdamW;
import dev.merapi.nn.optim.GradScaler;
import dev.merapi.nn.optim.Gradients;
import dev.merapi.nn.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Every encoder in low precision: against PyTorch's autocast and GradScaler (golden/precision.txt, made by
/// `src/reference/golden_precision.py`) and the exact logits, with layers computed twice, and on several
/// threads.
class PrecisionGoldenTest {
    private static final Path GOLDEN = Path.of("src/test/resources/dev/merapi/nn/golden");
    private static final List<String> NAMES = List.of(
            "bert-c9-l2",
            "roberta-c9-l2",
            "distilbert-c9-l2",
            "electra-c9-e5-l2",
            "mpnet-c9-l2",
            "deberta-c9-l2-v3",
            "deberta-c6-l3-conv");

    private final GoldenText golden = GoldenText.read(GOLDEN.resolve("precision.txt"));

    PrecisionGoldenTest() throws IOException {}

    /// What computes.
    private enum Where {
        CPU,
        CUDA;

        /// @param threads of a CPU; on CUDA another run of the same
        Device open(int threads) {
            return this == CPU ? Device.best(threads) : Devices.cuda().orElseThrow();
        }
    }

    private record Case(String name, Precision precision) {
        Arguments on(Where where) {
            return Arguments.of(name, precision, where);
        }
    }

    static Stream<Arguments> lowPrecisions() {
        return cases(1, Precision.BF16, Precision.FP16);
    }

    static Stream<Arguments> trainings() {
        return cases(5, Precision.BF16, Precision.FP16);
    }

    static Stream<Arguments> allPrecisions() {
        return cases(13, Precision.values());
    }

    /// @param stride of the cases that an emulated GPU has
    private static Stream<Arguments> cases(int stride, Precision... precisions) {
        List<Case> cases = NAMES.stream()
                .flatMap(name -> Stream.of(precisions).map(precision -> new Case(name, precision)))
                .toList();
        Stream<Case> onCuda = Devices.cuda().isPresent() ? Devices.onCuda(cases, stride) : Stream.of();
        return Stream.concat(cases.stream().map(c -> c.on(Where.CPU)), onCuda.map(c -> c.on(Where.CUDA)));
    }

    private static SequenceClassifier load(String name, Device device, float dropout) {
        return SequenceClassifier.fromPretrained(
                GOLDEN.resolve("models").resolve(name),
                LoadOptions.pretrained().device(device).dropout(dropout));
    }

    private static Tensor loss(SequenceClassifier model, String name, int step) {
        try (GoldenTensors tensors = GoldenTensors.of(GOLDEN.resolve("models").resolve(name))) {
            String prefix = step % 3 == 0 ? "" : "batch." + step % 3 + ".";
            Sequences batch = tensors.sequences(prefix);
            Tensor logits = model.forward(batch, Pass.training(1, step));
            String labels = prefix + "sequence.labels";
            return model.problemType() == ProblemType.REGRESSION
                    ? new Regression.MeanSquaredError().of(logits, tensors.floats(labels))
                    : CrossEntropy.of().of(logits, tensors.integers(labels));
        }
    }

    /// Equal within a share of the largest magnitude.
    private void assertClose(String name, float[] actual, float tolerance) {
        float[] expected = golden.floats(name);
        float largest = 1e-3f;
        for (float e : expected) largest = Math.max(largest, Math.abs(e));
        assertArrayEquals(expected, actual, tolerance * largest, name);
    }

    @ParameterizedTest
    @MethodSource("lowPrecisions")
    void logitsAndGradientsEqualAutocast(String name, Precision precision, Where where) {
        String at = name + "." + precision.name().toLowerCase(Locale.ROOT) + ".";
        float tolerance = precision == Precision.BF16 ? 1.6e-2f : 5e-3f; // as far as both are from float32
        try (Device device = where.open(1);
                GoldenTensors tensors =
                        GoldenTensors.of(GOLDEN.resolve("models").resolve(name))) {
            SequenceClassifier model = load(name, device, 0);
            try (Scope _ = Scope.open(precision, false)) {
                float[] logits = model.forward(tensors.sequences(""), Pass.training(1, 0))
                        .toArray();
                tensors.assertClose("sequence.logits", logits, tolerance);
                // CUDA rounds P and dS elsewhere, so that one may be above the exact logits and the other below
                assertClose(at + "logits", logits, where == Where.CPU ? tolerance : 1.25f * tolerance);
                for (float logit : logits) assertEquals(precision.round(logit), logit);
                Tensor loss = loss(model, name, 0);
                assertEquals(golden.number(at + "loss"), loss.item(), tolerance);
                loss.backward();
            }
            int compared = 0;
            for (Parameter p : model.parameters())
                if (golden.values().containsKey(at + "grad." + p.name()) && !isKeyBias(p.name())) {
                    assertClose(at + "grad." + p.name(), p.tensor().gradientToArray(), 2 * tolerance);
                    compared++;
                }
            assertTrue(compared >= 10, "gradients of " + compared + " parameters");
        }
    }

    /// Softmax does not see what a query adds to all its scores: the gradient is 0, and what is there is noise.
    private static boolean isKeyBias(String name) {
        return name.endsWith("k_lin.bias") || name.endsWith("attn.k.bias") || name.endsWith("key.bias");
    }

    @ParameterizedTest
    @MethodSource("trainings")
    void tenStepsOfTrainingGoAsInPyTorch(String name, Precision precision, Where where) {
        String at = name + "." + precision.name().toLowerCase(Locale.ROOT) + ".";
        try (Device device = where.open(1)) {
            SequenceClassifier model = load(name, device, 0);
            Run run = train(model, name, precision, false, 10);
            assertArrayEquals(golden.floats(at + "losses"), run.losses, 2e-2f);
            if (precision == Precision.FP16) assertArrayEquals(golden.floats(at + "scales"), run.scales);
        }
    }

    /// @param losses of each step    @param scales after it
    private record Run(float[] losses, float[] scales) {}

    private static Run train(
            SequenceClassifier model, String name, Precision precision, boolean checkpoints, int steps) {
        Optimizer optimizer = AdamW.of(model.parameters()).weightDecay(0.01);
        GradScaler scaler = precision == Precision.FP16
                ? new GradScaler(model.parameters().getFirst().tensor().device())
                : null;
        Run run = new Run(new float[steps], new float[steps]);
        for (int step = 0; step < steps; step++) {
            float scale = scaler == null ? 1 : scaler.scale();
            try (Scope _ = Scope.open(precision, checkpoints)) {
                Tensor loss = loss(model, name, step);
                run.losses[step] = loss.item();
                loss.backward(scale);
            }
            double norm = Gradients.norm(model.parameters()) / scale;
            if (Double.isFinite(norm)) optimizer.step(1e-3, Gradients.clipScale(norm, 1.0) / scale);
            else Gradients.clear(model.parameters());
            if (scaler != null) scaler.update(Double.isFinite(norm));
            run.scales[step] = scaler == null ? 1 : scaler.scale();
        }
        return run;
    }

    /// Weights after three steps with dropout.
    private static List<float[]> trained(
            String name, Precision precision, Where where, int threads, boolean checkpoints) {
        try (Device device = where.open(threads)) {
            SequenceClassifier model = load(name, device, 0.2f);
            train(model, name, precision, checkpoints, 3);
            List<float[]> weights = new ArrayList<>();
            for (Parameter p : model.parameters()) weights.add(p.tensor().toArray());
            return weights;
        }
    }

    @ParameterizedTest
    @MethodSource("allPrecisions")
    void oneAndTwoThreadsAndLayersComputedTwiceGiveTheSameBits(String name, Precision precision, Where where) {
        List<float[]> expected = trained(name, precision, where, 1, false);
        List<float[]> threads = trained(name, precision, where, 2, false);
        List<float[]> twice = trained(name, precision, where, 1, true);
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), threads.get(i), "two threads, parameter " + i);
            assertArrayEquals(expected.get(i), twice.get(i), "layers computed twice, parameter " + i);
        }
    }

    @ParameterizedTest
    @MethodSource("allPrecisions")
    void layersComputedTwiceTakeLessMemory(String name, Precision precision, Where where) {
        long[] bytes = new long[2];
        for (int i = 0; i < 2; i++)
            try (Device device = where.open(1)) {
                train(load(name, device, 0.2f), name, precision, i == 1, 3);
                bytes[i] = device.slabBytes();
            }
        assertTrue(bytes[1] < bytes[0], "kept " + bytes[0] + " bytes, computed twice " + bytes[1]);
    }
}
