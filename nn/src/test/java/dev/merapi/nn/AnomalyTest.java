package dev.merapi.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.merapi.engine.AnomalyException;
import dev.merapi.engine.Device;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Gather;
import dev.merapi.engine.Reduce;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Shape;
import dev.merapi.engine.Tensor;
import org.junit.jupiter.api.Test;

/// The first operation that gives no finite number is named, by its own name and by who called it.
class AnomalyTest {
    private final Tensor x = Tensor.variable(Device.scalar(), Shape.of(2, 1), 1e-25f, 0);

    private static Tensor large(Tensor x) {
        return Elementwise.scale(x, 1e20f);
    }

    @Test
    void aResultIsFoundWhereItIsMade() {
        try (Scope _ = Scope.open().detectAnomalies()) {
            Tensor fine = large(large(large(x))); // 1e35
            AnomalyException e = assertThrows(AnomalyException.class, () -> large(fine));
            assertEquals(
                    "forward: Elementwise.scale, called by AnomalyTest.large, gives a result [2, 1] that is Infinity"
                            + " at 0",
                    e.getMessage());
            assertNull(e.variable());
        }
    }

    @Test
    void aGradientIsFoundInTheBackwardStepThatMakesIt() {
        try (Scope _ = Scope.open().detectAnomalies()) {
            Tensor loss = Reduce.sum(large(x)); // 1e-5
            AnomalyException e = assertThrows(AnomalyException.class, () -> loss.backward(1e30f));
            assertEquals(
                    "backward: Elementwise.scale, called by AnomalyTest.large, gives a gradient of the variable"
                            + " [2, 1] that is Infinity at 0",
                    e.getMessage());
            assertSame(x, e.variable());
        }
    }

    @Test
    void aGradientOfATablesRowsIsFoundToo() {
        try (Scope _ = Scope.open().detectAnomalies()) {
            Tensor loss = Reduce.sum(large(Gather.rows(x, new int[] {1})));
            AnomalyException e = assertThrows(AnomalyException.class, () -> loss.backward(1e30f));
            assertEquals(
                    "backward: Elementwise.scale, called by AnomalyTest.large, gives a gradient of its operand"
                            + " [1, 1] that is Infinity at 0",
                    e.getMessage());
        }
    }

    @Test
    void othersDoNotLook() {
        try (Scope _ = Scope.open()) {
            Reduce.sum(large(x)).backward(1e30f);
        }
        assertEquals(Float.POSITIVE_INFINITY, x.gradientToArray()[0]);
    }
}
