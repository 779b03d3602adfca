package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.MatmulScratch.DEPTH;
import static dev.merapi.engine.simd.MatmulScratch.HEIGHT;
import static dev.merapi.engine.simd.MatmulScratch.WIDTH;
import static dev.merapi.engine.simd.MatmulScratch.panels;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.PackedMatrix;
import dev.merapi.engine.kernel.Workers;

/// Matrix products after Goto & van de Geijn (2008, "Anatomy of high-performance matrix multiplication"): both
/// factors are packed into panels that a micro-kernel reads from end to end, in blocks that stay in the
/// second-level cache.
///
///     for rows of C, [#ROWS] at a time, and columns, in as many blocks as give every thread enough tasks:
///     a task
///       for k, [MatmulScratch#DEPTH] at a time:
///         pack A's block, unless it is      [rows/HEIGHT, depth, HEIGHT]
///         for columns that the second-level cache holds
///           for panels of A                 [depth, HEIGHT]
///             for panels of B               [depth, WIDTH] micro-kernel: tile [HEIGHT, WIDTH], added to C
///
/// An element of C is a sum over k in blocks of [MatmulScratch#DEPTH], each a chain of fused multiply-adds over
/// ascending k. That depends on nothing but k: a row's result is the same bit for bit among other rows, packed
/// beforehand or not, on any number of threads.
///
/// Calls take turns, and none comes from inside a task: the packed factors lie in memory that the calls share.
final class SimdMatmul {
    /// The most rows of A in a block. B comes anew from the third-level cache or from memory for each block.
    private static final int ROWS = 192;

    /// Tasks per thread that a product is cut into. More even out the threads' speeds, fewer pack less of A
    /// twice; no result depends on it.
    private static final int TASKS = 4;

    /// Multiply-adds below which a task is not worth its hand-over.
    private static final long GRAIN = 100_000;

    /// How many values a task packs at least.
    private static final int PACKED = 16384;

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
        assert packed.panels().length >= packedSize(packed.outputs(), packed.inputs());
        packColumns(
                MatmulOperand.lines(w, packed.inputs()),
                0,
                packed.outputs(),
                packed.inputs(),
                packed.panels().array,
                packed.panels().offset);
    }

    /// `C = A·Wᵀ + bias`: a [m, w.inputs], bias [w.outputs] or null, c [m, w.outputs].
    synchronized void matmulPacked(int m, Floats a, PackedMatrix w, Floats bias, Floats c) {
        start.spend((long) m * w.outputs() * w.inputs());
        new Product(m, w.outputs(), w.inputs(), MatmulOperand.lines(a, w.inputs()), bias, c, false)
                .run(0, w.outputs(), null, w.panels().array, w.panels().offset);
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
            if (m <= ROWS) {
                product.run(first, columns, b, null, 0);
            } else {
                sharedB = MatmulScratch.atLeast(sharedB, panels(columns) * WIDTH * k);
                packColumns(b, first, columns, k, sharedB, 0);
                product.run(first, columns, null, sharedB, 0);
            }
        }
    }

    private void packColumns(MatmulOperand b, int first, int columns, int k, float[] to, int at) {
        int perTask = Math.max(1, PACKED / (k * WIDTH));
        int panels = panels(columns);
        workers.run((panels + perTask - 1) / perTask, (task, worker) -> {
            for (int p = task * perTask; p < Math.min(panels, (task + 1) * perTask); p++)
                scratch[worker].pack(
                        b,
                        first + p * WIDTH,
                        Math.min(WIDTH, columns - p * WIDTH),
                        WIDTH,
                        0,
                        k,
                        to,
                        at + p * k * WIDTH);
        });
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

        /// Columns [first, first + columns) of C. B is given as it lies, to be packed by each task, or as
        /// panels that begin with column `first`.
        void run(int first, int columns, MatmulOperand b, float[] panels, int at) {
            int heights = (m + HEIGHT - 1) / HEIGHT, rowBlocks = rowBlocks();
            int count = panels(columns);
            long tasks = workers.threads() == 1 ? 1 : TASKS * workers.threads(), work = (long) m * columns * k;
            int columnBlocks = Math.clamp(Math.min(work / GRAIN, tasks) / rowBlocks, 1, count);
            int perBlock = (count + columnBlocks - 1) / columnBlocks;
            int blocks = (count + perBlock - 1) / perBlock;
            boolean shared = b == null && blocks > 1;
            if (shared) packRows();
            workers.run(rowBlocks * blocks, (task, worker) -> {
                int block = task / blocks, panel = task % blocks * perBlock, column = panel * WIDTH;
                int row = block * heights / rowBlocks * HEIGHT;
                int height = Math.min(m, (block + 1) * heights / rowBlocks * HEIGHT) - row;
                int width = Math.min(columns, (panel + perBlock) * WIDTH) - column;
                int cAt = c.offset + row * n + first + column;
                if (shared)
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
                            first + column,
                            accumulate);
                else if (b == null)
                    scratch[worker].multiply(
                            a,
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
                            first + column,
                            accumulate);
                else
                    scratch[worker].multiply(
                            a,
                            row,
                            height,
                            b,
                            first + column,
                            width,
                            k,
                            c.array,
                            cAt,
                            n,
                            bias,
                            first + column,
                            accumulate);
            });
        }

        /// Packs all of A, for tasks that share its rows.
        private void packRows() {
            sharedA.reserve(m, k);
            int count = PackedRows.panels(m), perTask = Math.max(1, PACKED / (k * HEIGHT));
            workers.run((count + perTask - 1) / perTask, (task, worker) -> {
                for (int p = task * perTask; p < Math.min(count, (task + 1) * perTask); p++)
                    for (int k0 = 0; k0 < k; k0 += DEPTH)
                        sharedA.pack(
                                a, 0, p * HEIGHT, m, k0, Math.min(DEPTH, k - k0), sharedA.base(k0), scratch[worker]);
            });
        }

        /// As many blocks of up to [#ROWS] rows as there are, or a few more, so that each thread gets equally
        /// many.
        private int rowBlocks() {
            int blocks = (m + ROWS - 1) / ROWS, threads = workers.threads();
            return blocks <= 1 ? 1 : (blocks + threads - 1) / threads * threads;
        }
    }
}
