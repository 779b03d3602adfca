package dev.merapi.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/// Operands of the kernels' tests: views into the middle of an array of NaN, so that whatever is read or
/// written outside of a view shows.
final class Operands {
    /// Around every vector length, and more than one block.
    static final int[] SIZES = {1, 3, 4, 8, 15, 16, 17, 31, 33, 64, 100, 1000, 16_391, 40_000};

    private static final int MARGIN = 5;

    private Operands() {}

    /// n values that nobody has written yet.
    static Floats poisoned(int n) {
        float[] array = new float[n + 2 * MARGIN];
        Arrays.fill(array, Float.NaN);
        return new Floats(array, MARGIN, n);
    }

    /// n values from the standard normal distribution.
    static Floats normal(int n, int seed) {
        Floats x = poisoned(n);
        Philox.normal(x, 1, seed, 0, 1);
        return x;
    }

    static Floats copy(Floats x) {
        Floats copy = poisoned(x.length);
        System.arraycopy(x.array, x.offset, copy.array, copy.offset, x.length);
        return copy;
    }

    /// An output: poisoned where it is to be overwritten, values where it is to be added to.
    static Floats output(int n, boolean accumulate) {
        return accumulate ? normal(n, 999) : poisoned(n);
    }

    /// What an output of [#output] held before.
    static double before(int i, Floats before, boolean accumulate) {
        return accumulate ? before.get(i) : 0;
    }

    /// Every value within `tolerance · max(1, |expected|)`, and nothing written outside of the view.
    static void assertClose(IntToDoubleFunction expected, Floats actual, double tolerance, String what) {
        for (int i = 0; i < actual.length; i++) {
            double e = expected.applyAsDouble(i), limit = tolerance * Math.max(1, Math.abs(e));
            int at = i;
            assertEquals(e, actual.get(i), limit, () -> what + "[" + at + "] of " + actual.length);
        }
        assertInside(actual, what);
    }

    /// Every value exactly, bit for bit, and nothing written outside of the view.
    static void assertSame(Floats expected, Floats actual, String what) {
        for (int i = 0; i < expected.length; i++) {
            int at = i;
            assertEquals(expected.get(i), actual.get(i), () -> what + "[" + at + "] of " + expected.length);
        }
        assertInside(actual, what);
    }

    /// Nothing is written outside of the view.
    static void assertInside(Floats x, String what) {
        for (int i = 0; i < x.array.length; i++)
            if (i < x.offset || i >= x.offset + x.length)
                assertTrue(Float.isNaN(x.array[i]), what + " wrote outside of its operand");
    }
}
