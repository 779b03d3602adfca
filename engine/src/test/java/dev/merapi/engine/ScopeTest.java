package dev.merapi.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.merapi.engine.kernel.Activation;
import org.junit.jupiter.api.Test;

class ScopeTest {
    private final Device device = Device.scalar();

    @Test
    void steadyStepsTakeNoNewMemory() {
        Tensor w = GradCheck.variable(device, 0, 300, 100);
        Tensor x = GradCheck.variable(device, 1, 70, 100);
        long after = 0;
        for (int step = 0; step < 5; step++) {
            try (Scope _ = Scope.open()) {
                Reduce.sum(Elementwise.activation(Activation.GELU, Matmul.linear(x, w, null)))
                        .backward();
            }
            if (step == 0) after = device.slabBytes();
        }
        assertEquals(after, device.slabBytes());
    }

    @Test
    void aTensorOfAClosedScopeIsRefused() {
        Tensor y;
        try (Scope _ = Scope.inference()) {
            y = Elementwise.scale(Tensor.of(device, Shape.of(2), 1f, 2f), 2f);
        }
        var e = assertThrows(IllegalStateException.class, y::toArray);
        assertEquals(
                "tensor [2]: its scope is closed and its memory recycled; read it inside the scope or copy it out with"
                        + " toArray()",
                e.getMessage());
    }

    @Test
    void keepOnlyRecyclesAllButTheResult() {
        Tensor x = Tensor.of(device, Shape.of(1000), new float[1000]);
        try (Scope _ = Scope.inference()) {
            Tensor y = Scope.keepOnly(() -> Elementwise.scale(Elementwise.scale(x, 2f), 3f));
            long bytes = device.slabBytes();
            Elementwise.scale(x, 1f); // takes the array of the intermediate result
            assertEquals(bytes, device.slabBytes());
            assertArrayEquals(new float[1000], y.toArray());
        }
    }

    @Test
    void nothingIsRecordedOutsideOfARecordingScope() {
        Tensor x = Tensor.variable(device, Shape.of(1), 2f);
        assertFalse(Elementwise.scale(x, 2f).isTracked());
        try (Scope _ = Scope.inference()) {
            assertFalse(Elementwise.scale(x, 2f).isTracked());
        }
        var e = assertThrows(IllegalStateException.class, () -> Reduce.sum(x).backward());
        assertEquals(
                "backward: nothing was recorded; compute the loss inside try (var step = Scope.open()) from tensors"
                        + " that are tracked",
                e.getMessage());
    }

    @Test
    void gradientsOfSeveralBackwardsAddUp() {
        Tensor x = Tensor.variable(device, Shape.of(2), 1f, 2f);
        for (int i = 0; i < 3; i++) {
            try (Scope _ = Scope.open()) {
                Reduce.sum(Elementwise.multiply(x, x)).backward();
            }
        }
        assertArrayEquals(new float[] {6f, 12f}, x.gradientToArray());
        x.clearGradient();
        assertArrayEquals(new float[] {0f, 0f}, x.gradientToArray());
    }

    @Test
    void sparseGradientsOfSeveralScopesAddUp() {
        Tensor table = Tensor.variable(device, Shape.of(3, 1), 1f, 2f, 3f);
        for (int i = 0; i < 3; i++) {
            try (Scope _ = Scope.open()) {
                Reduce.sum(Gather.rows(table, new int[] {2, 0, 2})).backward();
            }
        }
        assertArrayEquals(new float[] {3f, 0f, 6f}, table.gradientToArray());
    }

    @Test
    void aDenseGradientIsAddedToASparseOne() {
        Tensor table = Tensor.variable(device, Shape.of(3, 1), 1f, 2f, 3f);
        Tensor one = Tensor.of(device, Shape.of(1, 1), 1f);
        try (Scope _ = Scope.open()) {
            Tensor product = Matmul.linear(one, table, null);
            Tensor rows = Gather.rows(table, new int[] {2}); // made later, so its gradient comes first
            Reduce.sum(Elementwise.add(Reduce.sum(product), Reduce.sum(rows))).backward();
        }
        assertArrayEquals(new float[] {1f, 1f, 2f}, table.gradientToArray());
        assertArrayEquals(new float[] {1f, 1f, 2f}, table.gradient().toArray());
    }

    @Test
    void aFrozenVariableGetsNoGradient() {
        Tensor w = Tensor.variable(device, Shape.of(1, 1), 3f);
        Tensor x = Tensor.variable(device, Shape.of(1, 1), 2f);
        w.setTracked(false);
        try (Scope _ = Scope.open()) {
            Matmul.linear(x, w, null).backward();
        }
        assertArrayEquals(new float[] {0f}, w.gradientToArray());
        assertArrayEquals(new float[] {3f}, x.gradientToArray());
    }

    @Test
    void scopesCloseInnermostFirst() {
        Scope outer = Scope.open();
        Scope inner = Scope.open();
        assertThrows(IllegalStateException.class, outer::close);
        inner.close();
        outer.close();
    }

    @Test
    void wrongShapesSayHowToMendThem() {
        Tensor x = Tensor.of(device, Shape.of(2, 3), new float[6]);
        Tensor w = Tensor.of(device, Shape.of(3, 4), new float[12]);
        var e = assertThrows(ShapeException.class, () -> Matmul.linear(x, w, null));
        assertEquals(
                "linear: x [2, 3] · Wᵀ, W [3, 4]: the last size of both must be equal; is W transposed?",
                e.getMessage());
        var ids = assertThrows(ShapeException.class, () -> Gather.rows(x, new int[] {0, 2}));
        assertEquals(
                "gather: id 2 at position 1 is outside of the table's 2 rows; does the tokenizer belong to this model?",
                ids.getMessage());
    }
}
