package dev.merapi.engine.cuda;

import static dev.merapi.engine.cuda.Walk.LANES;
import static dev.merapi.engine.cuda.Walk.THREADS;
import static dev.merapi.engine.cuda.Walk.WARP;
import static dev.merapi.engine.cuda.Walk.ceiling;
import static dev.merapi.engine.cuda.Walk.of;

import dev.merapi.engine.cuda.Walk.Mirror;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;

/// Mirrors of reduce.cu, norm.cu and loss.cu: who reads and writes what, by the numbers of the
/// arguments.
final class SumMirrors {
    private SumMirrors() {}

    static Map<String, Mirror> all() {
        Map<String, Mirror> all = new HashMap<>();
        sums(all);
        norm(all);
        losses(all);
        return all;
    }

    // ── reduce.cu ────────────────────────────────────────────────────────────────────────────────

    private static void sums(Map<String, Mirror> all) {
        all.put(
                "sum_rows",
                of(
                        w -> {
                            w.lines(3, (long) w.i(0) * w.i(1));
                            w.out(4, (long) w.height() * w.i(1));
                        },
                        w -> column(w, w.i(0), w.i(1), w.i(2), new int[] {3}, new int[0], new int[] {4})));
        all.put(
                "sum_parts",
                of(
                        w -> {
                            w.lines(2, (long) w.i(0) * w.i(1));
                            w.out(3, w.i(1));
                        },
                        w -> w.strides(w.i(1), c -> {
                            for (int b = 0; b < w.i(0); b++) w.read(2, (long) b * w.i(1) + c);
                            w.put(3, c, 4);
                        })));
        all.put(
                "sum_of_squares",
                of(
                        w -> {
                            w.in(2, 3L * w.i(0), 8);
                            w.result(3, w.width(), 8);
                        },
                        w -> {
                            int which = owner(w, 0, 2, 3, 2);
                            w.read(2, 3L * which, 3);
                            chunk(
                                    w,
                                    w.word(2, 3L * which + 1),
                                    w.word(2, 3L * which + 2),
                                    w.i(1),
                                    i -> w.readAt(w.word(2, 3L * which) + 4 * i, 4));
                            if (w.thread == 0) w.write(3, w.x);
                        }));
        all.put(
                "sum_doubles",
                of(
                        w -> {
                            w.in(1, 3L * w.width(), 8);
                            long last = w.width() - 1, first = w.word(1, 3 * last + 2), n = w.word(1, 3 * last + 1);
                            w.in(2, first + (n + w.i(0) - 1) / w.i(0), 8);
                            w.result(3, w.width(), 8);
                        },
                        w -> {
                            w.read(1, 3L * w.x + 1, 2);
                            long n = w.word(1, 3L * w.x + 1), first = w.word(1, 3L * w.x + 2);
                            w.block((int) ((n + w.i(0) - 1) / w.i(0)), i -> w.read(2, first + i));
                            if (w.thread == 0) w.write(3, w.x);
                        }));
    }

    /// A warp's lanes have a column each and its block's warps every eighth row of a chunk; the first adds them
    /// up.
    static void column(Walk w, int rows, int cols, int chunk, int[] in, int[] ofRows, int[] out) {
        int c = w.x * WARP + w.lane(), begin = w.y * chunk;
        if (c >= cols) return;
        for (int r = begin + w.warp(); r < Math.min(rows, begin + chunk); r += LANES) {
            for (int x : in) w.read(x, (long) r * cols + c);
            for (int x : ofRows) w.read(x, r);
        }
        for (int y : out) if (w.warp() == 0) w.write(y, (long) w.y * cols + c);
    }

