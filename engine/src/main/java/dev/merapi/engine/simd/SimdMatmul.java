package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.MatmulScratch.DEPTH;
import static dev.merapi.engine.simd.MatmulScratch.HEIGHT;
import static dev.merapi.engine.simd.MatmulScratch.WIDTH;
import static dev.merapi.engine.simd.MatmulScratch.panels;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.NarrowMatrix;
import dev.merapi.engine.kernel.PackedMatrix;
import dev.merapi.engine.kernel.Workers;

/// Matrix products after Goto & van de Geijn (2008, "Anatomy of high-performance matrix multiplication"): both
/// factors are packed into panels that a micro-kernel reads from end to end, in blocks that stay in the
/// second-level cache.
///
///     for rows of C, [#ROWS] at a time: a task
///       for k, [MatmulScratch#DEPTH] at a time:
///         pack A's block                    [rows/HEIGHT, depth, HEIGHT]
///         for columns that the second-level cache holds
///           for panels of A                 [depth, HEIGHT]
///             for panels of B               [depth, WIDTH] micro-kernel: tile [HEIGHT, WIDTH], added to C
///
/// The last rows, or all where there are few, are packed by all threads for tasks that are cut in columns as
/// well: a thread that has fallen behind, by the system's or a neighbour's doing, is waited for half a
/// millisecond instead of several.
///
/// An element of C is a sum over k in blocks of [MatmulScratch#DEPTH], each a chain of fused multiply-adds over
/// ascending k. That depends on nothing but k: a row's result is the same bit for bit among other rows, packed
/// beforehand or not, on any number of threads.
///
/// Calls take turns, and none comes from inside a task: the packed factors lie in memory that the calls share.
final class SimdMatmul {
    /// The most rows of A in a block. B comes anew from the third-level cache or from memory for each block.
    private static final int ROWS = 192;

    /// Tasks per thread that rows are cut into which all threads share, at least, if these are worth it.
    private static final int TASKS = 6;

    /// Multiply-adds of the largest such task, half a millisecond: 192 × 192 × 768.
    private static final long LARGEST = 192 * 192 * 768;

    /// Multiply-adds below which a task is not worth its hand-over.
    private static final long GRAIN = 100_000;

    /// How many values a task packs at least.
    private static final int PACKED = 4096;

    /// The largest part of B that is packed at a time, in floats.
    private static final int SHARED = 1 << 22;

    private final Workers workers;
    private final ColdStart start;
    private final MatmulScratch[] scratch;
    private final PackedRows sharedA = new PackedRows();
    private float[] sharedB = new float[0];

    SimdMatmul(Workers workers, ColdStart start) {
        this.workers = workers;
        this.start = start;
        scratch = new MatmulScratch[workers.threads()];
        for (int i = 0; i < scratch.length; i++) scratch[i] = new MatmulScratch(start);
    }

    /// `C = A·Bᵀ + bias`: a [m, k], b [n, k], bias [n] or null, c [m, n].
    void matmulNT(int m, int n, int k, Floats a, Floats b, Floats bias, Floats c, boolean accumulate) {
        multiply(m, n, k, MatmulOperand.lines(a, k), MatmulOperand.lines(b, k), bias, c, accumulate);
    }

    /// `C = A·B`: a [m, k], b [k, n], c [m, n].
    void matmulNN(int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        multiply(m, n, k, MatmulOperand.lines(a, k), MatmulOperand.columns(b, n), null, c, accumulate);
    }

    /// `C = Aᵀ·B`: a [k, m], b [k, n], c [m, n].
    void matmulTN(int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        multiply(m, n, k, MatmulOperand.columns(a, m), MatmulOperand.columns(b, n), null, c, accumulate);
    }

    int packedSize(int outputs, int inputs) {
        return Math.multiplyExact(panels(outputs) * WIDTH, inputs);
    }

