package dev.merapi.engine.cuda;

import static dev.merapi.engine.cuda.Walk.THREADS;
import static dev.merapi.engine.cuda.Walk.WARP;
import static dev.merapi.engine.cuda.Walk.ceiling;
import static dev.merapi.engine.cuda.Walk.of;

import dev.merapi.engine.cuda.AttentionSizes.Terms;
import dev.merapi.engine.cuda.Walk.Mirror;
import java.util.HashMap;
import java.util.Map;

/// Mirrors of attention_tensor.cu, biased_tensor.cu, disentangled_tensor.cu and of the rounding of
/// attention_operands.cu: who reads and writes what of the device's memory. What lies where in shared
/// memory has [AttentionTilesTest].
final class TensorAttentionMirrors {
    private static final int TILE = 64, PATCH = 16, PATCHES = TILE / PATCH, WINDOWS = PATCHES + 2;
    private static final int PIECE = 16, EACH = 8; // bytes, numbers

    private TensorAttentionMirrors() {}

    static Map<String, Mirror> all() {
        Map<String, Mirror> all = new HashMap<>();
        for (String precision : new String[] {"bf16", "fp16"})
            for (int depth : new int[] {32, 64, 128})
                for (Terms terms : Terms.values()) {
                    if (terms != Terms.PLAIN && depth == 32) continue;
                    String name = terms.kernel, end = "_" + precision + "_" + depth;
                    Sizes sizes = new Sizes(depth, terms);
                    all.put(name + end, of(sizes::forwardOperands, sizes::forward));
                    for (boolean keys : new boolean[] {false, true})
                        all.put(
                                name + "_backward_" + (keys ? "keys" : "queries") + end,
                                of(w -> sizes.backwardOperands(w, keys), w -> sizes.backward(w, keys)));
                }
        all.put(
                "attention_lower",
                of(
                        w -> {
                            long width = (long) w.i(1) * w.i(2), pieces = (long) w.i(1) * ceiling(w.i(2), EACH);
                            for (int x = 6; x < 9; x++) w.in(x, w.i(3) * width);
                            w.in(9, w.i(4) * width);
                            w.in(10, w.i(5) * width);
                            w.result(11, (3L * w.i(3) + w.i(4) + w.i(5)) * pieces, PIECE);
                        },
                        w -> {
                            int pieces = ceiling(w.i(2), EACH), which = w.y;
                            long rows = which < 3 ? w.i(3) : w.i(which + 1), to = (long) Math.min(which, 3) * w.i(3);
                            long from = (to + (which == 4 ? w.i(4) : 0)) * w.i(1) * pieces;
                            w.strides(rows * w.i(1) * pieces, n -> {
                                int d = (int) (n % pieces) * EACH;
                                w.read(6 + which, n / pieces * w.i(2) + d, Math.min(EACH, w.i(2) - d));
                                w.write(11, from + n);
                            });
                        }));
        all.put(
                "attention_lower_delta",
                of(
                        w -> {
                            long rows = (long) w.i(3) * w.i(1);
                            for (int x : new int[] {5, 6}) w.in(x, rows * w.i(2));
                            w.result(7, rows * ceiling(w.i(2), EACH), PIECE);
                            w.result(8, rows, 4);
                        },
                        w -> {
                            int heads = w.i(1), depth = w.i(2), tokens = w.i(3), together = w.i(4);
                            int pieces = ceiling(depth, EACH), each = THREADS / together, piece = w.thread % together;
                            for (long row0 = (long) w.x * each;
                                    row0 < (long) tokens * heads;
                                    row0 += (long) w.width() * each) {
                                long row = row0 + w.thread / together;
                                if (row >= (long) tokens * heads) continue;
                                if (piece < pieces) {
                                    for (int x : new int[] {5, 6})
                                        w.read(x, row * depth + piece * EACH, Math.min(EACH, depth - piece * EACH));
                                    w.write(7, row * pieces + piece);
                                }
                                if (piece == 0) w.write(8, row % heads * tokens + row / heads);
                            }
                        }));
        return all;
    }

    /// What a kernel is made for.
    private record Sizes(int padded, Terms terms) {
        private static final int TILES = 0, HEADS = 1, DEPTH = 2, TOKENS = 3, Q = 6, K = 7, V = 8;
        private static final int KEYS = 9, QUERIES = 10, ROWS = 11, REACH = 12;
        private static final int BIAS = 9, HALF = 10;

        boolean positions() {
            return terms == Terms.POSITIONS;
        }

