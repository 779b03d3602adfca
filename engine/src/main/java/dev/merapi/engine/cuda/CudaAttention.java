package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.Relative;
import dev.merapi.engine.kernel.RelativeBias;
import dev.merapi.engine.kernel.RelativePositions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// The launches of attention in float32, plain, with a bias and disentangled.
final class CudaAttention {
    static final String OPERANDS = "attention_operands"; // the module of what is around the kernels

    private final long most;

    /// @param most bytes of the partial gradients of a table at once
    CudaAttention(long most) {
        this.most = most;
    }

    /// What the forward pass left for the backward pass, and the gradient that it begins with.
    record Saved(Dropout dropout, Floats context, Floats logSumExp, Floats dcontext) {}

    /// The gradients of what scores have besides q·k, each null where there is none.
    record Tables(Floats dkeys, Floats dqueries, Floats dbias) {
        static final Tables NONE = new Tables(null, null, null);
    }

    /// @param relative null: plain
    void forward(
            Call call,
            AttentionSizes sizes,
            float scale,
            Floats q,
            Floats k,
            Floats v,
            Relative relative,
            Dropout dropout,
            Floats context,
            Floats logSumExp) {
        List<Object> arguments = operands(call, sizes, scale, q, k, v, relative);
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
            Relative relative,
            Saved saved,
            Floats dq,
            Floats dk,
            Floats dv,
            Tables tables) {
        int heads = sizes.heads(), tokens = sizes.tokens();
        long rows = (long) heads * tokens, delta = call.scratch(4 * rows);
        long context = call.in(saved.context), dcontext = call.in(saved.dcontext);
        call.run(
                OPERANDS,
                "attention_delta",
                Driver.Grid.strides(rows),
                heads,
                sizes.channels(),
                tokens,
                context,
                dcontext,
                delta);
        List<Object> shared = operands(call, sizes, scale, q, k, v, relative);
        Collections.addAll(shared, call.in(saved.logSumExp), delta, dcontext, saved.dropout);

        List<Object> keys = new ArrayList<>(shared);
        Collections.addAll(keys, call.out(dk), call.out(dv));
        run(call, sizes, name(sizes, "_backward_keys"), heads, sizes.backwardKeysBytes(), keys);

        String name = name(sizes, "_backward_queries");
        long toQ = call.out(dq);
        switch (relative) {
            case null -> {
                shared.add(toQ);
                run(call, sizes, name, heads, sizes.backwardQueriesBytes(), shared);
            }
            case RelativeBias bias -> {
                long parts = tables.dbias == null ? 0 : CudaBias.parts(call, sizes);
                Collections.addAll(shared, toQ, sizes.span(), parts);
                run(call, sizes, name, heads, sizes.backwardQueriesBytes(), shared);
                if (tables.dbias != null) CudaBias.backward(call, sizes, bias, parts, tables.dbias);
            }
            case RelativePositions positions -> queries(call, sizes, scale, positions, shared, toQ, tables);
        }
    }

    /// dq and the tables' gradients, of as many heads at once as there is room for.
    private void queries(
            Call call,
            AttentionSizes sizes,
            float scale,
            RelativePositions positions,
            List<Object> shared,
            long toQ,
            Tables tables) {
        int heads = sizes.heads();
        long perHead = (long) Float.BYTES * sizes.count() * sizes.span() * sizes.depth();
        int together = Math.clamp(most / perHead, 1, heads);
        long toKeys = tables.dkeys == null ? 0 : call.scratch(perHead * together);
        long toQueries = tables.dqueries == null ? 0 : call.scratch(perHead * together);
        for (int head0 = 0; head0 < heads; head0 += together) {
            int count = Math.min(together, heads - head0);
            List<Object> queries = new ArrayList<>(shared);
            Collections.addAll(queries, head0, toQ, sizes.span(), toKeys, toQueries);
            run(call, sizes, name(sizes, "_backward_queries"), count, sizes.backwardQueriesBytes(), queries);
            if (tables.dkeys != null)
                addUp(call, Precision.FP32, sizes, scale, positions, 1, head0, count, toKeys, tables.dkeys);
            if (tables.dqueries != null)
                addUp(call, Precision.FP32, sizes, scale, positions, 1, head0, count, toQueries, tables.dqueries);
        }
    }

    private static List<Object> operands(
            Call call, AttentionSizes sizes, float scale, Floats q, Floats k, Floats v, Relative relative) {
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
        if (relative instanceof RelativePositions positions)
            Collections.addAll(
                    arguments,
                    call.in(positions.keys()),
                    call.in(positions.queries()),
                    call.ints(positions.rows(), positions.rows().length),
                    positions.reach());
        if (relative instanceof RelativeBias bias) {
            var by = CudaBias.byPosition(call, sizes, bias);
            Collections.addAll(arguments, by.address(), by.half());
        }
        return arguments;
    }

    private static void run(
            Call call, AttentionSizes sizes, String name, int heads, int sharedBytes, List<Object> arguments) {
        call.run(
                sizes.terms().kernel,
                name,
                Driver.Grid.of(sizes.count(), heads).shared(sharedBytes),
                arguments.toArray());
    }

    private static String name(AttentionSizes sizes, String what) {
        return sizes.terms().kernel + what + "_" + sizes.padded();
    }

    /// Adds up a table's gradient from the parts that the tiles left, for the heads from head0 on, and rounds
    /// it.
    ///
    /// @param sign of a relative position as the tiles have it
    static void addUp(
            Call call,
            Precision precision,
            AttentionSizes sizes,
            float scale,
            RelativePositions positions,
            int sign,
            int head0,
            int heads,
            long parts,
            Floats table) {
        int rows = table.length / sizes.channels();
        var by = RowPositions.of(positions, rows, sizes.longest());
        call.run(
                OPERANDS,
                "attention_table",
                Driver.Grid.strides((long) rows * heads * sizes.depth()),
                precision.ordinal(),
                rows,
                sizes.channels(),
                sizes.depth(),
                heads,
                head0,
                sizes.count(),
                call.ints(sizes.tiles(), sizes.tiles().length),
                sizes.tile(),
                sizes.span(),
                sign,
                scale,
                call.ints(by.groups(), by.groups().length),
                call.ints(by.relative(), by.relative().length),
                parts,
                call.out(table, true));
    }
}
