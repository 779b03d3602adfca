package dev.merapi.engine.cuda;

import static dev.merapi.engine.cuda.Walk.THREADS;
import static dev.merapi.engine.cuda.Walk.of;

import dev.merapi.engine.cuda.AttentionSizes.Terms;
import dev.merapi.engine.cuda.Walk.Mirror;
import java.util.HashMap;
import java.util.Map;

/// Mirrors of attention.cu, biased.cu, disentangled.cu and of the sums of attention_operands.cu: who reads and
/// writes what of the device's memory. What lies where in shared memory has [AttentionTilesTest].
final class AttentionMirrors {
    private static final int SIDE = 16;

    private AttentionMirrors() {}

    static Map<String, Mirror> all() {
        Map<String, Mirror> all = new HashMap<>();
        for (int depth : new int[] {32, 64, 128})
            for (Terms terms : Terms.values()) {
                if (terms == Terms.BIAS && depth == 32) continue;
                String name = terms.kernel;
                Sizes sizes = new Sizes(depth, (depth < 128 ? 4 : 2) / (terms == Terms.POSITIONS ? 2 : 1), terms);
                all.put(name + "_" + depth, of(w -> sizes.forwardOperands(w), w -> sizes.forward(w)));
                all.put(
                        name + "_backward_keys_" + depth,
                        of(w -> sizes.backwardOperands(w, true), w -> sizes.backwardKeys(w)));
                all.put(
                        name + "_backward_queries_" + depth,
                        of(w -> sizes.backwardOperands(w, false), w -> sizes.backwardQueries(w)));
            }
        all.put(
                "attention_delta",
                of(
                        w -> {
                            for (int x : new int[] {3, 4}) w.in(x, (long) w.i(2) * w.i(1));
                            w.out(5, (long) w.i(0) * w.i(2));
                        },
                        w -> {
                            int depth = w.i(1) / w.i(0);
                            w.strides((long) w.i(0) * w.i(2), n -> {
                                long from = n % w.i(2) * w.i(1) + n / w.i(2) * depth;
                                for (int x : new int[] {3, 4}) w.read(x, from, depth);
                                w.write(5, n);
                            });
                        }));
        all.put("attention_table", table());
        all.put(
                "attention_bias",
                of(
                        w -> {
                            int buckets = 0;
                            for (int d = 0; d < 2 * w.i(1) - 1; d++) buckets = Math.max(buckets, w.value(3, d) + 1);
                            w.in(3, 2L * w.i(1) - 1);
                            w.in(4, (long) buckets * w.i(0));
                            w.out(5, 2L * w.i(0) * w.i(2));
                        },
                        w -> {
                            int reach = w.i(1), half = w.i(2);
                            w.strides(2L * w.i(0) * half, n -> {
                                int distance = half - (int) (n % (2 * half));
                                int bucket = w.look(3, Math.clamp(distance + reach - 1, 0, 2 * reach - 2));
                                w.read(4, (long) bucket * w.i(0) + n / (2 * half));
                                w.write(5, n);
                            });
                        }));
        all.put("attention_bias_backward", biasBackward());
        return all;
    }

    private static Mirror biasBackward() {
        int heads = 0, count = 1, tiles = 2, tile = 3, span = 4, groups = 5, relative = 6, parts = 7, dbias = 8;
        return of(
                w -> {
                    w.in(tiles, 3L * w.i(count));
                    w.in(groups, w.width() + 1);
                    w.in(relative, w.value(groups, w.width()));
                    w.in(parts, (long) w.i(count) * w.i(heads) * w.i(span));
                    w.result(dbias, (long) w.width() * w.i(heads), 4);
                },
                w -> {
                    int begin = w.look(groups, w.x), members = w.look(groups, w.x + 1) - begin;
                    w.block(w.i(count) * members, n -> {
                        int t = n / members, first = w.look(tiles, 3 * t);
                        int from = w.look(tiles, 3 * t + 1), end = w.look(tiles, 3 * t + 2);
                        int place = w.look(relative, begin + n % members) - (first - (end - 1));
                        if (place >= 0 && place < end - from + w.i(tile) - 1)
                            w.read(parts, ((long) t * w.i(heads) + w.y) * w.i(span) + place);
                    });
                    if (w.thread == 0) w.write(dbias, (long) w.x * w.i(heads) + w.y);
                });
    }

