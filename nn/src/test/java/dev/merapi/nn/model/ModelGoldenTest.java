package dev.merapi.nn.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.merapi.engine.Device;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.nn.Devices;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.loss.BinaryCrossEntropy;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.nn.loss.Regression;
import dev.merapi.nn.loss.SpanCrossEntropy;
import dev.merapi.nn.optim.AdamW;
import dev.merapi.nn.optim.Gradients;
import dev.merapi.nn.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Every architecture under every head against transformers and PyTorch: hidden states, logits, all gradients,
/// ten losses of training. The golden values were made in float64 by `src/reference/golden_models.py`.
class ModelGoldenTest {
    private static final Path GOLDEN = Path.of("src/test/resources/dev/merapi/nn/golden/models");

    /// A config under a head.
    private record Case(Path name, Head head) {
        Arguments on(Device device) {
            return Arguments.of(name, head, device);
        }
    }

    static Stream<Arguments> hiddenStates() throws IOException {
        return cases(5); // each head under four configs
    }

    static Stream<Arguments> gradients() throws IOException {
        return cases(1);
    }

    static Stream<Arguments> trainings() throws IOException {
        return cases(13); // each architecture once
    }

    /// @param stride of the cases that an emulated GPU has
    private static Stream<Arguments> cases(int stride) throws IOException {
        List<Path> folders;
        try (Stream<Path> list = Files.list(GOLDEN)) {
            folders = list.map(Path::getFileName).sorted().toList();
        }
        assertEquals(0, folders.size() % 3, "three configs an architecture");
        List<Case> cases = folders.stream()
                .flatMap(name -> Stream.of(Head.values()).map(head -> new Case(name, head)))
                .toList();
        return Stream.concat(
                Devices.cpu().stream().flatMap(device -> cases.stream().map(c -> c.on(device))),
                Devices.cuda().stream()
                        .flatMap(device -> Devices.onCuda(cases, stride).map(c -> c.on(device))));
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource("hiddenStates")
    void hiddenStatesAndLogitsEqualTransformers(Path name, Head head, Device device) {
        Model model = head.load(GOLDEN.resolve(name), LoadOptions.pretrained().device(device));
        try (GoldenTensors golden = GoldenTensors.of(GOLDEN.resolve(name));
                Scope _ = Scope.inference()) {
            Sequences batch = golden.sequences("");
            List<Tensor> states = model.encoder().hiddenStates(batch, Pass.INFERENCE);
            assertEquals(model.config().layers() + 1, states.size());
            for (int i = 0; i < states.size(); i++)
                golden.assertClose("hidden." + i, states.get(i).toArray(), 1e-5f);
            golden.assertClose(
                    head + ".logits", model.forward(batch, Pass.INFERENCE).toArray(), 1e-5f);
        }
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource("gradients")
    void everyGradientEqualsPyTorch(Path name, Head head, Device device) {
        Model model = head.load(GOLDEN.resolve(name), LoadOptions.pretrained().device(device));
        try (GoldenTensors golden = GoldenTensors.of(GOLDEN.resolve(name));
                Scope _ = Scope.open()) {
            Tensor loss = loss(head, model, golden, "", 0);
            assertEquals(golden.floats(head + ".loss")[0], loss.item(), 1e-5f);
            loss.backward();
            for (Parameter p : model.parameters())
                golden.assertClose(head + ".grad." + p.name(), p.tensor().gradientToArray(), 1e-4f);
        }
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource("trainings")
    void tenStepsOfTrainingLoseWhatPyTorchLoses(Path name, Head head, Device device) {
        Model model = head.load(GOLDEN.resolve(name), LoadOptions.pretrained().device(device));
        try (GoldenTensors golden = GoldenTensors.of(GOLDEN.resolve(name))) {
            Optimizer optimizer = AdamW.of(model.parameters()).weightDecay(0.01);
            float[] losses = new float[10];
            for (int step = 0; step < losses.length; step++) {
                try (Scope _ = Scope.open()) {
                    Tensor loss = loss(head, model, golden, step % 3 == 0 ? "" : "batch." + step % 3 + ".", step);
                    losses[step] = loss.item();
                    loss.backward();
                    optimizer.step(1e-3, Gradients.clipScale(Gradients.norm(model.parameters()), 1.0));
                }
            }
            assertArrayEquals(golden.floats(head + ".losses"), losses, 1e-4f);
        }
    }

    /// The loss that transformers computes for such labels.
    private static Tensor loss(Head head, Model model, GoldenTensors golden, String prefix, int step) {
        Sequences batch = golden.sequences(prefix);
        Tensor logits = model.forward(batch, Pass.training(1, step));
        String labels = prefix + head + ".labels";
        if (head == Head.QA) {
            int[] spans = golden.integers(labels); // [B, 2]
            int[] first =
                    IntStream.range(0, batch.count()).map(b -> spans[2 * b]).toArray();
            int[] last =
                    IntStream.range(0, batch.count()).map(b -> spans[2 * b + 1]).toArray();
            return Elementwise.scale(new SpanCrossEntropy().of(logits, batch.starts(), first, last), 0.5f);
        }
        if (model instanceof SequenceClassifier classifier)
            return switch (classifier.problemType()) {
                case SINGLE_LABEL_CLASSIFICATION -> CrossEntropy.of().of(logits, golden.integers(labels));
                case MULTI_LABEL_CLASSIFICATION -> BinaryCrossEntropy.of().of(logits, golden.floats(labels));
                case REGRESSION -> new Regression.MeanSquaredError().of(logits, golden.floats(labels));
            };
        return CrossEntropy.of().of(logits, golden.integers(labels));
    }
}
