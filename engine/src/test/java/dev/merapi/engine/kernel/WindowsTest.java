package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.before;
import static dev.merapi.engine.kernel.Operands.copy;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.output;
import static dev.merapi.engine.kernel.Operands.poisoned;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WindowsTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";

    /// Two sequences, [1, 2, 3] and [4, 5] with two channels each: the second ten times the first.
    @ParameterizedTest
    @MethodSource(KERNELS)
    void aWindowHoldsTheNeighboursOfItsSequenceAndZeroBeyond(Kernels kernels) {
        Floats x = Floats.of(1, 10, 2, 20, 3, 30, 4, 40, 5, 50), windows = poisoned(30);
        kernels.unfold(1, 2, 3, new int[] {0, 3, 5}, 2, x, windows);
        assertArrayEquals(
                new float[] {
                    0, 1, 2, 0, 10, 20, 1, 2, 3, 10, 20, 30, 2, 3, 0, 20, 30, 0, 0, 4, 5, 0, 40, 50, 4, 5, 0, 40, 50, 0
                },
                windows.toArray());
        Floats groups = poisoned(30);
        kernels.unfold(2, 2, 3, new int[] {0, 3, 5}, 2, x, groups);
        assertArrayEquals(
                new float[] {
                    0, 1, 2, 1, 2, 3, 2, 3, 0, 0, 4, 5, 4, 5, 0, 0, 10, 20, 10, 20, 30, 20, 30, 0, 0, 40, 50, 40, 50, 0
                },
                groups.toArray());
    }

    /// Value by value: where a window has a token's value, and where a token's value is in windows.
    @ParameterizedTest
    @MethodSource(KERNELS)
    void foldIsTheTransposeOfUnfold(Kernels kernels) {
        int[] starts = {0, 1, 8, 40};
        for (int[] sizes : new int[][] {{1, 5, 3}, {3, 12, 5}, {2, 8, 1}, {1, 4, 9}}) {
            int groups = sizes[0], channels = sizes[1], taps = sizes[2], n = 40 * channels, width = channels / groups;
            Floats x = normal(n, 1), w = normal(n * taps, 2), windows = poisoned(n * taps);
            kernels.unfold(groups, channels, taps, starts, 3, x, windows);
            double[] unfolded = new double[n * taps], folded = new double[n];
            for (int at = 0; at < n * taps; at++) {
                int row = at / (width * taps), i = row % 40, from = i + at % taps - taps / 2;
                int begin = i < 1 ? 0 : i < 8 ? 1 : 8, end = i < 1 ? 1 : i < 8 ? 8 : 40;
                if (from < begin || from >= end) continue;
                int value = from * channels + row / 40 * width + at / taps % width;
                unfolded[at] = x.get(value);
                folded[value] += w.get(at);
            }
            assertClose(at -> unfolded[at], windows, 0, "windows");
            for (boolean accumulate : new boolean[] {false, true}) {
                Floats out = output(n, accumulate), before = copy(out);
                kernels.fold(groups, channels, taps, starts, 3, w, out, accumulate);
                assertClose(i -> folded[i] + before(i, before, accumulate), out, 1e-6, "folded");
            }
        }
    }
}
