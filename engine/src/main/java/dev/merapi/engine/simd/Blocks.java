package dev.merapi.engine.simd;

import dev.merapi.engine.kernel.Workers;

/// How work is cut: by the problem alone, never by the number of threads.
final class Blocks {
    /// Values of one task: 64 KiB of floats, some microseconds of memory traffic.
    static final int SIZE = 16 * 1024;

    /// Up to here waking a thread costs more than it brings.
    private static final int INLINE = 8 * 1024;

    private Blocks() {}

    /// The values [from, to) of an operand.
    interface Range {
        void run(int from, int to);
    }

    /// The rows [from, to) of an operand, and the number of their block.
    interface Rows {
        void run(int block, int from, int to);
    }

    /// Cuts n values.
    static void values(Workers workers, int n, Range range) {
        values(workers, n, SIZE, range);
    }

    /// Cuts n values into tasks of `size`.
    static void values(Workers workers, int n, int size, Range range) {
        if (n <= INLINE) range.run(0, n);
        else workers.run(count(n, size), (i, worker) -> range.run(i * size, Math.min(n, i * size + size)));
    }

    /// Values of a task among n where each is computed on for longer than it is read: of few values, those of a
    /// short sentence, a fourth, so that the last tasks of the threads end at about the same time.
    static int fine(int n) {
        return n < 16 * SIZE ? SIZE / 4 : SIZE;
    }

    /// Cuts `rows` rows of `cols` values into blocks of `height` rows.
    static void rows(Workers workers, int rows, int cols, int height, Rows task) {
        int blocks = count(rows, height);
        if (blocks == 1 || (long) rows * cols <= INLINE) {
            for (int i = 0; i < blocks; i++) task.run(i, i * height, Math.min(rows, i * height + height));
        } else {
            workers.run(blocks, (i, worker) -> task.run(i, i * height, Math.min(rows, i * height + height)));
        }
    }

    /// How many rows of `cols` values make a task.
    static int height(int cols) {
        return Math.max(1, SIZE / Math.max(1, cols));
    }

    /// `⌈n / size⌉`
    static int count(int n, int size) {
        return Math.ceilDiv(n, size);
    }
}
