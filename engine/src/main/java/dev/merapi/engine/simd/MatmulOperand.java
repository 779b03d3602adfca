package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.SimdMath.F;
import static dev.merapi.engine.simd.SimdMath.LANES;

import dev.merapi.engine.kernel.Floats;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// One factor of a matrix product as it lies in memory, and how it is packed into panels. Its *lines* are the rows of A or the columns of B;
/// a panel of height h holds up to h lines in the order in which a micro-kernel reads them, `panel[k, h]`, lines that are missing being zero.
///
/// @param stride        between neighbouring rows in memory
/// @param linesAreRows  whether a line is a row in memory (k runs along it) or a column
record MatmulOperand(float[] array, int offset, int stride, boolean linesAreRows) {
    static MatmulOperand lines(Floats x, int k) {
        return new MatmulOperand(x.array, x.offset, k, true);
    }

    static MatmulOperand columns(Floats x, int lines) {
        return new MatmulOperand(x.array, x.offset, lines, false);
    }

    /// Packs `lines` lines from line `first` on, k in [k0, k0 + kc), into a panel of the given height.
    void pack(int first, int lines, int height, int k0, int kc, float[] panel, int at) {
        if (lines < height) Arrays.fill(panel, at, at + kc * height, 0f);
        if (linesAreRows) transpose(offset + first * stride + k0, lines, height, kc, panel, at);
        else if (lines == 2 * LANES && height == lines) copyVectors(offset + k0 * stride + first, kc, panel, at);
        else copy(offset + k0 * stride + first, lines, height, kc, panel, at);
    }

    /// Four lines at a time: four streams are read, and four neighbours written.
    private void transpose(int from, int lines, int height, int kc, float[] panel, int at) {
        int line = 0;
        for (; line + 4 <= lines; line += 4) transpose4(from + line * stride, height, kc, panel, at + line);
        for (; line < lines; line++) {
            int source = from + line * stride;
            for (int i = 0; i < kc; i++) panel[at + line + i * height] = array[source + i];
        }
    }

    private void transpose4(int from, int height, int kc, float[] panel, int at) {
        float[] x = array;
        int r1 = from + stride, r2 = r1 + stride, r3 = r2 + stride;
        for (int i = 0; i < kc; i++) {
            int to = at + i * height;
            panel[to] = x[from + i];
            panel[to + 1] = x[r1 + i];
            panel[to + 2] = x[r2 + i];
            panel[to + 3] = x[r3 + i];
        }
    }

    private void copy(int from, int lines, int height, int kc, float[] panel, int at) {
        for (int i = 0; i < kc; i++) {
            for (int line = 0; line < lines; line++) panel[at + i * height + line] = array[from + i * stride + line];
        }
    }

    private void copyVectors(int from, int kc, float[] panel, int at) {
        for (int i = 0; i < kc; i++) {
            FloatVector.fromArray(F, array, from).intoArray(panel, at);
            FloatVector.fromArray(F, array, from + LANES).intoArray(panel, at + LANES);
            from += stride;
            at += 2 * LANES;
        }
    }
}
