package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.RelativePositions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// The launches of attention, plain and disentangled.
final class CudaAttention {
    private static final long PARTS = 256L << 20; // bytes of the tables' partial gradients at once

    /// What the forward pass left for the backward pass, and the gradient that it begins with.
    record Saved(Dropout dropout, Floats context, Floats logSumExp, Floats dcontext) {}

    /// @param positions null: plain
    void forward(
            Call call,
            AttentionSizes sizes,
            float scale,
            Floats q,
            Floats k,
            Floats v,
            RelativePositions positions,
            Dropout dropout,
            Floats context,
            Floats logSumExp) {
        List<Object> arguments = operands(call, sizes, scale, q, k, v, positions);
        Collections.addAll(arguments, dropout, call.out(context), call.out(logSumExp));
        run(call, sizes, name(sizes, ""), sizes.heads(), sizes.forwardBytes(), arguments);
    }

    void backward(
            Call call,
            AttentionSizes sizes,
            float scale,
            Floats q,
            Floats k,
            Floats v,
            RelativePositions positions,
            Saved saved,
            Floats dq,
            Floats dk,
            Floats dv,
            Floats dkeys,
            Floats dqueries) {
        int heads = sizes.heads(), tokens = sizes.tokens();
        long rows = (long) heads * tokens, delta = call.scratch(4 * rows);
        long context = call.in(saved.context), dcontext = call.in(saved.dcontext);
        call.run(
                "attention",
                "attention_delta",
                Driver.Grid.strides(rows),
                heads,
                sizes.channels(),
                tokens,
                context,
                dcontext,
                delta);
        List<Object> shared = operands(call, sizes, scale, q, k, v, positions);
        Collections.addAll(shared, call.in(saved.logSumExp), delta, dcontext, saved.dropout);

        List<Object> keys = new ArrayList<>(shared);
        Collections.addAll(keys, call.out(dk), call.out(dv));
        run(call, sizes, name(sizes, "_backward_keys"), heads, sizes.backwardKeysBytes(), keys);

        String name = name(sizes, "_backward_queries");
        if (positions == null) {
            shared.add(call.out(dq));
            run(call, sizes, name, heads, sizes.backwardQueriesBytes(), shared);
            return;
        }
        int span = sizes.longest() + sizes.tile(); // relative positions of a tile of queries
        long perHead = 4L * sizes.count() * span * sizes.depth();
        int together = Math.clamp(PARTS / perHead, 1, heads);
        long toKeys = dkeys == null ? 0 : call.scratch(perHead * together);
        long toQueries = dqueries == null ? 0 : call.scratch(perHead * together);
        long toQ = call.out(dq);
        for (int head0 = 0; head0 < heads; head0 += together) {
            int count = Math.min(together, heads - head0);
            List<Object> queries = new ArrayList<>(shared);
            Collections.addAll(queries, head0, toQ, span, toKeys, toQueries);
            run(call, sizes, name, count, sizes.backwardQueriesBytes(), queries);
            if (dkeys != null) table(call, sizes, positions, head0, count, span, toKeys, dkeys);
            if (dqueries != null) table(call, sizes, positions, head0, count, span, toQueries, dqueries);
        }
    }

    private static List<Object> operands(
            Call call, AttentionSizes sizes, float scale, Floats q, Floats k, Floats v, RelativePositions positions) {
        List<Object> arguments = new ArrayList<>();
        int[] tiles = sizes.tiles();
        Collections.addAll(
                arguments,
                call.ints(tiles, tiles.length),
                sizes.channels(),
                sizes.depth(),
                sizes.tokens(),
                sizes.width(),
                scale,
                call.in(q),
                call.in(k),
                call.in(v));
        if (positions != null)
            Collections.addAll(
                    arguments,
                    call.in(positions.keys()),
                    call.in(positions.queries()),
                    call.ints(positions.rows(), positions.rows().length),
                    positions.reach());
        return arguments;
    }

    private static void run(
            Call call, AttentionSizes sizes, String name, int heads, int sharedBytes, List<Object> arguments) {
        call.run("attention", name, Driver.Grid.of(sizes.count(), heads).shared(sharedBytes), arguments.toArray());
    }

    private static String name(AttentionSizes sizes, String what) {
        return (sizes.positions() ? "disentangled" : "attention") + what + "_" + sizes.padded();
    }

    /// Adds up a table's gradient from the parts that the tiles left, for the heads from head0 on.
    private static void table(
            Call call,
            AttentionSizes sizes,
            RelativePositions positions,
            int head0,
            int heads,
            int span,
            long parts,
            Floats table) {
        int rows = table.length / sizes.channels(), width = heads * sizes.depth();
        int[] groups = new int[rows + 1], relative = new int[2 * sizes.longest() - 1];
        byRow(positions, rows, sizes.longest(), groups, relative);
        call.run(
                "attention",
                "attention_table",
                Driver.Grid.strides((long) rows * width),
                rows,
                sizes.channels(),
                sizes.depth(),
                heads,
                head0,
                sizes.count(),
                call.ints(sizes.tiles(), sizes.tiles().length),
                sizes.tile(),
                span,
                call.ints(groups, groups.length),
                call.ints(relative, relative.length),
                parts,
                call.out(table, true));
    }

    /// The relative positions of each row of the table, ascending: those of row r are `relative[groups[r] …
    /// groups[r + 1])`.
    static void byRow(RelativePositions positions, int rows, int longest, int[] groups, int[] relative) {
        for (int r = 1 - longest; r < longest; r++) groups[positions.row(r) + 1]++;
        for (int row = 0; row < rows; row++) groups[row + 1] += groups[row];
        int[] next = groups.clone();
        for (int r = 1 - longest; r < longest; r++) relative[next[positions.row(r)]++] = r;
    }
}
