package dev.merapi.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShapeTest {
    @Test
    void sizesCountFromBothEnds() {
        Shape shape = Shape.of(2, 3, 5, 7);
        assertEquals(List.of(2, 3, 5, 7, 2, 7), sizes(shape, 0, 1, 2, 3, -4, -1));
        assertEquals(List.of(4, 210, 30, 7), List.of(shape.rank(), shape.count(), shape.rows(), shape.columns()));
        for (int axis : new int[] {4, -5, Integer.MIN_VALUE, Integer.MAX_VALUE})
            assertEquals(
                    "shape: axis " + axis + " of [2, 3, 5, 7], which has 4 axes",
                    assertThrows(ShapeException.class, () -> shape.size(axis)).getMessage());
    }

    private static List<Integer> sizes(Shape shape, int... axes) {
        return Arrays.stream(axes).map(shape::size).boxed().toList();
    }

    @Test
    void aScalarIsOneValueWithoutAxes() {
        Shape scalar = Shape.scalar();
        assertEquals("[]", scalar.toString());
        assertEquals(List.of(0, 1, 1, 1), List.of(scalar.rank(), scalar.count(), scalar.rows(), scalar.columns()));
        assertEquals(scalar, Shape.of(new int[0]));
        assertNotEquals(scalar, Shape.of(1));
    }

    @Test
    void equalSizesAreEqualShapesHoweverTheyWereMade() {
        for (Shape shape : List.of(
                Shape.of(4, 6), Shape.of(new int[] {4, 6}), Shape.of(4, 2).withColumns(6))) {
            assertEquals(Shape.of(4, 6), shape);
            assertEquals(Shape.of(4, 6).hashCode(), shape.hashCode());
            assertEquals("[4, 6]", shape.toString());
        }
        for (Shape shape : List.of(Shape.of(6, 4), Shape.of(24), Shape.of(1, 4, 6), Shape.of(5, 6), Shape.of(4, 7)))
            assertNotEquals(Shape.of(4, 6), shape);
    }

    @Test
    void sizesThatCannotBeAreRefused() {
        assertEquals(
                "shape: every size must be at least 1, got [3, 0]",
                assertThrows(ShapeException.class, () -> Shape.of(3, 0)).getMessage());
        assertEquals(
                "shape: [65536, 32768] holds more than 2147483647 values; split the batch into smaller ones",
                assertThrows(ShapeException.class, () -> Shape.of(65536, 32768)).getMessage());
        assertEquals(Integer.MAX_VALUE, Shape.of(Integer.MAX_VALUE).count());
        assertEquals(
                "shape: every size must be at least 1, got [2147483647, -3]",
                assertThrows(ShapeException.class, () -> Shape.of(Integer.MAX_VALUE, -3))
                        .getMessage());
    }
}
