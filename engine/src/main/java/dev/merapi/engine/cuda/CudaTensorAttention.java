package dev.merapi.engine.cuda;

import dev.merapi.engine.cuda.AttentionSizes.Terms;
import dev.merapi.engine.cuda.CudaAttention.Tables;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.Relative;
import dev.merapi.engine.kernel.RelativeBias;
import dev.merapi.engine.kernel.RelativePositions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/// The launches of attention of low precision, plain, with a bias and disentangled
/// (`attention_tensor_passes.cuh`).
///
/// A pass over the operands rounds them, each head's channels in whole pieces, and the backward pass reads them
/// again: what is kept is `[q | k | v | keys | queries | ln Σ e^{score}]`.
final class CudaTensorAttention {
    private static final int PATCHES = 4, PATCH = 16, RING = 128, WARPS = 8; // of the source
    private static final int PIECE = 16, EACH = 8; // bytes, numbers

    private final int sharedBytes;
    private final long most;

    /// @param sharedBytes that a block may have
    /// @param most        bytes of the partial gradients of a table at once
    CudaTensorAttention(int sharedBytes, long most) {
        this.sharedBytes = sharedBytes;
        this.most = most;
    }

    /// What one call is about.
    ///
    /// @param relative null: plain
    record Problem(
            Precision precision, AttentionSizes sizes, int sequences, Relative relative, float scale, Dropout dropout) {

        static Problem of(
                Precision precision,
                int heads,
                int channels,
                int[] starts,
                int sequences,
                Relative relative,
                float scale,
                Dropout dropout) {
            Terms terms = Terms.of(relative);
            int padded = padded(channels / heads, terms);
            var sizes = AttentionSizes.of(heads, channels, starts, sequences, padded, PATCHES, terms);
            return new Problem(precision, sizes, sequences, relative, scale, dropout);
        }

        /// Bytes of `rows` tokens (or positions), rounded.
        long bytes(long rows) {
            return rows * sizes.heads() * pieces(sizes.depth()) * PIECE;
        }

        int keys() {
            return rows(relative instanceof RelativePositions positions ? positions.keys() : null, sizes.channels());
        }

        int queries() {
            return rows(relative instanceof RelativePositions positions ? positions.queries() : null, sizes.channels());
        }

        String kernel(String what) {
            return sizes.terms().kernel + what + "_" + precision.name().toLowerCase(Locale.ROOT) + "_" + sizes.padded();
        }
    }

    // ── Sizes ────────────────────────────────────────────────────────────────────────────────────

    /// How many values the forward pass keeps; 0 where it does not serve.
    int keeps(Precision precision, int heads, int channels, int tokens, RelativePositions positions) {
        long rows = 3L * tokens;
        if (positions != null) rows += rows(positions.keys(), channels) + rows(positions.queries(), channels);
        return keeps(precision, heads, channels, tokens, rows, positions == null ? Terms.PLAIN : Terms.POSITIONS);
    }

    /// The same with a bias.
    int keeps(Precision precision, int heads, int channels, int tokens) {
        return keeps(precision, heads, channels, tokens, 3L * tokens, Terms.BIAS);
    }

    /// @param rows of all operands that are rounded
    private int keeps(Precision precision, int heads, int channels, int tokens, long rows, Terms terms) {
        int depth = channels / heads;
        boolean low = precision == Precision.BF16 || precision == Precision.FP16;
        if (!low || depth > AttentionSizes.MOST_CHANNELS || backwardBytes(padded(depth, terms), terms) > sharedBytes)
            return 0;
        return Math.toIntExact(rows * heads * pieces(depth) * PIECE / Float.BYTES + (long) heads * tokens);
    }

    private static int rows(Floats table, int channels) {
        return table == null ? 0 : table.length / channels;
    }

    private static long pieces(int depth) {
        return Driver.Grid.ceiling(depth, EACH);
    }

    private static int padded(int depth, Terms terms) {
        return depth <= 32 && terms == Terms.PLAIN ? 32 : depth <= 64 ? 64 : AttentionSizes.MOST_CHANNELS;
    }

    private static int columns(int padded, Terms terms) {
        return terms == Terms.POSITIONS || padded > 64 ? 32 : 64;
    }

    /// Of shared memory: a tile of rows, two stages of two tiles of columns, and with positions two tables and
    /// what the warps write out, with a bias two stages of what a tile sees of it.
    static int forwardBytes(int padded, Terms terms) {
        int line = 2 * padded, columns = columns(padded, terms);
        int operands = line * (PATCHES * PATCH + 4 * columns);
        return operands
                + switch (terms) {
                    case PLAIN -> 0;
                    case POSITIONS -> 2 * RING * line + WARPS * PATCH * 40 * Float.BYTES;
                    case BIAS -> 2 * Float.BYTES * (PATCHES * PATCH + columns);
                };
    }

    /// One tile of rows more, and with a bias the warps' patches and the sums of their diagonals.
    static int backwardBytes(int padded, Terms terms) {
        int patches = WARPS * (columns(padded, terms) / PATCH / 2); // of a tile, with those beyond its rows
        return forwardBytes(padded, terms)
                + 2 * padded * PATCHES * PATCH
                + (terms == Terms.BIAS ? Float.BYTES * (WARPS * PATCH * 24 + patches * 2 * PATCH) : 0);
    }

