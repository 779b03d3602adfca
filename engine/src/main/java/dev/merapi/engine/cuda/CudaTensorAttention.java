package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.RelativePositions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/// The launches of attention of low precision, plain and disentangled (`attention_tensor.cu`).
///
/// A pass over the operands rounds them, each head's channels in whole pieces, and the backward pass reads them
/// again: what is kept is `[q | k | v | keys | queries | ln Σ e^{score}]`.
final class CudaTensorAttention {
    private static final String MODULE = "attention_tensor";
    private static final int PATCHES = 4, PATCH = 16, RING = 128; // of the source
    private static final int SCRATCH = 8 * PATCH * 40 * Float.BYTES; // of all warps
    private static final int PIECE = 16, EACH = 8; // bytes, numbers
    private static final int MOST_CHANNELS = 128, MOST_WITH_POSITIONS = 64;
    private static final long PARTS = 256L << 20; // bytes of a table's partial gradients at once

    private final int sharedBytes;

    /// @param sharedBytes that a block may have
    CudaTensorAttention(int sharedBytes) {
        this.sharedBytes = sharedBytes;
    }

    /// What one call is about.
    ///
    /// @param positions null: plain
    record Problem(
            Precision precision,
            AttentionSizes sizes,
            int sequences,
            RelativePositions positions,
            float scale,
            Dropout dropout) {

        static Problem of(
                Precision precision,
                int heads,
                int channels,
                int[] starts,
                int sequences,
                RelativePositions positions,
                float scale,
                Dropout dropout) {
            int depth = channels / heads;
            boolean tables = positions != null;
            int padded = padded(depth, tables);
            var sizes = AttentionSizes.of(heads, channels, starts, sequences, padded, PATCHES, tables);
            return new Problem(precision, sizes, sequences, positions, scale, dropout);
        }

        /// Bytes of `rows` tokens (or positions), rounded.
        long bytes(long rows) {
            return rows * sizes.heads() * pieces(sizes.depth()) * PIECE;
        }

        int keys() {
            return rows(positions == null ? null : positions.keys(), sizes.channels());
        }

        int queries() {
            return rows(positions == null ? null : positions.queries(), sizes.channels());
        }

        String kernel(String what) {
            return (positions == null ? "attention" : "disentangled") + what + "_"
                    + precision.name().toLowerCase(Locale.ROOT) + "_" + sizes.padded();
        }
    }

    // ── Sizes ────────────────────────────────────────────────────────────────────────────────────

    /// How many values the forward pass keeps; 0 where it does not serve.
    int keeps(Precision precision, int heads, int channels, int tokens, RelativePositions positions) {
        int depth = channels / heads;
        boolean low = precision == Precision.BF16 || precision == Precision.FP16;
        int most = positions == null ? MOST_CHANNELS : MOST_WITH_POSITIONS;
        if (!low || depth > most || backwardBytes(depth, positions != null) > sharedBytes) return 0;
        long rows = 3L * tokens;
        if (positions != null) rows += rows(positions.keys(), channels) + rows(positions.queries(), channels);
        return Math.toIntExact(rows * heads * pieces(depth) * PIECE / Float.BYTES + (long) heads * tokens);
    }

    private static int rows(Floats table, int channels) {
        return table == null ? 0 : table.length / channels;
    }

    private static long pieces(int depth) {
        return Driver.Grid.ceiling(depth, EACH);
    }

    private static int padded(int depth, boolean positions) {
        return positions ? MOST_WITH_POSITIONS : depth <= 32 ? 32 : depth <= 64 ? 64 : MOST_CHANNELS;
    }

    /// Of shared memory: a tile of rows, two stages of two tiles of columns, and with positions two tables and
    /// what the warps write out.
    static int forwardBytes(int depth, boolean positions) {
        int padded = padded(depth, positions), line = 2 * padded, columns = positions || padded > 64 ? 32 : 64;
        return line * (PATCHES * PATCH + 4 * columns) + (positions ? 2 * RING * line + SCRATCH : 0);
    }

    /// One tile of rows more.
    static int backwardBytes(int depth, boolean positions) {
        return forwardBytes(depth, positions) + 2 * padded(depth, positions) * PATCHES * PATCH;
    }

    // ── Launches ─────────────────────────────────────────────────────────────────────────────────

    /// @param kept null: not
    void forward(Call call, Problem p, Floats q, Floats k, Floats v, Floats context, Floats kept) {
        var sizes = p.sizes;
        int tokens = sizes.tokens(), keys = p.keys(), queries = p.queries();
        long saved = kept == null
                ? call.scratch(p.bytes(3L * tokens + keys + queries) + 4L * sizes.heads() * tokens)
                : call.out(kept);
        long most = Math.max(tokens, Math.max(keys, queries)) * sizes.heads() * pieces(sizes.depth());
        call.run(
                MODULE,
                "attention_lower",
                Driver.Grid.of(Driver.Grid.strides(most).x(), p.positions == null ? 3 : 5),
                p.precision.ordinal(),
                sizes.heads(),
                sizes.depth(),
                tokens,
                keys,
                queries,
                call.in(q),
                call.in(k),
                call.in(v),
                keys == 0 ? 0L : call.in(p.positions.keys()),
                queries == 0 ? 0L : call.in(p.positions.queries()),
                saved);
        List<Object> arguments = operands(call, p, saved);
        Collections.addAll(arguments, p.dropout, call.out(context), saved + p.bytes(3L * tokens + keys + queries));
        int shared = forwardBytes(sizes.depth(), p.positions != null);
        run(call, p, "", sizes.heads(), shared, arguments);
    }