    /// The search of `owner`: operands of `size` words, in which the number of the first block is word `first`.
    static int owner(Walk w, int count, int operands, int size, int first) {
        int low = 0, high = w.i(count) - 1;
        while (low < high) {
            int middle = (low + high + 1) / 2;
            w.read(operands, (long) size * middle + first);
            if (w.word(operands, (long) size * middle + first) <= w.x) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    /// The elements of this block's chunk of n.
    static void chunk(Walk w, long n, long first, int chunk, LongConsumer each) {
        long begin = (w.x - first) * chunk;
        for (long i = begin + w.thread; i < Math.min(n, begin + chunk); i += THREADS) each.accept(i);
    }

    // ── norm.cu ──────────────────────────────────────────────────────────────────────────────────

    private static void norm(Map<String, Mirror> all) {
        all.put(
                "layer_norm",
                of(
                        w -> {
                            long n = (long) w.width() * w.i(0);
                            for (int x : new int[] {1, 7}) w.in(x, n);
                            for (int x : new int[] {8, 9}) w.lines(x, w.i(0));
                            w.in(5, 1);
                            w.result(11, n, 4);
                            w.out(12, n);
                            for (int y : new int[] {13, 14}) w.result(y, w.width(), 4);
                        },
                        w -> {
                            int cols = w.i(0);
                            long row = (long) w.x * cols;
                            w.step(2);
                            w.block(ceiling(cols, 4), four -> {
                                for (int c = 4 * four; c < Math.min(4 * four + 4, cols); c++) {
                                    for (int x : new int[] {1, 7}) w.read(x, row + c);
                                    w.write(11, row + c);
                                }
                            });
                            w.block(cols, c -> {
                                for (int x : new int[] {8, 9}) w.read(x, c);
                                w.write(12, row + c);
                            });
                            for (int y : new int[] {13, 14}) if (w.thread == 0) w.write(y, w.x);
                        }));
        all.put(
                "layer_norm_backward",
                of(
                        w -> {
                            long n = (long) w.width() * w.i(0);
                            for (int x : new int[] {1, 5}) w.lines(x, n);
                            w.lines(2, w.i(0));
                            for (int x : new int[] {3, 4}) w.in(x, w.width());
                            w.out(6, n);
                        },
                        w -> {
                            for (int x : new int[] {3, 4}) w.read(x, w.x);
                            w.block(w.i(0), c -> {
                                for (int x : new int[] {1, 5}) w.read(x, (long) w.x * w.i(0) + c);
                                w.read(2, c);
                                w.put(6, (long) w.x * w.i(0) + c, 7);
                            });
                        }));
        all.put(
                "layer_norm_parameters",
                of(
                        w -> {
                            for (int x : new int[] {3, 6}) w.lines(x, (long) w.i(0) * w.i(1));
                            for (int x : new int[] {4, 5}) w.in(x, w.i(0));
                            for (int y : new int[] {7, 8}) w.out(y, (long) w.height() * w.i(1));
                        },
                        w -> column(w, w.i(0), w.i(1), w.i(2), new int[] {3, 6}, new int[] {4, 5}, new int[] {7, 8})));
    }

    // ── loss.cu ──────────────────────────────────────────────────────────────────────────────────

    private static final int IGNORED = -100;

    private static void losses(Map<String, Mirror> all) {
        all.put(
                "cross_entropy_weights",
                of(
                        w -> {
                            w.lines(2, w.i(0));
                            w.in(3, w.i(1));
                            w.result(4, 2, 8);
                        },
                        w -> {
                            w.block(w.i(0), r -> {
                                int label = w.look(2, r);
                                if (label != IGNORED) w.read(3, label);
                            });
                            w.block(w.i(1), c -> w.read(3, c));
                            if (w.thread == 0) w.write(4, 0, 2);
                        }));
        all.put(
                "cross_entropy",
                of(
                        w -> {
                            long n = (long) w.width() * w.i(0);
                            w.in(1, n);
                            w.in(2, w.width());
                            w.in(3, w.i(0));
                            w.in(5, 2, 8);
                            w.result(6, w.width(), 8);
                            w.out(7, n);
                        },
                        w -> {
                            int label = w.look(2, w.x);
                            long row = (long) w.x * w.i(0);
                            w.block(w.i(0), c -> {
                                w.write(7, row + c);
                                if (label == IGNORED) return;
                                w.read(1, row + c);
                                w.read(3, c);
                                if (w.has(7)) w.read(5, 0, 2);
                            });
                            if (label != IGNORED) w.read(3, label);
                            if (w.thread > 0) return;
                            if (label != IGNORED) w.read(1, row + label);
                            w.write(6, w.x);
                        }));
        all.put(
                "mean_of",
                of(
                        w -> {
                            w.in(1, w.i(0), 8);
                            w.in(2, 1, 8);
                            w.result(4, 1, 4);
                        },
                        w -> {
                            w.block(w.i(0), i -> w.read(1, i));
                            if (w.thread > 0) return;
                            w.read(2, 0);
                            w.write(4, 0);
                        }));
        all.put(
                "binary_cross_entropy",
                of(
                        w -> {
                            for (int x : new int[] {3, 4}) w.lines(x, w.l(0));
                            w.in(5, w.i(1));
                            w.result(6, w.width(), 8);
                            w.out(7, w.l(0));
                        },
                        w -> {
                            chunk(w, w.l(0), 0, w.i(2), i -> {
                                for (int x : new int[] {3, 4}) w.read(x, i);
                                w.read(5, i % w.i(1));
                                w.write(7, i);
                            });
                            if (w.thread == 0) w.write(6, w.x);
                        }));
    }
}