        int cols() {
            return positions() || padded > 64 ? 32 : 64;
        }

        /// The first argument behind the operands.
        int next() {
            return switch (terms) {
                case PLAIN -> 9;
                case POSITIONS -> 13;
                case BIAS -> 11;
            };
        }

        private void operands(Walk w) {
            long row = (long) w.i(HEADS) * ceiling(w.i(DEPTH), EACH);
            w.in(TILES, 3L * w.width());
            for (int x : new int[] {Q, K, V}) w.in(x, w.i(TOKENS) * row, PIECE);
            if (terms == Terms.BIAS) w.in(BIAS, 2L * w.i(HEADS) * w.i(HALF));
            if (!positions()) return;
            int table = 0;
            for (int r = 0; r < 2 * w.i(REACH) - 1; r++) table = Math.max(table, w.value(ROWS, r) + 1);
            w.in(ROWS, 2L * w.i(REACH) - 1);
            for (int x : new int[] {KEYS, QUERIES}) w.in(x, table * row, PIECE);
        }

        void forwardOperands(Walk w) {
            operands(w);
            w.in(next() + 3, 1);
            w.result(next() + 5, (long) w.i(TOKENS) * w.i(HEADS) * w.i(DEPTH), 4);
            w.result(next() + 6, (long) w.i(TOKENS) * w.i(HEADS), 4);
        }

        void forward(Walk w) {
            Place at = new Place(w, 0);
            w.step(next());
            fetch(at, Q, TILE, at.first);
            for (int j0 = at.begin; j0 < at.end; j0 += cols()) columns(at, K, V, j0, false);
            write(at, next() + 5);
            for (int r = 0; r < 2 && at.half == 0 && w.thread % 4 == 0; r++) {
                int i = at.row + w.lane() / 4 + 8 * r;
                if (i < at.end) w.write(next() + 6, (long) at.h * w.i(TOKENS) + i);
            }
        }

        /// Behind the operands: lse, delta, dcontext, dropout [5], with positions head0, dq or dk and dv, span,
        /// parts.
        void backwardOperands(Walk w, boolean keys) {
            operands(w);
            for (int x : new int[] {next(), next() + 1}) w.in(x, (long) w.i(TOKENS) * w.i(HEADS));
            w.in(next() + 2, (long) w.i(TOKENS) * w.i(HEADS) * ceiling(w.i(DEPTH), EACH), PIECE);
            w.in(next() + 6, 1);
            int out = next() + (positions() ? 9 : 8);
            for (int y = out; y < out + (keys ? 2 : 1); y++)
                w.result(y, (long) w.i(TOKENS) * w.i(HEADS) * w.i(DEPTH), 4);
            int span = out + (keys ? 2 : 1);
            if (terms == Terms.BIAS && !keys) w.some(span + 1, (long) w.width() * w.height() * w.i(span));
            if (positions()) w.some(span + 1, (long) w.width() * w.height() * w.i(span) * w.i(DEPTH));
        }

        void backward(Walk w, boolean keys) {
            Place at = new Place(w, positions() ? w.i(next() + 8) : 0);
            int dcontext = next() + 2, out = next() + (positions() ? 9 : 8), span = out + (keys ? 2 : 1);
            w.step(next() + 3);
            fetch(at, keys ? K : Q, TILE, at.first);
            fetch(at, keys ? V : dcontext, TILE, at.first);
            int c0 = at.begin;
            for (; c0 < at.end; c0 += cols()) {
                columns(at, keys ? Q : K, keys ? dcontext : V, c0, keys);
                statistics(at, c0, keys);
                if (positions()) table(at, span, c0, WINDOWS - 2);
                if (terms == Terms.BIAS && !keys) sums(at, span, c0, TILE / WARP);
            }
            if (positions()) table(at, span, c0, 2);
            if (terms == Terms.BIAS && !keys) sums(at, span, c0, cols() / WARP);
            for (int y = out; y < span; y++) write(at, y);
        }

        /// Rows of a head, a piece a thread.
        private void fetch(Place at, int x, int count, int first) {
            int pieces = ceiling(at.w.i(DEPTH), EACH);
            for (int n = at.w.thread; n < count * padded / EACH; n += THREADS) {
                int row = first + n / (padded / EACH), piece = n % (padded / EACH);
                if (row < at.end && piece < pieces) at.w.read(x, piece(at, row, piece));
            }
        }

        private long piece(Place at, int row, int piece) {
            int pieces = ceiling(at.w.i(DEPTH), EACH);
            return ((long) row * at.w.i(HEADS) + at.h) * pieces + piece;
        }