    private static Mirror table() {
        int rows = 1, channels = 2, depth = 3, heads = 4, head0 = 5, count = 6, tiles = 7, tile = 8, span = 9;
        int sign = 10, groups = 12, relative = 13, parts = 14, table = 15;
        return of(
                w -> {
                    w.in(tiles, 3L * w.i(count));
                    w.in(groups, w.i(rows) + 1);
                    w.in(relative, w.value(groups, w.i(rows)));
                    w.in(parts, (long) w.i(count) * w.i(heads) * w.i(span) * w.i(depth));
                    w.some(table, (long) w.i(rows) * w.i(channels));
                },
                w -> {
                    int width = w.i(heads) * w.i(depth);
                    w.strides((long) w.i(rows) * width, n -> {
                        int row = (int) (n / width),
                                h = (int) (n % width) / w.i(depth),
                                d = (int) (n % width) % w.i(depth);
                        for (int t = 0; t < w.i(count); t++) {
                            int first = w.look(tiles, 3 * t), begin = w.look(tiles, 3 * t + 1);
                            int end = w.look(tiles, 3 * t + 2);
                            for (int g = w.look(groups, row); g < w.look(groups, row + 1); g++) {
                                int place = w.i(sign) * w.look(relative, g) - (first - (end - 1));
                                if (place >= 0 && place < end - begin + w.i(tile) - 1)
                                    w.read(parts, (((long) t * w.i(heads) + h) * w.i(span) + place) * w.i(depth) + d);
                            }
                        }
                        w.write(table, (long) row * w.i(channels) + (long) w.i(head0) * w.i(depth) + n % width);
                    });
                });
    }

    /// What a kernel is made for: D, R, and what scores have besides q·k.
    private record Sizes(int padded, int rows, Terms terms) {
        private static final int TILES = 0, CHANNELS = 1, DEPTH = 2, TOKENS = 3, Q = 6, K = 7, V = 8;
        private static final int KEYS = 9, QUERIES = 10, ROWS = 11, REACH = 12;
        private static final int BIAS = 9, HALF = 10;

        boolean positions() {
            return terms == Terms.POSITIONS;
        }

        int tile() {
            return SIDE * rows;
        }

        /// The first argument behind the operands.
        int next() {
            return switch (terms) {
                case PLAIN -> 9;
                case POSITIONS -> 13;
                case BIAS -> 11;
            };
        }

        private void operands(Walk w, int heads) {
            long n = (long) w.i(TOKENS) * w.i(CHANNELS);
            w.in(TILES, 3L * w.width());
            for (int x : new int[] {Q, K, V}) w.in(x, n);
            if (terms == Terms.BIAS) w.in(BIAS, 2L * w.i(CHANNELS) / w.i(DEPTH) * w.i(HALF));
            if (!positions()) return;
            int table = 0;
            for (int r = 0; r < 2 * w.i(REACH) - 1; r++) table = Math.max(table, w.value(ROWS, r) + 1);
            w.in(ROWS, 2L * w.i(REACH) - 1);
            for (int x : new int[] {KEYS, QUERIES}) w.in(x, (long) table * w.i(CHANNELS));
        }

        void forwardOperands(Walk w) {
            operands(w, w.height());
            w.in(next() + 3, 1);
            w.result(next() + 5, (long) w.i(TOKENS) * w.i(CHANNELS), 4);
            w.result(next() + 6, (long) w.height() * w.i(TOKENS), 4);
        }

        void forward(Walk w) {
            Place at = new Place(w, 0);
            w.step(next());
            load(at, Q, at.first);
            for (int j0 = at.begin; j0 < at.end; j0 += tile()) {
                for (int x : new int[] {K, V}) load(at, x, j0);
                loadRelative(at, at.first - j0);
            }
            write(at, next() + 5);
            for (int r = 0; r < rows; r++) {
                int i = at.first + w.thread / SIDE + SIDE * r;
                if (w.thread % SIDE == 0 && i < at.end) w.write(next() + 6, (long) at.h * w.i(TOKENS) + i);
            }
        }

        void backwardOperands(Walk w, boolean keys) {
            long n = (long) w.i(TOKENS) * w.i(CHANNELS), all = (long) w.i(CHANNELS) / w.i(DEPTH) * w.i(TOKENS);
            operands(w, w.height());
            for (int x : new int[] {next(), next() + 1}) w.in(x, all); // lse, delta
            w.in(next() + 2, n); // dcontext
            w.in(next() + 6, 1);
            if (keys) for (int y : new int[] {next() + 8, next() + 9}) w.result(y, n, 4);
            else w.result(next() + (positions() ? 9 : 8), n, 4);
            if (!keys && terms == Terms.BIAS) w.some(next() + 10, (long) w.width() * w.height() * w.i(next() + 9));
            if (keys || !positions()) return;
            long parts = (long) w.width() * w.height() * w.i(next() + 10) * w.i(DEPTH);
            for (int y : new int[] {next() + 11, next() + 12}) w.some(y, parts);
        }

        void backwardKeys(Walk w) {
            Place at = new Place(w, 0);
            w.step(next() + 3);
            for (int x : new int[] {K, V}) load(at, x, at.first);
            for (int i0 = at.begin; i0 < at.end; i0 += tile()) {
                for (int x : new int[] {Q, next() + 2}) load(at, x, i0);
                loadRelative(at, i0 - at.first);
                statistics(at, i0);
            }
            for (int y : new int[] {next() + 8, next() + 9}) write(at, y);
        }

