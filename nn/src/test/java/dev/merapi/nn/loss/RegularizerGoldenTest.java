package dev.merapi.nn.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.Device;
import dev.merapi.engine.Gather;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Shape;
import dev.merapi.engine.ShapeException;
import dev.merapi.engine.Tensor;
import dev.merapi.nn.Devices;
import dev.merapi.nn.GoldenText;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.optim.FastGradient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// R-Drop and the fast gradient method against PyTorch (`src/reference/golden_regularizers.py`).
class RegularizerGoldenTest {
    private final GoldenText golden =
            GoldenText.read(Path.of("src/test/resources/dev/merapi/nn/golden/regularizers.txt"));

    RegularizerGoldenTest() throws IOException {}

    @Test
    void rDropHasPyTorchsValueAndGradients() {
        check("rdrop.classes", 4, new RDrop(false));
        check("rdrop.labels", 5, new RDrop(true));
    }

    private void check(String name, int columns, RDrop loss) {
        for (Device device : Devices.all()) {
            Tensor one = variable(device, golden.floats(name + ".one"), columns);
            Tensor two = variable(device, golden.floats(name + ".two"), columns);
            try (Scope _ = Scope.open()) {
                Tensor value = loss.of(one, two);
                assertEquals(golden.number(name + ".loss"), value.item(), 1e-6, name + " on " + device);
                value.backward();
            }
            assertArrayEquals(golden.floats(name + ".done"), one.gradientToArray(), 1e-6f, name + " on " + device);
            assertArrayEquals(golden.floats(name + ".dtwo"), two.gradientToArray(), 1e-6f, name + " on " + device);
        }
    }

    private static Tensor variable(Device device, float[] values, int columns) {
        return Tensor.variable(device, Shape.of(values.length / columns, columns), values);
    }

    @Test
    void rDropOfPassesThatAgreeIsNothingAndOthersAreRefused() {
        Device device = Device.scalar();
        Tensor one = Tensor.of(device, Shape.of(1, 2), 1, 2);
        assertEquals(0, new RDrop(false).of(one, one).item());
        assertEquals(0, new RDrop(true).of(one, one).item());
        Tensor other = Tensor.of(device, Shape.of(2, 1), 1, 2);
        assertEquals(
                "r-drop: the passes' logits are [1, 2] and [2, 1]; they must be of the same rows",
                assertThrows(ShapeException.class, () -> new RDrop(false).of(one, other))
                        .getMessage());
    }

    @Test
    void theFastGradientMethodAddsTheGradientsOfTheMovedTable() {
        for (Device device : Devices.all()) {
            float[] start = golden.floats("fgm.table");
            Tensor table = variable(device, start, 3);
            Parameter parameter =
                    new Parameter("bert.embeddings.word_embeddings.weight", table, Parameter.Initial.NORMAL);
            FastGradient adversary = FastGradient.of(List.of(parameter), golden.number("fgm.epsilon"))
                    .orElseThrow();
            assertFalse(adversary.perturb(), "without a gradient");
            assertEquals(golden.number("fgm.loss"), backward(table), 1e-6);
            assertTrue(adversary.perturb());
            assertArrayEquals(golden.floats("fgm.moved"), table.toArray(), 1e-6f, "moved on " + device);
            assertEquals(golden.number("fgm.again"), backward(table), 1e-6);
            adversary.restore();
            assertArrayEquals(start, table.toArray(), 0f);
            assertArrayEquals(golden.floats("fgm.dtable"), table.gradientToArray(), 1e-6f, "gradients on " + device);
        }
    }

    private float backward(Tensor table) {
        try (Scope _ = Scope.open()) {
            Tensor loss = CrossEntropy.of().of(Gather.rows(table, integers("fgm.ids")), integers("fgm.labels"));
            loss.backward();
            return loss.item();
        }
    }

    @Test
    void wordEmbeddingsThatAreNotTrainedAreNotMoved() {
        Tensor table = Tensor.variable(Device.scalar(), Shape.of(2, 1), 1, 2);
        Parameter parameter = new Parameter("embeddings.word_embeddings.weight", table, Parameter.Initial.NORMAL);
        parameter.freeze();
        assertEquals(Optional.empty(), FastGradient.of(List.of(parameter), 1));
    }

    private int[] integers(String name) {
        return Arrays.stream(golden.array(name)).mapToInt(value -> (int) value).toArray();
    }
}
