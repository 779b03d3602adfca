package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.SimdMath.LANES;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Halves;

/// What one worker needs to multiply a block by itself: the memory, grown when a product needs more and kept,
/// and the loops over tiles.
final class MatmulScratch {
    /// Rows of a tile: as many accumulators as the registers hold besides two vectors of B and one of A, 32
    /// registers with AVX-512 and 16 below.
    static final int HEIGHT = LANES == 16 ? 12 : 6;

    /// Columns of a tile, and of a panel of B.
    static final int WIDTH = 2 * LANES;

    /// The longest chain of multiply-adds, a width of BERT: sums over up to so many inputs write C once.
    static final int DEPTH = 768;

    /// Columns of B that meet all of A's panels before the next columns do: [DEPTH, 192] floats are 590 KB and
    /// stay in the second-level cache, while tiles next to each other fill whole rows of C.
    private static final int COLUMNS = 192;

    /// For [MatmulOperand#pack].
    final float[] block = new float[LANES * LANES];

    private final ColdStart start;
    private final float[] tile = new float[HEIGHT * WIDTH];
    private final PackedRows packedA = new PackedRows();
    private Panels packedB = new Panels(new float[0]);
    private Panels widened = packedB;

    MatmulScratch() {
        this(ColdStart.none());
    }

    MatmulScratch(ColdStart start) {
        this.start = start;
    }

    /// `C = A·B + bias`, or `+=`, for `rows` rows of A from line `row` on and `columns` columns, B being
    /// packed.
    ///
    /// @param b      panels [columns/WIDTH, k, WIDTH] from `bAt` on
    void multiply(
            MatmulOperand a,
            int row,
            int rows,
            int columns,
            int k,
            float[] b,
            int bAt,
            float[] c,
            int cAt,
            int stride,
            Floats bias,
            int biasAt,
            boolean add) {
        multiply(a, row, rows, columns, k, new Panels(b), bAt, c, cAt, stride, bias, biasAt, add);
    }

    /// The same with values of B from place `bAt` on.
    ///
    /// @param cAt    where the block's first element lies in c, whose rows are `stride` apart
    /// @param bias   null means none; `bias[biasAt]` belongs to the first column
    void multiply(
            MatmulOperand a,
            int row,
            int rows,
            int columns,
            int k,
            Panels b,
            int bAt,
            float[] c,
            int cAt,
            int stride,
            Floats bias,
            int biasAt,
            boolean add) {
        packedA.reserve(rows, Math.min(DEPTH, k));
        for (int k0 = 0; k0 < k; k0 += DEPTH) {
            int kc = Math.min(DEPTH, k - k0);
            packA(a, row, rows, k0, kc, 0);
            block(packedA, 0, 0, rows, columns, k0, kc, k, b, bAt, c, cAt, stride, bias, biasAt, add);
        }
    }

    /// The same with A packed as well; the block is the rows from `row` on, a multiple of HEIGHT.
    void multiply(
            PackedRows a,
            int row,
            int rows,
            int columns,
            int k,
            Panels b,
            int bAt,
            float[] c,
            int cAt,
            int stride,
            Floats bias,
            int biasAt,
            boolean add) {
        for (int k0 = 0; k0 < k; k0 += DEPTH) {
            int kc = Math.min(DEPTH, k - k0);
            block(a, a.base(k0), row, rows, columns, k0, kc, k, b, bAt, c, cAt, stride, bias, biasAt, add);
        }
    }

    /// What the inputs [k0, k0 + kc) add.
    private void block(
            PackedRows a,
            int base,
            int row,
            int rows,
            int columns,
            int k0,
            int kc,
            int k,
            Panels b,
            int bAt,
            float[] c,
            int cAt,
            int stride,
            Floats bias,
            int biasAt,
            boolean add) {
        boolean widens = b.widens(rows, start.isOn());
        for (int first = 0; first < columns; first += COLUMNS) {
            int end = Math.min(columns, first + COLUMNS);
            if (widens) widen(b, first, end, k, kc, bAt + k0 * WIDTH);
            for (int r = 0; r < rows; r += HEIGHT)
                for (int j = first; j < end; j += WIDTH)
                    tile(
                            a.array(),
                            PackedRows.at(base, kc, row + r),
                            Math.min(HEIGHT, rows - r),
                            Math.min(WIDTH, columns - j),
                            kc,
                            widens ? widened : b,
                            widens ? (j - first) * kc : bAt + j * k + k0 * WIDTH,
                            c,
                            cAt + r * stride + j,
                            stride,
                            k0 > 0 ? null : bias,
                            biasAt + j,
                            add || k0 > 0);
        }
    }