        void backwardQueries(Walk w) {
            Place at = new Place(w, positions() ? w.i(next() + 8) : 0);
            w.step(next() + 3);
            for (int x : new int[] {Q, next() + 2}) load(at, x, at.first);
            for (int j0 = at.begin; j0 < at.end; j0 += tile()) {
                for (int x : new int[] {K, V}) load(at, x, j0);
                loadRelative(at, at.first - j0);
                statistics(at, at.first);
                if (positions()) parts(at, j0);
                if (terms == Terms.BIAS) sums(at, j0);
            }
            write(at, next() + (positions() ? 9 : 8));
        }

        /// What a tile adds to the gradients of the tables, a relative position and channel a thread.
        private void parts(Place at, int j0) {
            Walk w = at.w;
            int depth = w.i(DEPTH), span = w.i(next() + 10);
            long part = ((long) w.x * w.height() + w.y) * span * depth;
            for (int n = w.thread; n < (2 * tile() - 1) * padded; n += THREADS) {
                int d = n % padded, relative = n / padded - (tile() - 1), place = at.end - 1 - j0 + relative;
                if (d >= depth || place < 0) continue;
                for (int y : new int[] {next() + 11, next() + 12}) {
                    if (j0 > at.begin && relative > 0) w.read(y, part + (long) place * depth + d);
                    w.write(y, part + (long) place * depth + d);
                }
            }
        }

        /// What it adds to the gradient of the bias, two relative positions a thread.
        private void sums(Place at, int j0) {
            Walk w = at.w;
            long part = ((long) w.x * w.height() + w.y) * w.i(next() + 9);
            for (int o = w.thread; w.thread < tile() && o < 2 * tile() - 1; o += tile()) {
                int relative = o - (tile() - 1), place = at.end - 1 - j0 + relative;
                if (place < 0) continue;
                if (j0 > at.begin && relative > 0) w.read(next() + 10, part + place);
                w.write(next() + 10, part + place);
            }
        }

        /// ln Σ and δ of a tile of queries.
        private void statistics(Place at, int i0) {
            for (int r = 0; r < rows; r++) {
                int i = i0 + at.w.thread / SIDE + SIDE * r;
                for (int x : new int[] {next(), next() + 1})
                    if (i < at.end) at.w.read(x, (long) at.h * at.w.i(TOKENS) + i);
            }
        }

        /// Four channels a thread of rows of a head.
        private void load(Place at, int x, int first) {
            int depth = at.w.i(DEPTH);
            for (int i = 4 * at.w.thread; i < tile() * padded; i += 4 * THREADS) {
                int row = first + i / padded, d = i % padded;
                if (row < at.end && d < depth)
                    at.w.read(x, (long) row * at.w.i(CHANNELS) + at.head + d, Math.min(4, depth - d));
            }
        }

        private void loadRelative(Place at, int difference) {
            if (terms == Terms.BIAS) {
                int half = at.w.i(HALF);
                long from = (long) at.h * 2 * half + half + difference - (tile() - 1);
                at.w.block(2 * tile() - 1, o -> at.w.read(BIAS, from + o));
            }
            if (!positions()) return;
            int depth = at.w.i(DEPTH), reach = at.w.i(REACH);
            for (int x : new int[] {KEYS, QUERIES})
                for (int i = 4 * at.w.thread; i < (2 * tile() - 1) * padded && at.w.has(x); i += 4 * THREADS) {
                    int o = i / padded, d = i % padded;
                    int relative = Math.clamp(difference + o - (tile() - 1) + reach - 1, 0, 2 * reach - 2);
                    int row = at.w.look(ROWS, relative);
                    if (d < depth) at.w.read(x, (long) row * at.w.i(CHANNELS) + at.head + d, Math.min(4, depth - d));
                }
        }

        private void write(Place at, int y) {
            int each = padded / SIDE, neighbours = Math.min(4, each), depth = at.w.i(DEPTH);
            for (int r = 0; r < rows; r++)
                for (int e = 0; e < each; e += neighbours) {
                    int row = at.first + at.w.thread / SIDE + SIDE * r;
                    int d = e / neighbours * SIDE * neighbours + at.w.thread % SIDE * neighbours;
                    if (row < at.end && d < depth)
                        at.w.write(y, (long) row * at.w.i(CHANNELS) + at.head + d, Math.min(neighbours, depth - d));
                }
        }
    }

    /// A block's head and tile.
    private static final class Place {
        final Walk w;
        final int h, first, begin, end, head;

        Place(Walk w, int head0) {
            this.w = w;
            h = head0 + w.y;
            first = w.look(Sizes.TILES, 3L * w.x);
            begin = w.look(Sizes.TILES, 3L * w.x + 1);
            end = w.look(Sizes.TILES, 3L * w.x + 2);
            head = h * w.i(Sizes.DEPTH);
        }
    }
}