        private void columns(Place at, int y, int z, int col, boolean keys) {
            fetch(at, y, cols(), col);
            fetch(at, z, cols(), col);
            if (terms == Terms.BIAS) {
                int n = 4 * at.w.thread,
                        half = at.w.i(HALF),
                        least = keys ? col - at.first - TILE : at.first - col - cols();
                if (n < TILE + cols()) at.w.read(BIAS, (long) at.h * 2 * half + half + least + n, 4);
            }
            if (!positions()) return;
            int relative = at.first - col - cols(), count = col == at.begin ? TILE + cols() : cols();
            for (int x : new int[] {KEYS, QUERIES})
                for (int n = at.w.thread; n < count * padded / EACH && at.w.has(x); n += THREADS) {
                    int o = relative + n / (padded / EACH), reach = at.w.i(REACH), piece = n % (padded / EACH);
                    int row = at.w.look(ROWS, Math.clamp((keys ? -o : o) + reach - 1, 0, 2 * reach - 2));
                    if (piece < ceiling(at.w.i(DEPTH), EACH)) at.w.read(x, piece(at, row, piece));
                }
        }

        /// ln Σ and δ of the queries of a lane's scores.
        private void statistics(Place at, int c0, boolean keys) {
            int g = at.w.lane() / 4, t = at.w.lane() % 4;
            for (int chunk = 0; chunk < cols() / PATCH / 2; chunk++) {
                int col = c0 + (2 * chunk + at.half) * PATCH;
                if (at.row >= at.end || col >= at.end) break;
                for (int n = 0; n < 2; n++)
                    for (int e = 0; e < 4; e++) {
                        int row = at.row + g + e / 2 * 8, column = col + 8 * n + 2 * t + e % 2;
                        for (int x : new int[] {next(), next() + 1})
                            if (row < at.end && column < at.end)
                                at.w.read(x, (long) at.h * at.w.i(TOKENS) + (keys ? column : row));
                    }
            }
        }

        /// What a tile of columns completes of the gradient of its rows' table.
        private void table(Place at, int span, int c0, int from) {
            Walk w = at.w;
            long to = ((long) w.x * w.height() + w.y) * w.i(span) * w.i(DEPTH);
            int sides = (padded + 63) / 64; // columns, by 8, of a warp
            for (int window = from; window < WINDOWS && w.warp() * sides * 8 < padded; window++)
                for (int e = 0; e < 4 * sides; e++) {
                    int o = at.end - 1 - c0 - cols() + window * PATCH + w.lane() / 4 + e % 4 / 2 * 8;
                    int d = (w.warp() * sides + e / 4) * 8 + 2 * (w.lane() % 4) + e % 2;
                    if (o >= 0 && o < at.end - at.begin + TILE - 1 && d < w.i(DEPTH))
                        w.write(span + 1, to + (long) o * w.i(DEPTH) + d);
                }
        }

        /// What it completes of the gradient of the bias, from place 32·from on.
        private void sums(Place at, int span, int c0, int from) {
            Walk w = at.w;
            long to = ((long) w.x * w.height() + w.y) * w.i(span);
            for (int k = from; k < (TILE + cols()) / WARP && w.warp() == 0; k++) {
                int o = at.end - 1 - c0 - cols() + k * WARP + w.lane();
                if (o >= 0 && o < at.end - at.begin + TILE - 1) w.write(span + 1, to + o);
            }
        }

        /// The first half of the warps has the sums of both.
        private void write(Place at, int y) {
            int depth = at.w.i(DEPTH);
            for (int r = 0; r < 2 && at.half == 0; r++) {
                int row = at.row + at.w.lane() / 4 + 8 * r;
                for (int d = 2 * (at.w.lane() % 4); row < at.end && d < depth; d += 8)
                    at.w.write(y, ((long) row * at.w.i(HEADS) + at.h) * depth + d, Math.min(2, depth - d));
            }
        }
    }

    /// A warp's head, patch of rows and half of the columns.
    private static final class Place {
        final Walk w;
        final int h, first, begin, end, row, half;

        Place(Walk w, int head0) {
            this.w = w;
            h = head0 + w.y;
            first = w.look(Sizes.TILES, 3L * w.x);
            begin = w.look(Sizes.TILES, 3L * w.x + 1);
            end = w.look(Sizes.TILES, 3L * w.x + 2);
            row = first + w.thread / WARP % PATCHES * PATCH;
            half = w.thread / WARP / PATCHES;
        }
    }
}