    void backward(
            Call call,
            Problem p,
            Floats context,
            Floats kept,
            Floats dcontext,
            Floats dq,
            Floats dk,
            Floats dv,
            Floats dkeys,
            Floats dqueries) {
        var sizes = p.sizes;
        int heads = sizes.heads(), tokens = sizes.tokens();
        long saved = call.in(kept), lse = saved + p.bytes(3L * tokens + p.keys() + p.queries());
        long low = call.scratch(p.bytes(tokens)), delta = call.scratch(4L * heads * tokens);
        int together = Integer.highestOneBit(2 * (int) pieces(sizes.depth()) - 1);
        call.run(
                MODULE,
                "attention_lower_delta",
                Driver.Grid.strides((long) heads * tokens * together),
                p.precision.ordinal(),
                heads,
                sizes.depth(),
                tokens,
                together,
                call.in(context),
                call.in(dcontext),
                low,
                delta);
        List<Object> shared = operands(call, p, saved);
        Collections.addAll(shared, lse, delta, low, p.dropout);
        pass(call, p, "_backward_queries", 1, shared, List.of(call.out(dq)), dkeys);
        pass(call, p, "_backward_keys", -1, shared, List.of(call.out(dk), call.out(dv)), dqueries);
    }

    /// One of both directions, with the gradient of its rows' table in as many heads at once as there is room
    /// for.
    ///
    /// @param sign of a relative position as the tiles have it, row − column
    private void pass(
            Call call, Problem p, String what, int sign, List<Object> shared, List<Long> results, Floats table) {
        var sizes = p.sizes;
        int heads = sizes.heads(), bytes = backwardBytes(sizes.depth(), p.positions != null);
        if (p.positions == null) {
            List<Object> arguments = new ArrayList<>(shared);
            arguments.addAll(results);
            run(call, p, what, heads, bytes, arguments);
            return;
        }
        int span = sizes.longest() + sizes.tile(); // relative positions of a tile
        long perHead = 4L * sizes.count() * span * sizes.depth();
        int together = table == null ? heads : Math.clamp(PARTS / perHead, 1, heads);
        long parts = table == null ? 0 : call.scratch(perHead * together);
        for (int head0 = 0; head0 < heads; head0 += together) {
            int count = Math.min(together, heads - head0);
            List<Object> arguments = new ArrayList<>(shared);
            arguments.add(head0);
            arguments.addAll(results);
            Collections.addAll(arguments, span, parts);
            run(call, p, what, count, bytes, arguments);
            if (table != null) addUp(call, p, sign, head0, count, span, parts, table);
        }
    }

    /// A table's gradient from the parts that the tiles left, for the heads from head0 on.
    private static void addUp(
            Call call, Problem p, int sign, int head0, int heads, int span, long parts, Floats table) {
        var sizes = p.sizes;
        int rows = table.length / sizes.channels();
        int[] groups = new int[rows + 1], relative = new int[2 * sizes.longest() - 1];
        CudaAttention.byRow(p.positions, rows, sizes.longest(), groups, relative);
        call.run(
                MODULE,
                "attention_lower_table",
                Driver.Grid.strides((long) rows * heads * sizes.depth()),
                p.precision.ordinal(),
                rows,
                sizes.channels(),
                sizes.depth(),
                heads,
                head0,
                sizes.count(),
                call.ints(sizes.tiles(), sizes.tiles().length),
                span,
                sign,
                p.scale,
                call.ints(groups, groups.length),
                call.ints(relative, relative.length),
                parts,
                call.out(table, true));
    }

    private static List<Object> operands(Call call, Problem p, long saved) {
        var sizes = p.sizes;
        int[] tiles = sizes.tiles();
        long tokens = sizes.tokens();
        List<Object> arguments = new ArrayList<>();
        Collections.addAll(
                arguments,
                call.ints(tiles, tiles.length),
                sizes.heads(),
                sizes.depth(),
                sizes.tokens(),
                sizes.width(),
                p.scale,
                saved,
                saved + p.bytes(tokens),
                saved + p.bytes(2 * tokens));
        if (p.positions != null)
            Collections.addAll(
                    arguments,
                    p.keys() == 0 ? 0L : saved + p.bytes(3 * tokens),
                    p.queries() == 0 ? 0L : saved + p.bytes(3 * tokens + p.keys()),
                    call.ints(p.positions.rows(), p.positions.rows().length),
                    p.positions.reach());
        return arguments;
    }

    private static void run(Call call, Problem p, String what, int heads, int sharedBytes, List<Object> arguments) {
        var grid = Driver.Grid.of(p.sizes.count(), heads).shared(sharedBytes);
        call.run(MODULE, p.kernel(what), grid, arguments.toArray());
    }
}