    /// Columns [first, end) of B, of 16 bits, in float32.
    private void widen(Panels b, int first, int end, int k, int kc, int at) {
        if (widened.floats().length < COLUMNS * kc) widened = new Panels(new float[COLUMNS * kc]);
        boolean plainly = start.isOn();
        for (int j = first; j < end; j += WIDTH) b.widen(kc, at + j * k, widened.floats(), (j - first) * kc, plainly);
    }

    /// The same with B as it lies, from line `column` on: each panel is packed just before it is used.
    void multiply(
            PackedRows a,
            int row,
            int rows,
            MatmulOperand b,
            int column,
            int columns,
            int k,
            float[] c,
            int cAt,
            int stride,
            Floats bias,
            int biasAt,
            boolean add) {
        if (packedB.floats().length < WIDTH * DEPTH) packedB = new Panels(new float[WIDTH * DEPTH]);
        for (int k0 = 0; k0 < k; k0 += DEPTH) {
            int kc = Math.min(DEPTH, k - k0), base = a.base(k0);
            for (int j = 0; j < columns; j += WIDTH) {
                int width = Math.min(WIDTH, columns - j);
                pack(b, column + j, width, WIDTH, k0, kc, packedB.floats(), 0);
                for (int r = 0; r < rows; r += HEIGHT)
                    tile(
                            a.array(),
                            PackedRows.at(base, kc, row + r),
                            Math.min(HEIGHT, rows - r),
                            width,
                            kc,
                            packedB,
                            0,
                            c,
                            cAt + r * stride + j,
                            stride,
                            k0 > 0 ? null : bias,
                            biasAt + j,
                            add || k0 > 0);
            }
        }
    }

    /// The same with both as they lie.
    void multiply(
            MatmulOperand a,
            int row,
            int rows,
            MatmulOperand b,
            int column,
            int columns,
            int k,
            float[] c,
            int cAt,
            int stride,
            Floats bias,
            int biasAt,
            boolean add) {
        packedA.reserve(rows, k);
        for (int k0 = 0; k0 < k; k0 += DEPTH) packA(a, row, rows, k0, Math.min(DEPTH, k - k0), packedA.base(k0));
        multiply(packedA, 0, rows, b, column, columns, k, c, cAt, stride, bias, biasAt, add);
    }

    private void packA(MatmulOperand a, int row, int rows, int k0, int kc, int base) {
        for (int r = 0; r < rows; r += HEIGHT) packedA.pack(a, row, r, rows, k0, kc, base, this);
    }

    /// Packs a panel, see [MatmulOperand#pack].
    void pack(MatmulOperand x, int first, int lines, int height, int k0, int kc, float[] panel, int at) {
        if (start.isOn()) x.packPlainly(first, lines, height, k0, kc, panel, at);
        else x.pack(first, lines, height, k0, kc, panel, at, block);
    }

    /// One panel of B times one of A.
    private void tile(
            float[] a,
            int aAt,
            int lines,
            int columns,
            int kc,
            Panels panels,
            int at,
            float[] c,
            int cAt,
            int stride,
            Floats bias,
            int biasAt,
            boolean add) {
        if (panels.halves() == null && start.isOn()) {
            int height = MicroKernels.height(lines);
            PlainLoops.tile(lines, kc, a, aAt, 1, height, 0, panels.floats(), at, tile, 0);
            MatmulTile.writePlainly(tile, lines, columns, c, cAt, stride, bias, biasAt, add);
            return;
        }
        panels.multiply(MicroKernels.height(lines), kc, a, aAt, at, tile);
        MatmulTile.write(tile, lines, columns, c, cAt, stride, bias, biasAt, add);
    }

    /// Packs columns of B, `lines` of them, in 16 bits: all inputs of a panel.
    void pack(MatmulOperand b, int first, int lines, int k, Halves to, int at) {
        if (packedB.floats().length < WIDTH * k) packedB = new Panels(new float[WIDTH * k]);
        pack(b, first, lines, WIDTH, 0, k, packedB.floats(), 0);
        Panels.narrow(k, packedB.floats(), to, at);
    }

    /// How many panels hold `columns` columns.
    static int panels(int columns) {
        return (columns + WIDTH - 1) / WIDTH;
    }

    /// The array itself if it holds `size` values, else a larger one; what it held is not kept.
    static float[] atLeast(float[] array, int size) {
        return array.length >= size ? array : new float[Math.max(size, array.length + array.length / 2)];
    }
}
