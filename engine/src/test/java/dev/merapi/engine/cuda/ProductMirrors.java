package dev.merapi.engine.cuda;

import static dev.merapi.engine.cuda.Walk.THREADS;
import static dev.merapi.engine.cuda.Walk.WARP;
import static dev.merapi.engine.cuda.Walk.ceiling;
import static dev.merapi.engine.cuda.Walk.of;

import dev.merapi.engine.cuda.Walk.Mirror;
import java.util.HashMap;
import java.util.Map;

/// Mirrors of gemm.cu, lower.cu, gemm_tensor.cu, gemm_hopper.cu and finish.cuh. What lies where in shared
/// memory have [TensorTilesTest] and [HopperTilesTest].
final class ProductMirrors {
    private static final int SIDE = 64; // of Hopper's blocks
    private static final int PIECE = 16; // bytes

    private ProductMirrors() {}

    static Map<String, Mirror> all() {
        Map<String, Mirror> all = new HashMap<>();
        for (String form : new String[] {"nt", "nn", "tn"}) {
            for (int tile : new int[] {64, 128}) {
                all.put("matmul_" + form + "_" + tile, gemm(form, tile));
                for (String precision : new String[] {"bf16", "fp16", "tf32"})
                    all.put(
                            "product_" + form + "_" + precision + "_" + tile,
                            product(form, tile, precision.equals("tf32") ? 4 : 2));
            }
            for (HopperTile tile : HopperTile.values())
                for (var precision : new String[] {"bf16", "fp16"})
                    all.put("hopper_" + form + "_" + precision + "_" + tile.rows + "x" + tile.cols, hopper(form, tile));
        }
        lower(all);
        return all;
    }

    private static boolean aRuns(String form) {
        return !form.equals("tn");
    }

    private static boolean bRuns(String form) {
        return form.equals("nt");
    }

    // ── gemm.cu ──────────────────────────────────────────────────────────────────────────────────

    /// Arguments: m, n, k, a, b, bias, c, of nt y, accumulate.
    private static Mirror gemm(String form, int tile) {
        int y = form.equals("nt") ? 7 : -1, accumulate = form.equals("nt") ? 8 : 7;
        return of(
                w -> {
                    w.in(3, (long) w.i(0) * w.i(2));
                    w.in(4, (long) w.i(1) * w.i(2));
                    w.in(5, w.i(1));
                    w.result(6, (long) w.i(0) * w.i(1), 4);
                    if (y > 0) w.result(y, (long) w.i(0) * w.i(1), 4);
                },
                w -> {
                    int m = w.i(0), n = w.i(1), k = w.i(2), step = 4 * THREADS / tile;
                    for (int k0 = 0; k0 < k; k0 += step) {
                        bring(w, 3, w.x * tile, m, k0, k, tile, step, aRuns(form));
                        bring(w, 4, w.y * tile, n, k0, k, tile, step, bRuns(form));
                    }
                    int each = tile / 16, tx = w.thread % 16, ty = w.thread / 16, to = w.has(6) ? 6 : y;
                    for (int i = 0; i < each; i++)
                        for (int j = 0; j < each; j++) {
                            int row = w.x * tile + i / 4 * 64 + ty * 4 + i % 4;
                            int col = w.y * tile + j / 4 * 64 + tx * 4 + j % 4;
                            if (row >= m || col >= n) continue;
                            w.read(5, col);
                            w.put(to, (long) row * n + col, accumulate);
                            if (y < 0 || !w.has(y)) continue;
                            w.read(to, (long) row * n + col);
                            w.write(y, (long) row * n + col);
                        }
                });
    }

    /// The four values of an operand's tile that a thread has, of a step of k.
    private static void bring(Walk w, int x, int row0, int rows, int k0, int k, int tile, int step, boolean runs) {
        for (int load = 0; load < 4; load++) {
            int at = w.thread + load * THREADS;
            int row = row0 + (runs ? at / step : at % tile), p = k0 + (runs ? at % step : at / tile);
            if (row < rows && p < k) w.read(x, runs ? (long) row * k + p : (long) p * rows + row);
        }
    }

    // ── gemm_tensor.cu ───────────────────────────────────────────────────────────────────────────