    /// w [outputs, inputs] into panels [outputs/WIDTH, inputs, WIDTH].
    void pack(Floats w, PackedMatrix packed) {
        int n = packed.outputs(), k = packed.inputs(), perTask = Math.max(1, PACKED / (k * WIDTH));
        assert packed.panels().length >= packedSize(n, k);
        MatmulOperand b = MatmulOperand.lines(w, k);
        Floats to = packed.panels();
        workers.run(
                Math.ceilDiv(panels(n), perTask),
                (i, worker) -> packColumns(b, 0, n, k, to.array, to.offset, i * perTask, (i + 1) * perTask, worker));
    }

    /// Rows [from, from + w.length / inputs) of a weight into panels of 16 bits.
    void pack(Floats w, int from, NarrowMatrix packed) {
        int k = packed.inputs(), n = w.length / k, at = from * k, perTask = Math.max(1, PACKED / (k * WIDTH));
        assert from % WIDTH == 0 && packed.panels().array().length >= packedSize(packed.outputs(), k);
        MatmulOperand b = MatmulOperand.lines(w, k);
        workers.run(Math.ceilDiv(panels(n), perTask), (i, worker) -> {
            for (int p = i * perTask; p < Math.min(panels(n), (i + 1) * perTask); p++) {
                int lines = Math.min(WIDTH, n - p * WIDTH);
                scratch[worker].pack(b, p * WIDTH, lines, k, packed.panels(), at + p * k * WIDTH);
            }
        });
    }

    /// `C = A·Wᵀ + bias`: a [m, w.inputs], bias [w.outputs] or null, c [m, w.outputs].
    void matmulPacked(int m, Floats a, PackedMatrix w, Floats bias, Floats c) {
        matmulPacked(m, w.outputs(), w.inputs(), a, new Panels(w.panels().array), w.panels().offset, bias, c);
    }

    /// The same with a weight of 16 bits.
    void matmulPacked(int m, Floats a, NarrowMatrix w, Floats bias, Floats c) {
        matmulPacked(m, w.outputs(), w.inputs(), a, new Panels(null, w.panels()), 0, bias, c);
    }

    private synchronized void matmulPacked(
            int m, int n, int k, Floats a, Panels panels, int at, Floats bias, Floats c) {
        start.spend((long) m * n * k);
        new Product(m, n, k, MatmulOperand.lines(a, k), bias, c, false).run(0, n, null, panels, at);
    }

    /// Both factors are packed here. With few rows each task packs B panel by panel where it is used, which
    /// needs no memory of its own.
    private synchronized void multiply(
            int m, int n, int k, MatmulOperand a, MatmulOperand b, Floats bias, Floats c, boolean accumulate) {
        start.spend((long) m * n * k);
        var product = new Product(m, n, k, a, bias, c, accumulate);
        int chunk = Math.max(1, SHARED / (k * WIDTH)) * WIDTH;
        for (int first = 0; first < n; first += chunk) {
            int columns = Math.min(chunk, n - first);
            if (m > ROWS) sharedB = MatmulScratch.atLeast(sharedB, panels(columns) * WIDTH * k);
            product.run(first, columns, b, m > ROWS ? new Panels(sharedB) : null, 0);
        }
    }

    /// Panels [from, to) of those that begin with line `first` of B.
    private void packColumns(
            MatmulOperand b, int first, int columns, int k, float[] to, int at, int from, int end, int worker) {
        for (int p = from; p < Math.min(panels(columns), end); p++)
            scratch[worker].pack(
                    b, first + p * WIDTH, Math.min(WIDTH, columns - p * WIDTH), WIDTH, 0, k, to, at + p * k * WIDTH);
    }

    /// One product, to be computed in chunks of columns.
    private final class Product {
        final int m, n, k;
        final MatmulOperand a;
        final Floats bias, c;
        final boolean accumulate;

