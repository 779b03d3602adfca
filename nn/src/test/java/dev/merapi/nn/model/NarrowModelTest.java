package dev.merapi.nn.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.Device;
import dev.merapi.engine.Scope;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.nn.Devices;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.nn.pretrained.Checkpoint;
import dev.merapi.nn.pretrained.Conversion;
import dev.merapi.nn.pretrained.DType;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Models whose weights are held in 16 bits, of all architectures; those of `src/reference/golden_models.py`.
class NarrowModelTest {
    private static final Path GOLDEN = Path.of("src/test/resources/dev/merapi/nn/golden/models");
    private static final LoadOptions OPTIONS = LoadOptions.pretrained().device(Device.scalar());
    private static final Sequences BATCH =
            Sequences.of(List.of(new int[] {5, 9, 4}, new int[] {7}), List.of(new int[3], new int[1]));

    @TempDir
    Path folder;

    static Stream<String> models() {
        return Stream.of(GOLDEN.toFile().listFiles()).map(File::getName).sorted();
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitsAreThoseOfRoundedWeights(String name) {
        for (Device device : Devices.all())
            for (Precision dtype : List.of(Precision.BF16, Precision.FP16)) {
                if (!device.kernels().holds(dtype)) continue;
                for (Head head : Head.values()) {
                    LoadOptions options = OPTIONS.device(device);
                    Model narrow = head.load(GOLDEN.resolve(name), options.dtype(dtype));
                    Model rounded = head.load(GOLDEN.resolve(name), options);
                    round(rounded, narrow, dtype);
                    assertArrayEquals(logits(rounded), logits(narrow), name + " " + head);
                }
            }
    }

    /// All matrices that products and gathers read, and nothing else, are held in 16 bits.
    @Test
    void biasesAndNormsStayFloat32() {
        Model model = Head.MLM.load(GOLDEN.resolve("bert-c9-l2"), OPTIONS.dtype(Precision.BF16));
        for (Parameter p : model.parameters())
            assertEquals(
                    p.tensor().shape().rank() == 2 ? Precision.BF16 : Precision.FP32,
                    p.tensor().precision(),
                    p.name());
        assertTrue(model.parameters().stream().noneMatch(p -> p.trainable() && !p.isBiasOrNorm()));
    }

    @Test
    void aCheckpointOfSixteenBitsGivesTheSameLogits() {
        for (DType stored : List.of(DType.BF16, DType.F16)) {
            Path converted = folder.resolve(stored.toString());
            Conversion.convert(GOLDEN.resolve("bert-c9-l2"), converted, stored);
            LoadOptions options = OPTIONS.dtype(stored == DType.F16 ? Precision.FP16 : Precision.BF16);
            Model narrow = Head.SEQUENCE.load(converted, options);
            assertArrayEquals(logits(Head.SEQUENCE.load(converted, OPTIONS)), logits(narrow));
        }
    }

    @Test
    void newWeightsAreTheRoundedOnesOfTheSeed() {
        Json.Obj config = Json.read(GOLDEN.resolve("bert-c9-l2/config.json"));
        Checkpoint none = Checkpoint.newWeights("none");
        Model narrow = SequenceClassifier.of(config, none, OPTIONS.dtype(Precision.FP16));
        Model rounded = SequenceClassifier.of(config, none, OPTIONS);
        round(rounded, narrow, Precision.FP16);
        assertArrayEquals(logits(rounded), logits(narrow));
    }

    @Test
    void trainingAndSavingSayWhatToDo() {
        var model =
                (SequenceClassifier) Head.SEQUENCE.load(GOLDEN.resolve("bert-c9-l2"), OPTIONS.dtype(Precision.FP16));
        try (Scope _ = Scope.open()) {
            String message = assertThrows(
                            IllegalStateException.class,
                            () -> CrossEntropy.of().of(model.forward(BATCH, Pass.training(1, 1)), new int[] {0, 1}))
                    .getMessage();
            assertEquals(
                    "linear: W [9, 9] is held in FP16, for inference; to train, load the model in float32, without a"
                            + " dtype",
                    message);
        }
        assertTrue(assertThrows(IllegalStateException.class, () -> model.savePretrained(folder.resolve("x"), Map.of()))
                .getMessage()
                .endsWith("load the model in float32, without a dtype, to train or to save it"));
        assertTrue(!folder.resolve("x").toFile().exists());
    }

    @Test
    void aWeightThatIsTooLargeIsNamed() {
        Model model = Head.SEQUENCE.load(GOLDEN.resolve("bert-c9-l2"), OPTIONS);
        Parameter query = model.parameters().stream()
                .filter(p -> p.name().endsWith("layer.1.attention.self.query.weight"))
                .findFirst()
                .orElseThrow();
        query.tensor().data().set(10, -65520);
        model.savePretrained(folder.resolve("large"), Map.of());
        assertEquals(
                "model.safetensors: \"bert.encoder.layer.1.attention.self.query.weight\": -65520.0 at row 1, column 1"
                        + " is no finite number in FP16; load it in BF16 or FP32",
                assertThrows(
                                PretrainedException.class,
                                () -> Head.SEQUENCE.load(folder.resolve("large"), OPTIONS.dtype(Precision.FP16)))
                        .getMessage()
                        .replaceFirst(".*(?=model.safetensors)", ""));
        assertEquals(
                "load: weights are held in FP32, BF16 or FP16, got TF32",
                assertThrows(IllegalArgumentException.class, () -> OPTIONS.dtype(Precision.TF32))
                        .getMessage());
    }

    private static void round(Model model, Model narrow, Precision dtype) {
        for (int i = 0; i < model.parameters().size(); i++) {
            if (narrow.parameters().get(i).tensor().precision() == Precision.FP32) continue;
            Floats values = model.parameters().get(i).tensor().data();
            dtype.round(0, values.length, values, values, false);
            model.parameters().get(i).tensor().modified();
        }
    }

    private static float[] logits(Model model) {
        try (Scope _ = Scope.inference()) {
            return model.forward(BATCH, Pass.INFERENCE).toArray();
        }
    }
}
