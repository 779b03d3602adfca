package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.SimdMath.F;
import static dev.merapi.engine.simd.SimdMath.LANES;

import dev.merapi.engine.kernel.Floats;
import jdk.incubator.vector.FloatVector;

/// One factor of a matrix product as it lies in memory, and how it is packed into panels. Its *lines* are the
/// rows of A or the columns of B; a panel of height h holds up to h lines in the order in which a micro-kernel
/// reads them, `panel[k, h]`. Where lines are missing it holds anything: what is computed from them is never
/// stored.
///
/// @param stride       between neighbouring rows in memory
/// @param linesAreRows whether a line is a row in memory (k runs along it) or a column
record MatmulOperand(float[] array, int offset, int stride, boolean linesAreRows) {
    static MatmulOperand lines(Floats x, int k) {
        return new MatmulOperand(x.array, x.offset, k, true);
    }

    static MatmulOperand columns(Floats x, int lines) {
        return new MatmulOperand(x.array, x.offset, lines, false);
    }

    /// Packs `lines` lines from line `first` on, k in [k0, k0 + kc), into a panel of the given height.
    ///
    /// Rows of a panel are written as whole vectors where they can be: unless the height is a multiple of
    /// [SimdMath#LANES], up to LANES − 1 values after it are overwritten. So the last lines of a panel come
    /// before the first ones, and neighbouring panels are packed in ascending order.
    ///
    /// @param block memory for LANES · LANES values
    void pack(int first, int lines, int height, int k0, int kc, float[] panel, int at, float[] block) {
        if (linesAreRows) packRows(offset + first * stride + k0, lines, height, kc, panel, at, block);
        else packColumns(offset + k0 * stride + first, lines, height, kc, panel, at);
    }

    /// The same in plain loops, with nothing written after the panel.
    void packPlainly(int first, int lines, int height, int k0, int kc, float[] panel, int at) {
        if (linesAreRows) PlainLoops.pack(array, offset + first * stride + k0, 1, stride, kc, lines, height, panel, at);
        else PlainLoops.pack(array, offset + k0 * stride + first, stride, 1, kc, lines, height, panel, at);
    }

    private void packRows(int from, int lines, int height, int kc, float[] panel, int at, float[] block) {
        if (height == 1) {
            System.arraycopy(array, from, panel, at, kc);
            return;
        }
        int whole = kc / LANES * LANES;
        for (int line = (lines - 1) / LANES * LANES; line >= 0; line -= LANES) {
            int count = Math.min(LANES, lines - line);
            for (int i = 0; i < whole; i += LANES)
                Transpose.block(
                        array, from + line * stride + i, stride, count, panel, at + i * height + line, height, block);
        }
        for (int i = whole; i < kc; i++)
            for (int line = 0; line < lines; line++) panel[at + i * height + line] = array[from + line * stride + i];
    }

    private void packColumns(int from, int lines, int height, int kc, float[] panel, int at) {
        int vectors = (height + LANES - 1) / LANES;
        // rows from whose first line on the memory holds as many values as the vectors read
        int whole = Math.clamp(Math.floorDiv(array.length - from - vectors * LANES, stride) + 1, 0, kc);
        for (int v = vectors - 1; v >= 0; v--) copyVectors(from + v * LANES, whole, height, panel, at + v * LANES);
        for (int i = whole; i < kc; i++)
            for (int line = 0; line < lines; line++) panel[at + i * height + line] = array[from + i * stride + line];
    }

    private void copyVectors(int from, int rows, int height, float[] panel, int at) {
        for (int i = 0; i < rows; i++)
            FloatVector.fromArray(F, array, from + i * stride).intoArray(panel, at + i * height);
    }
}
