package dev.merapi.engine.cuda;

import static dev.merapi.engine.cuda.Walk.THREADS;
import static dev.merapi.engine.cuda.Walk.of;

import dev.merapi.engine.cuda.Walk.Mirror;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/// Mirrors of heads.cu: who reads and writes what of the device's memory.
final class HeadMirrors {
    private static final int TILE = 32;

    private HeadMirrors() {}

    static Map<String, Mirror> all() {
        Map<String, Mirror> all = new HashMap<>();
        all.put(
                "heads_swap",
                of(
                        w -> {
                            long n = (long) w.i(0) * w.i(1) * w.i(2);
                            w.in(3, n);
                            w.out(4, n);
                        },
                        w -> w.strides((long) w.i(0) * w.i(1) * w.i(2), at -> {
                            long row = at / w.i(2), j = row / w.i(0), i = row % w.i(0);
                            w.read(3, (i * w.i(1) + j) * w.i(2) + at % w.i(2));
                            w.put(4, at, 5);
                        })));
        products(all);
        scores(all);
        positions(all);
        return all;
    }

    // ── Products of each piece ───────────────────────────────────────────────────────────────────

    private interface Element {
        long of(int row, int col);
    }

    /// Arguments: tiles, tokens, width, left, right, result, accumulate.
    private static void products(Map<String, Mirror> all) {
        all.put("heads_nt", of(w -> pieces(w, 3, 4, 5), w -> {
            Tile tile = new Tile(w);
            tile.product(tile.t, w.i(2), true, tile::rows, (l, c) -> tile.rows(c, l), true, tile::square);
        }));
        all.put("heads_nn", of(w -> pieces(w, 5, 4, 3), w -> {
            Tile tile = new Tile(w);
            tile.product(w.i(2), tile.t, true, tile::square, tile::rows, false, tile::rows);
        }));
        all.put("heads_tn", of(w -> pieces(w, 5, 4, 3), w -> {
            Tile tile = new Tile(w);
            tile.product(w.i(2), tile.t, false, (r, l) -> tile.square(l, r), tile::rows, false, tile::rows);
        }));
    }

    /// Two operands of rows, one of scores; 5 is the result.
    private static void pieces(Walk w, int rows, int others, int scores) {
        int squares = 0;
        for (int b = 0; b < w.width(); b++)
            squares = Math.max(
                    squares, w.value(0, 5 * b + 2) + w.height() * w.value(0, 5 * b + 1) * w.value(0, 5 * b + 1));
        long n = (long) w.height() * w.i(1) * w.i(2);
        w.in(0, 5L * w.width());
        w.in(others, n);
        for (int x : new int[] {rows, scores}) {
            if (x == 5) w.result(x, x == rows ? n : squares, 4);
            else w.in(x, x == rows ? n : squares);
        }
    }

    /// A block's tile of a product, of a sequence under a head.
    private static final class Tile {
        final Walk w;
        final int begin, t, row0, col0;
        final long square;

        Tile(Walk w) {
            this.w = w;
            begin = w.look(0, 5L * w.x);
            t = w.look(0, 5L * w.x + 1);
            row0 = w.look(0, 5L * w.x + 3);
            col0 = w.look(0, 5L * w.x + 4);
            square = w.look(0, 5L * w.x + 2) + (long) w.y * t * t;
        }

        long rows(int row, int d) {
            return ((long) w.y * w.i(1) + begin + row) * w.i(2) + d;
        }

        long square(int row, int col) {
            return square + (long) row * t + col;
        }

        /// Of t rows, `cols` columns and the inner size k.
        void product(int cols, int k, boolean aAlong, Element a, Element b, boolean bAlong, Element c) {
            for (int l0 = 0; l0 < k; l0 += TILE)
                for (int at = w.thread; at < TILE * TILE; at += THREADS) {
                    int fast = at % TILE, slow = at / TILE;
                    int row = row0 + (aAlong ? slow : fast), l = l0 + (aAlong ? fast : slow);
                    if (row < t && l < k) w.read(3, a.of(row, l));
                    int o = l0 + (bAlong ? fast : slow), col = col0 + (bAlong ? slow : fast);
                    if (col < cols && o < k) w.read(4, b.of(o, col));
                }
            for (int at = w.thread; at < TILE * TILE; at += THREADS) {
                int row = row0 + at / TILE, col = col0 + at % TILE;
                if (row < t && col < cols) w.put(5, c.of(row, col), 6);
            }
        }
    }

    // ── Rows of scores ───────────────────────────────────────────────────────────────────────────

    /// The row of scores of a block's token and head.
    private record Row(int n, int h, int begin, int t, int i, long square, long scores) {
        static Row of(Walk w) {
            int begin = w.look(0, 3L * w.x), t = w.look(0, 3L * w.x + 1), i = w.x - begin;
            long square = w.look(0, 3L * w.x + 2) + (long) w.y * t * t;
            return new Row(w.x, w.y, begin, t, i, square, square + (long) i * t);
        }
    }