    /// Arguments: m, n, k, depth, a, b, bias, c, of nt y, accumulate.
    private static Mirror product(String form, int tile, int bytes) {
        return of(
                w -> {
                    w.in(4, aRuns(form) ? pieces(w.i(0), w.i(2), bytes) : pieces(w.i(2), w.i(0), bytes), PIECE);
                    w.in(5, bRuns(form) ? pieces(w.i(1), w.i(2), bytes) : pieces(w.i(2), w.i(1), bytes), PIECE);
                    results(w, form);
                },
                w -> {
                    int tiles = ceiling(w.i(1), tile), begin = w.y / tiles * w.i(3);
                    int end = Math.min(w.i(2), begin + w.i(3)), col0 = w.y % tiles * tile;
                    for (int k0 = begin; k0 < end; k0 += 128 / bytes) {
                        fetch(w, 4, w.x * tile, w.i(0), k0, end, tile, bytes, aRuns(form));
                        fetch(w, 5, col0, w.i(1), k0, end, tile, bytes, bRuns(form));
                    }
                    finish(w, form, tile, tile, THREADS, w.x * tile, col0, w.y / tiles);
                });
    }

    private static long pieces(int rows, int cols, int bytes) {
        return (long) rows * ceiling(cols, PIECE / bytes);
    }

    /// This thread's pieces of a stage of an operand.
    private static void fetch(Walk w, int x, int row0, int rows, int k0, int end, int tile, int bytes, boolean runs) {
        int each = PIECE / bytes, line = runs ? 8 : tile / each, hop = THREADS / line;
        int pitch = ceiling(runs ? w.i(2) : rows, each);
        for (int i = 0; i < tile * 128 / PIECE / THREADS; i++) {
            int l = w.thread / line + i * hop, along = w.thread % line * each;
            int row = row0 + (runs ? l : along), p = k0 + (runs ? along : l);
            if (row < rows && p < end) w.read(x, runs ? (long) row * pitch + p / each : (long) p * pitch + row / each);
        }
    }

    private static void results(Walk w, String form) {
        int slices = ceiling(w.i(2), w.i(3));
        w.in(6, w.i(1));
        w.result(7, (long) slices * w.i(0) * w.i(1), 4);
        if (form.equals("nt")) w.result(8, (long) w.i(0) * w.i(1), 4);
    }

    /// finish_tile: four neighbours a thread.
    private static void finish(Walk w, String form, int rows, int cols, int count, int row0, int col0, int slice) {
        int m = w.i(0), n = w.i(1), y = form.equals("nt") ? 8 : -1;
        boolean part = w.i(3) < w.i(2), adds = !part && w.i(y < 0 ? 8 : 9) != 0;
        for (int at = 4 * w.thread; at < rows * cols; at += 4 * count) {
            int row = row0 + at / cols, col = col0 + at % cols, four = Math.min(4, n - col);
            if (row >= m || four <= 0) continue;
            if (!part) w.read(6, col, four);
            long to = (long) row * n + col;
            if (adds) w.read(7, (long) slice * m * n + to, four);
            w.write(7, (long) slice * m * n + to, four);
            if (y > 0) w.write(y, to, four);
        }
    }

    // ── gemm_hopper.cu ───────────────────────────────────────────────────────────────────────────

    /// The arguments of `product`; operands in blocks of 8 KB, which one thread copies.
    private static Mirror hopper(String form, HopperTile tile) {
        int block = SIDE * SIDE * 2;
        return of(
                w -> {
                    w.in(4, (long) ceiling(w.i(0), SIDE) * ceiling(w.i(2), SIDE), block);
                    w.in(5, (long) ceiling(w.i(1), SIDE) * ceiling(w.i(2), SIDE), block);
                    results(w, form);
                },
                w -> {
                    int tiles = ceiling(w.i(1), tile.cols), slice = w.y / tiles, multipliers = tile.threads() - WARP;
                    int row0 = w.x * tile.rows, col0 = w.y % tiles * tile.cols;
                    int first = slice * w.i(3) / SIDE;
                    int end = ceiling(Math.min(w.i(2), slice * w.i(3) + w.i(3)), SIDE);
                    for (int step = first; step < end && w.thread == multipliers; step++) {
                        copy(w, 4, row0, w.i(0), step, tile.rows, aRuns(form));
                        copy(w, 5, col0, w.i(1), step, tile.cols, bRuns(form));
                    }
                    if (w.thread < multipliers) finish(w, form, tile.rows, tile.cols, multipliers, row0, col0, slice);
                });
    }