    // ── Launches ─────────────────────────────────────────────────────────────────────────────────

    /// @param kept null: not
    void forward(Call call, Problem p, Floats q, Floats k, Floats v, Floats context, Floats kept) {
        var sizes = p.sizes;
        int tokens = sizes.tokens(), keys = p.keys(), queries = p.queries();
        long saved = kept == null
                ? call.scratch(p.bytes(3L * tokens + keys + queries) + 4L * sizes.heads() * tokens)
                : call.out(kept);
        long pieces = Math.max(tokens, Math.max(keys, queries)) * sizes.heads() * pieces(sizes.depth());
        call.run(
                CudaAttention.OPERANDS,
                "attention_lower",
                Driver.Grid.of(Driver.Grid.strides(pieces).x(), p.relative instanceof RelativePositions ? 5 : 3),
                p.precision.ordinal(),
                sizes.heads(),
                sizes.depth(),
                tokens,
                keys,
                queries,
                call.in(q),
                call.in(k),
                call.in(v),
                keys == 0 ? 0L : call.in(((RelativePositions) p.relative).keys()),
                queries == 0 ? 0L : call.in(((RelativePositions) p.relative).queries()),
                saved);
        List<Object> arguments = operands(call, p, saved);
        Collections.addAll(arguments, p.dropout, call.out(context), saved + p.bytes(3L * tokens + keys + queries));
        run(call, p, "", sizes.heads(), forwardBytes(sizes.padded(), sizes.terms()), arguments);
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
            Tables tables) {
        var sizes = p.sizes;
        int heads = sizes.heads(), tokens = sizes.tokens();
        long saved = call.in(kept), lse = saved + p.bytes(3L * tokens + p.keys() + p.queries());
        long low = call.scratch(p.bytes(tokens)), delta = call.scratch(4L * heads * tokens);
        int together = Integer.highestOneBit(2 * (int) pieces(sizes.depth()) - 1);
        call.run(
                CudaAttention.OPERANDS,
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
        int bytes = backwardBytes(sizes.padded(), sizes.terms());
        List<Long> ofQueries = List.of(call.out(dq)), ofKeys = List.of(call.out(dk), call.out(dv));
        if (p.relative instanceof RelativePositions positions) {
            pass(call, p, positions, "_backward_queries", 1, shared, ofQueries, tables.dkeys());
            pass(call, p, positions, "_backward_keys", -1, shared, ofKeys, tables.dqueries());
            return;
        }
        List<Object> queries = new ArrayList<>(shared);
        queries.addAll(ofQueries);
        Floats dbias = tables.dbias();
        long parts = dbias == null ? 0 : CudaBias.parts(call, sizes);
        if (sizes.terms() == Terms.BIAS) Collections.addAll(queries, sizes.span(), parts);
        run(call, p, "_backward_queries", heads, bytes, queries);
        if (dbias != null) CudaBias.backward(call, sizes, (RelativeBias) p.relative, parts, dbias);
        shared.addAll(ofKeys);
        run(call, p, "_backward_keys", heads, bytes, shared);
    }

    /// One of both directions with positions, with the gradient of its rows' table in as many heads at once as
    /// there is room for.
    ///
    /// @param sign of a relative position as the tiles have it, row − column
    private void pass(
            Call call,
            Problem p,
            RelativePositions positions,
            String what,
            int sign,
            List<Object> shared,
            List<Long> results,
            Floats table) {
        var sizes = p.sizes;
        int heads = sizes.heads();
        long perHead = (long) Float.BYTES * sizes.count() * sizes.span() * sizes.depth();
        int together = table == null ? heads : Math.clamp(most / perHead, 1, heads);
        long parts = table == null ? 0 : call.scratch(perHead * together);
        for (int head0 = 0; head0 < heads; head0 += together) {
            int count = Math.min(together, heads - head0);
            List<Object> arguments = new ArrayList<>(shared);
            arguments.add(head0);
            arguments.addAll(results);
            Collections.addAll(arguments, sizes.span(), parts);
            run(call, p, what, count, backwardBytes(sizes.padded(), sizes.terms()), arguments);
            if (table != null)
                CudaAttention.addUp(call, p.precision, sizes, p.scale, positions, sign, head0, count, parts, table);
        }
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
        if (p.relative instanceof RelativePositions positions)
            Collections.addAll(
                    arguments,
                    p.keys() == 0 ? 0L : saved + p.bytes(3 * tokens),
                    p.queries() == 0 ? 0L : saved + p.bytes(3 * tokens + p.keys()),
                    call.ints(positions.rows(), positions.rows().length),
                    positions.reach());
        if (p.relative instanceof RelativeBias bias) {
            var by = CudaBias.byPosition(call, sizes, bias);
            Collections.addAll(arguments, by.address(), by.half());
        }
        return arguments;
    }

    private static void run(Call call, Problem p, String what, int heads, int sharedBytes, List<Object> arguments) {
        var grid = Driver.Grid.of(p.sizes.count(), heads).shared(sharedBytes);
        call.run(p.sizes.terms().kernel + "_tensor", p.kernel(what), grid, arguments.toArray());
    }
}
