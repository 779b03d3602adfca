package dev.merapi.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Philox;
import dev.merapi.engine.kernel.Precision;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class NarrowWeightTest {
    private static final Device DEVICE = Device.best(2);
    private static final int ROWS = 300, COLUMNS = 20;

    private final Floats values = Floats.allocate(ROWS * COLUMNS);
    private final Tensor x = Tensor.of(DEVICE, Shape.of(1, COLUMNS), new float[COLUMNS]);

    NarrowWeightTest() {
        Philox.normal(values, 1, 1, 0, 1);
        for (int i = 0; i < COLUMNS; i++) x.data().set(i, i - 8.5f);
    }

    @AfterAll
    static void close() {
        DEVICE.close();
    }

    @Test
    void aLinearLayerComputesAsItsRoundedWeight() {
        for (Precision precision : new Precision[] {Precision.BF16, Precision.FP16}) {
            Tensor weight = filled(Tensor.weight(DEVICE, Shape.of(ROWS, COLUMNS), precision));
            Tensor rounded = rounded(precision), bias = Tensor.of(DEVICE, Shape.of(ROWS), new float[ROWS]);
            assertArrayEquals(
                    Matmul.linear(x, rounded, bias).toArray(),
                    Matmul.linear(x, weight, bias).toArray());
            assertArrayEquals(
                    Matmul.linear(x, rounded, null, Activation.GELU).toArray(),
                    Matmul.linear(x, weight, null, Activation.GELU).toArray());
        }
    }

    /// As a masked language model uses its embeddings.
    @Test
    void aTableIsGatheredAndMultiplied() {
        Tensor table = filled(Tensor.table(DEVICE, Shape.of(ROWS, COLUMNS), Precision.FP16));
        Tensor rounded = rounded(Precision.FP16);
        int[] ids = {299, 3, 3, 256};
        Tensor rows = Gather.embeddings(table, ids, rounded, ids, null, null);
        assertArrayEquals(
                Gather.embeddings(rounded, ids, rounded, ids, null, null).toArray(), rows.toArray());
        assertArrayEquals(
                Matmul.linear(rows, rounded, null).toArray(),
                Matmul.linear(rows, table, null).toArray());
        assertEquals(Precision.FP16, table.precision());
    }

    @Test
    void trainingSaysWhatToDo() {
        Tensor weight = filled(Tensor.weight(DEVICE, Shape.of(ROWS, COLUMNS), Precision.BF16));
        Tensor bias = Tensor.variable(DEVICE, Shape.of(ROWS));
        try (Scope _ = Scope.open()) {
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> Matmul.linear(x, weight, bias));
            assertEquals(
                    "linear: W [300, 20] is held in BF16, for inference; to train, load the model in float32, without"
                            + " a dtype",
                    e.getMessage());
        }
        try (Scope _ = Scope.inference()) {
            assertEquals(ROWS, Matmul.linear(x, weight, bias).shape().count());
        }
        assertFalse(weight.isTracked());
        String readOrTrain = "tensor [300, 20]: its values are held in BF16, for inference; load the model in float32,"
                + " without a dtype, to train or to save it";
        assertEquals(
                readOrTrain,
                assertThrows(IllegalStateException.class, weight::data).getMessage());
        assertEquals(
                readOrTrain,
                assertThrows(IllegalStateException.class, () -> weight.setTracked(true))
                        .getMessage());
    }

    @Test
    void aScopeOfLowPrecisionIsRefused() {
        Tensor weight = filled(Tensor.weight(DEVICE, Shape.of(ROWS, COLUMNS), Precision.BF16));
        try (Scope _ = Scope.inference(Precision.FP16)) {
            assertEquals(
                    "linear: W [300, 20] is held in BF16 for products in float32, got a scope of FP16; leave one of"
                            + " them out",
                    assertThrows(IllegalStateException.class, () -> Matmul.linear(x, weight, null))
                            .getMessage());
        }
    }

    @Test
    void aValueThatIsTooLargeIsNamed() {
        Tensor weight = Tensor.weight(DEVICE, Shape.of(ROWS, COLUMNS), Precision.FP16);
        values.set(45, 70000f);
        assertEquals(
                "70000.0 at row 258, column 5 is no finite number in FP16",
                assertThrows(IllegalArgumentException.class, () -> weight.write(256, values.slice(0, 44 * COLUMNS)))
                        .getMessage());
        assertEquals(
                "tensor: weights are held in float32 on %s, not in TF32; leave the dtype out"
                        .formatted(DEVICE.kernels().name()),
                assertThrows(IllegalArgumentException.class, () -> Tensor.table(DEVICE, Shape.of(2, 2), Precision.TF32))
                        .getMessage());
    }

    private Tensor rounded(Precision precision) {
        Floats rounded = Floats.allocate(values.length);
        precision.round(0, values.length, values, rounded, false);
        return Tensor.of(DEVICE, Shape.of(ROWS, COLUMNS), rounded.array);
    }

    private Tensor filled(Tensor narrow) {
        narrow.write(0, values.slice(0, 256 * COLUMNS));
        narrow.write(256, values.slice(256 * COLUMNS, 44 * COLUMNS));
        return narrow;
    }
}