    private static void copy(Walk w, int x, int row0, int rows, int step, int tile, boolean runs) {
        int height = ceiling(runs ? rows : w.i(2), SIDE);
        for (int i = row0 / SIDE; i < Math.min(ceiling(rows, SIDE), (row0 + tile) / SIDE); i++)
            w.read(x, runs ? (long) step * height + i : (long) i * height + step);
    }

    // ── lower.cu ─────────────────────────────────────────────────────────────────────────────────

    private static final int TF32 = 3; // the ordinal

    private static void lower(Map<String, Mirror> all) {
        all.put(
                "lower",
                of(
                        w -> {
                            w.in(3, (long) w.i(1) * w.i(2));
                            w.result(4, (long) w.i(1) * ceiling(w.i(2), each(w)), PIECE);
                        },
                        w -> {
                            int pieces = ceiling(w.i(2), each(w));
                            w.strides((long) w.i(1) * pieces, at -> {
                                int col = (int) (at % pieces) * each(w);
                                w.read(3, at / pieces * w.i(2) + col, Math.min(each(w), w.i(2) - col));
                                w.write(4, at);
                            });
                        }));
        all.put(
                "lower_blocks",
                of(
                        w -> {
                            w.in(3, (long) w.i(1) * w.i(2));
                            w.result(4, (long) blocks(w.i(1)) * blocks(w.i(2)) / 8, PIECE);
                        },
                        w -> w.strides((long) blocks(w.i(1)) * blocks(w.i(2)) / 8, at -> {
                            int height = blocks(w.i(1)), line = (int) (at / 8 % height);
                            int col = (int) (at / 8 / height) * SIDE + ((int) (at % 8) ^ line % 8) * 8;
                            if (line < w.i(1) && col < w.i(2))
                                w.read(3, (long) line * w.i(2) + col, Math.min(8, w.i(2) - col));
                            w.write(4, at);
                        })));
        all.put(
                "sum_lowered",
                of(
                        w -> sums(w, (long) w.i(1) * ceiling(w.i(2), each(w)) * each(w)),
                        w -> sum(w, (row, col) -> row * (long) ceiling(w.i(2), each(w)) * each(w) + col)));
        all.put(
                "sum_blocks",
                of(
                        w -> sums(w, (long) blocks(w.i(1)) * blocks(w.i(2))),
                        w -> sum(
                                w,
                                (row, col) -> ((long) col / SIDE * blocks(w.i(1)) + row) * SIDE
                                        + (col % SIDE / 8 ^ row % 8) * 8
                                        + col % 8)));
        all.put(
                "add_parts",
                of(
                        w -> {
                            w.lines(3, w.l(2) * w.i(1));
                            w.out(4, w.l(2));
                        },
                        w -> w.strides(w.l(2), i -> {
                            for (int s = 0; s < w.i(1); s++) w.read(3, s * w.l(2) + i);
                            w.put(4, i, 5);
                        })));
    }

    private static int each(Walk w) {
        return w.i(0) == TF32 ? 4 : 8;
    }

    private static int blocks(int numbers) {
        return ceiling(numbers, SIDE) * SIDE;
    }

    private static void sums(Walk w, long numbers) {
        w.in(4, numbers, w.i(0) == TF32 ? 4 : 2);
        w.out(5, (long) w.height() * w.i(2));
    }

    private interface Place {
        long of(int row, int col);
    }

    private static void sum(Walk w, Place place) {
        int c = w.x * WARP + w.lane(), begin = w.y * w.i(3);
        if (c >= w.i(2)) return;
        for (int r = begin + w.warp(); r < Math.min(w.i(1), begin + w.i(3)); r += Walk.LANES) w.read(4, place.of(r, c));
        if (w.warp() == 0) w.write(5, (long) w.y * w.i(2) + c);
    }
}
