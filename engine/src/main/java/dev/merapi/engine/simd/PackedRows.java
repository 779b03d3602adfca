package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.MatmulScratch.DEPTH;
import static dev.merapi.engine.simd.MatmulScratch.HEIGHT;
import static dev.merapi.engine.simd.SimdMath.LANES;

/// Rows of A in the order in which micro-kernels read them: for each block of up to [MatmulScratch#DEPTH]
/// inputs panels [kc, HEIGHT], the last one lower where fewer rows are left. After each panel is room for what
/// packing spills, so that panels can be packed in any order, by several threads at once.
final class PackedRows {
    private float[] array = new float[0];
    private int panels;

    /// Makes room for rows × k values, at first without meaning.
    void reserve(int rows, int k) {
        panels = panels(rows);
        array = MatmulScratch.atLeast(array, base(k) + panels * LANES);
    }

    static int panels(int rows) {
        return (rows + HEIGHT - 1) / HEIGHT;
    }

    float[] array() {
        return array;
    }

    /// Where the block of inputs that begins with k0, a multiple of DEPTH, begins.
    int base(int k0) {
        return panels * (HEIGHT * k0 + LANES * (k0 / DEPTH));
    }

    /// Where the panel of row r, a multiple of HEIGHT, begins in a block.
    static int at(int base, int kc, int r) {
        return base + r / HEIGHT * (HEIGHT * kc + LANES);
    }

    /// Packs a panel: rows [r, rows) of the operand, up to HEIGHT of them, counted from line `first`; inputs
    /// [k0, k0 + kc) into the block that begins at `base`.
    void pack(MatmulOperand a, int first, int r, int rows, int k0, int kc, int base, MatmulScratch scratch) {
        int lines = Math.min(HEIGHT, rows - r);
        scratch.pack(a, first + r, lines, MicroKernels.height(lines), k0, kc, array, at(base, kc, r));
    }
}