    /// How many scores there are; declares the places, too.
    private static long all(Walk w) {
        int tokens = w.width(), t = w.value(0, 3L * tokens - 2);
        w.in(0, 3L * tokens);
        return w.value(0, 3L * tokens - 1) + (long) w.height() * t * t;
    }

    private static Mirror row(Consumer<Walk> operands, java.util.function.BiConsumer<Walk, Row> thread) {
        return of(operands, w -> thread.accept(w, Row.of(w)));
    }

    private static void scores(Map<String, Mirror> all) {
        all.put(
                "heads_softmax",
                row(
                        w -> w.out(2, all(w)),
                        (w, row) -> w.block(row.t, j -> {
                            w.read(2, row.scores + j);
                            w.write(2, row.scores + j);
                        })));
        all.put(
                "heads_softmax_backward",
                row(
                        w -> {
                            for (int x : new int[] {2, 3}) w.lines(x, all(w));
                            w.out(4, all(w));
                        },
                        (w, row) -> w.block(row.t, j -> {
                            for (int x : new int[] {2, 3}) w.read(x, row.scores + j);
                            w.put(4, row.scores + j, 5);
                        })));
        all.put(
                "heads_dropout",
                row(
                        w -> {
                            w.in(3, all(w));
                            w.in(7, 1);
                            w.result(9, all(w), 4);
                        },
                        (w, row) -> {
                            w.step(4);
                            w.block(Walk.ceiling(row.t, 4), four -> {
                                for (int j = 4 * four; j < Math.min(4 * four + 4, row.t); j++) {
                                    w.read(3, row.scores + j);
                                    w.put(9, row.scores + j, 10);
                                }
                            });
                        }));
    }

    private static void positions(Map<String, Mirror> all) {
        all.put(
                "heads_add_bias",
                row(
                        w -> {
                            int buckets = 0;
                            for (int d = 0; d <= 2 * w.i(2); d++) buckets = Math.max(buckets, w.value(3, d) + 1);
                            w.in(3, 2L * w.i(2) + 1);
                            w.in(5, (long) buckets * w.i(1));
                            w.out(6, all(w));
                        },
                        (w, row) -> w.block(row.t, j -> {
                            w.read(5, (long) w.look(3, w.i(2) + j - row.i) * w.i(1) + row.h);
                            w.read(6, row.scores + j);
                            w.write(6, row.scores + j);
                        })));
        all.put(
                "heads_bias_parts",
                row(
                        w -> {
                            w.in(3, w.i(2) + 1);
                            w.in(4, w.value(3, w.i(2)));
                            w.in(5, all(w));
                            w.result(6, (long) w.width() * w.i(2) * w.i(1), 4);
                        },
                        (w, row) -> w.block(w.i(2), bucket -> {
                            for (int g = w.look(3, bucket); g < w.look(3, bucket + 1); g++) {
                                int j = row.i + w.look(4, g);
                                if (j >= 0 && j < row.t) w.read(5, row.scores + j);
                            }
                            w.write(6, ((long) row.n * w.i(2) + bucket) * w.i(1) + row.h);
                        })));
        all.put(
                "heads_add_relative",
                row(
                        w -> {
                            w.in(3, 2L * w.i(2) + 1);
                            w.in(6, (long) w.height() * w.i(1) * w.i(5));
                            w.out(7, all(w));
                        },
                        (w, row) -> w.block(row.t, j -> {
                            long token = (long) row.h * w.i(1) + (w.i(4) != 0 ? row.begin + j : row.n);
                            w.read(6, token * w.i(5) + w.look(3, w.i(2) + row.i - j));
                            w.read(7, row.scores + j);
                            w.write(7, row.scores + j);
                        })));
        all.put(
                "heads_relative_backward",
                row(
                        w -> {
                            w.in(4, w.i(3) + 1);
                            w.in(5, w.value(4, w.i(3)));
                            w.in(6, all(w));
                            w.result(7, (long) w.height() * w.i(1) * w.i(3), 4);
                        },
                        (w, row) -> w.block(w.i(3), p -> {
                            boolean byKey = w.i(2) != 0;
                            for (int g = w.look(4, p); g < w.look(4, p + 1); g++) {
                                int other = row.i + (byKey ? 1 : -1) * w.look(5, g);
                                if (other < 0 || other >= row.t) continue;
                                w.read(6, byKey ? row.square + (long) other * row.t + row.i : row.scores + other);
                            }
                            long to = ((long) row.h * w.i(1) + row.n) * w.i(3) + p;
                            w.read(7, to);
                            w.write(7, to);
                        })));
    }
}