        Product(int m, int n, int k, MatmulOperand a, Floats bias, Floats c, boolean accumulate) {
            this.m = m;
            this.n = n;
            this.k = k;
            this.a = a;
            this.bias = bias;
            this.c = c;
            this.accumulate = accumulate;
        }

        /// Columns [first, first + columns) of C.
        ///
        /// @param b      the factor as it lies; null: it is packed
        /// @param panels packed or to be packed, from column `first` on; null: each task packs what it uses
        void run(int first, int columns, MatmulOperand b, Panels panels, int at) {
            int alone = panels == null ? 0 : alone(), shared = m - alone, rowBlocks = Math.ceilDiv(alone, ROWS);
            int groups = Math.ceilDiv(shared, ROWS), blocks = columnBlocks(shared, columns, groups);
            int perBlock = Math.ceilDiv(panels(columns), blocks), heights = PackedRows.panels(shared);
            int perPack = Math.max(1, PACKED / (k * WIDTH)), perRows = Math.max(1, PACKED / (k * HEIGHT));
            int packsOfB = b == null || panels == null ? 0 : Math.ceilDiv(panels(columns), perPack);
            int packs = packsOfB + (first > 0 ? 0 : Math.ceilDiv(heights, perRows)); // A's are kept for other columns
            if (shared > 0) sharedA.reserve(shared, k);
            workers.run(packs, packs + rowBlocks + groups * Math.ceilDiv(panels(columns), perBlock), (i, worker) -> {
                int task = i - packs;
                if (i < packsOfB) {
                    packColumns(b, first, columns, k, panels.floats(), at, i * perPack, (i + 1) * perPack, worker);
                } else if (task < 0) {
                    packRows(alone, (i - packsOfB) * perRows, Math.min(heights, (i - packsOfB + 1) * perRows), worker);
                } else if (task < rowBlocks) {
                    int row = task * ROWS, height = Math.min(ROWS, alone - row), cAt = c.offset + row * n + first;
                    scratch[worker].multiply(
                            a, row, height, columns, k, panels, at, c.array, cAt, n, bias, first, accumulate);
                } else {
                    int group = (task - rowBlocks) % groups, column = (task - rowBlocks) / groups * perBlock * WIDTH;
                    int row = group * heights / groups * HEIGHT;
                    int height = Math.min(shared, (group + 1) * heights / groups * HEIGHT) - row;
                    int width = Math.min(perBlock * WIDTH, columns - column), from = first + column;
                    int cAt = c.offset + (alone + row) * n + from;
                    if (panels == null)
                        scratch[worker].multiply(
                                sharedA, row, height, b, from, width, k, c.array, cAt, n, bias, from, accumulate);
                    else
                        scratch[worker].multiply(
                                sharedA,
                                row,
                                height,
                                width,
                                k,
                                panels,
                                at + column * k,
                                c.array,
                                cAt,
                                n,
                                bias,
                                from,
                                accumulate);
                }
            });
        }

        /// How many of the first rows are computed in blocks that one thread packs for itself.
        private int alone() {
            int threads = workers.threads();
            return threads == 1 ? m : Math.max(0, (m - threads * ROWS) / ROWS * ROWS);
        }

        /// Into how many blocks of columns the tasks of so many rows are cut.
        private int columnBlocks(int rows, int columns, int groups) {
            if (rows == 0) return 1;
            long work = (long) rows * columns * k, most = work / GRAIN;
            long tasks = Math.min(most, Math.max((long) TASKS * workers.threads(), work / LARGEST));
            return Math.clamp(workers.threads() == 1 ? 1 : tasks / groups, 1, panels(columns));
        }

        private void packRows(int from, int panel, int end, int worker) {
            for (int p = panel; p < end; p++)
                for (int k0 = 0; k0 < k; k0 += DEPTH)
                    sharedA.pack(
                            a,
                            from,
                            p * HEIGHT,
                            m - from,
                            k0,
                            Math.min(DEPTH, k - k0),
                            sharedA.base(k0),
                            scratch[worker]);
        }
    }
}
