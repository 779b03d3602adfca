package dev.merapi.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class SlabsTest {
    @Test
    void classesAreNumberedBySize() {
        int size = 0;
        for (int number = 0; number <= 100; number++) {
            size = Slabs.round(size + 1);
            assertEquals(number, Slabs.sizeClass(size), "class of " + size);
        }
        assertEquals(Integer.MAX_VALUE - 8, size);
    }

    @Test
    void whatWasGivenBackServesSizesFromHalfOfItsOwn() {
        Slabs slabs = new Slabs();
        float[] array = slabs.take(160).array;
        assertNotSame(array, slabs.take(160).array, "in use");
        slabs.give(new Floats(array, 0, 160));
        Floats half = slabs.take(65); // 80 values
        assertSame(array, half.array);
        slabs.give(half);
        assertNotSame(array, slabs.take(64).array, "less than half");
        assertNotSame(array, slabs.take(161).array, "more than there is");
    }

    @Test
    void theLastArrayOfASizeThatCameBackIsTheFirstToServe() {
        Slabs slabs = new Slabs();
        Floats a = slabs.take(100), b = slabs.take(100);
        slabs.give(b);
        slabs.give(a);
        assertSame(a.array, slabs.take(100).array);
        assertSame(b.array, slabs.take(100).array);
        assertEquals(2 * 4 * 112, slabs.bytes());
    }
}
