package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.DisentangledScratch.rowAt;
import static dev.merapi.engine.simd.DisentangledScratch.skewed;
import static dev.merapi.engine.simd.DisentangledScratch.stride;
import static dev.merapi.engine.simd.MatmulScratch.WIDTH;
import static dev.merapi.engine.simd.MatmulScratch.panels;
import static dev.merapi.engine.simd.RelativeColumns.BAND;
import static dev.merapi.engine.simd.SimdDisentangledAttention.ROWS;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import java.util.Arrays;

/// Disentangled attention of one head of one sequence, tokens [begin, end) of the batch. It goes as
/// [SimdAttention] does, a block of R queries at a time; what is added comes in bands of [RelativeColumns#BAND]
/// tokens.
///
/// @param keys    the table that queries meet, or null
/// @param queries the table that keys meet, or null
record DisentangledHead(
        Batch batch,
        int begin,
        int end,
        int head,
        RelativeColumns keys,
        RelativeColumns queries,
        DisentangledScratch scratch) {

    /// What all heads and sequences share: q, k, v [N, C], `tokens` N, the width of the dropout's index space.
    record Batch(
            int heads,
            int channels,
            int tokens,
            int width,
            float scale,
            Dropout dropout,
            Floats q,
            Floats k,
            Floats v) {}

    /// The context of `rows` queries from token `first` on.
    void forward(int first, int rows, Floats context, Floats logSumExp) {
        int t = end - begin, d = depth();
        scratch.forward(ROWS, t, d);
        packLines(batch.k, scratch.keyLines);
        packColumns(batch.v, begin, t, scratch.valueColumns);
        scores(first, rows);
        float[] p = scratch.p;
        for (int r = 0; r < rows; r++) {
            float lse = AttentionRows.softmax(p, rowAt(r, t), t, batch.scale);
            if (logSumExp != null) logSumExp.set(head * batch.tokens + first + r, lse);
            if (batch.dropout.isActive()) SimdRandom.dropoutRow(p, rowAt(r, t), t, element(first + r), batch.dropout);
        }
        var operand = new MatmulOperand(p, rowAt(0, t), stride(t), true);
        multiply(operand, 0, rows, d, t, scratch.valueColumns, context, first, false); // [R, D]
    }

    /// Writes the gradients of the sequence's q, k and v, and adds to those of the tables, in the sum of
    /// `group`.
    void backward(int group, Floats context, Floats logSumExp, Floats dcontext, Floats dq, Floats dk, Floats dv) {
        int t = end - begin, d = depth();
        scratch.backward(ROWS, t, d);
        packLines(batch.k, scratch.keyLines);
        packLines(batch.v, scratch.valueLines);
        packColumns(batch.k, begin, t, scratch.keyColumns);
        float[] p = scratch.p, dp = scratch.dp;
        for (int first = begin; first < end; first += ROWS) {
            int rows = Math.min(ROWS, end - first);
            scores(first, rows);
            products(dcontext, first, rows, scratch.valueLines, dp, false); // dP [R, T]
            for (int r = 0; r < rows; r++) gradientRow(r, first + r, context, logSumExp, dcontext);
            DisentangledScratch.clearBetween(dp, rows, t);

            multiply(
                    new MatmulOperand(dp, rowAt(0, t), stride(t), true),
                    0,
                    rows,
                    d,
                    t,
                    scratch.keyColumns,
                    dq,
                    first,
                    false);
            packColumns(batch.q, first, rows, scratch.queryColumns);
            packColumns(dcontext, first, rows, scratch.gradientColumns);
            var ds = new MatmulOperand(dp, rowAt(0, t), stride(t), false);
            var dropped = new MatmulOperand(p, rowAt(0, t), stride(t), false);
            for (int j = 0; j < t; j += ROWS) {
                int count = Math.min(ROWS, t - j);
                multiply(ds, j, count, d, rows, scratch.queryColumns, dk, begin + j, first > begin); // [T, D]
                multiply(dropped, j, count, d, rows, scratch.gradientColumns, dv, begin + j, first > begin);
            }
            if (keys != null)
                for (int i = 0; i < rows; i += BAND)
                    bandGradient(
                            dp,
                            i,
                            t,
                            Math.min(BAND, rows - i),
                            keys,
                            keys.first(first - begin + i, 0),
                            group,
                            batch.q,
                            dq,
                            first + i);
            if (queries != null) {
                scratch.transpose(dp, rows, t, scratch.byKey); // [T, R]
                DisentangledScratch.clearBetween(scratch.byKey, t, rows);
                for (int j = 0; j < t; j += BAND)
                    bandGradient(
                            scratch.byKey,
                            j,
                            rows,
                            Math.min(BAND, t - j),
                            queries,
                            queries.first(j, first - begin),
                            group,
                            batch.k,
                            dk,
                            begin + j);
            }
        }
    }

    /// Row r of the block: scores into P and then dropout(P), dP into dS · scale.
    private void gradientRow(int r, int token, Floats context, Floats logSumExp, Floats dcontext) {
        int t = end - begin, at = rowAt(r, t);
        float[] p = scratch.p, dp = scratch.dp;
        float delta =
                AttentionRows.dot(dcontext.array, at(dcontext, token), context.array, at(context, token), depth());
        AttentionRows.probabilities(p, at, t, batch.scale, logSumExp.get(head * batch.tokens + token));
        if (batch.dropout.isActive()) {
            Arrays.fill(scratch.keep, 0, stride(t), 1f);
            SimdRandom.dropoutRow(scratch.keep, 0, t, element(token), batch.dropout);
            AttentionRows.gradient(p, dp, at, t, delta, batch.scale, scratch.keep);
        } else {
            AttentionRows.gradient(p, dp, at, t, delta, batch.scale);
        }
    }

    /// `p[r, j] = q·k_j + q·keys + k_j·queries` of the queries from token `first` on, before scaling.
    private void scores(int first, int rows) {
        int t = end - begin;
        if (queries != null) {
            for (int j = 0; j < t; j += BAND) // [BAND, R]
            band(
                        batch.k,
                        begin + j,
                        Math.min(BAND, t - j),
                        queries,
                        queries.first(j, first - begin),
                        scratch.byKey,
                        j,
                        rows,
                        false);
            scratch.transpose(scratch.byKey, t, rows, scratch.p); // [R, T]
        }
        products(batch.q, first, rows, scratch.keyLines, scratch.p, queries != null); // [R, T]
        if (keys != null)
            for (int i = 0; i < rows; i += BAND) // [BAND, T]
            band(
                        batch.q,
                        first + i,
                        Math.min(BAND, rows - i),
                        keys,
                        keys.first(first - begin + i, 0),
                        scratch.p,
                        i,
                        t,
                        true);
    }

    /// `out[r, j] = x_(first+r) · y_j` over the head's channels, y packed by token.
    private void products(Floats x, int first, int rows, float[] lines, float[] out, boolean add) {
        int t = end - begin;
        scratch.matmul.multiply(
                operand(x, true),
                first,
                rows,
                panels(t) * WIDTH,
                depth(),
                lines,
                0,
                out,
                rowAt(0, t),
                stride(t),
                null,
                0,
                add);
    }

    /// `out[row + n, m] = x_(token+n) · table_c`, c the column of m for the band's row n; rows of `out` have
    /// `length` values. What is computed for columns out of the row's range falls between the rows.
    private void band(
            Floats x,
            int token,
            int rows,
            RelativeColumns table,
            int column,
            float[] out,
            int row,
            int length,
            boolean add) {
        int columns = panels(length + BAND - 1) * WIDTH;
        scratch.matmul.multiply(
                operand(x, true),
                token,
                rows,
                columns,
                depth(),
                table.panels,
                table.panel(head, column),
                out,
                skewed(row, length),
                stride(length) + 1,
                null,
                0,
                add);
    }

    /// The gradients of [#band]: `dx_(token+n) += Σ_c ds[n, c] table_c`, `dtable_c += Σ_n ds[n, c]
    /// x_(token+n)`.
    private void bandGradient(
            float[] ds,
            int row,
            int length,
            int rows,
            RelativeColumns table,
            int column,
            int group,
            Floats x,
            Floats dx,
            int token) {
        int d = depth(), columns = length + BAND - 1;
        scratch.matmul.multiply(
                new MatmulOperand(ds, skewed(row, length), stride(length) + 1, true),
                0,
                rows,
                table.operand(head, column),
                0,
                d,
                columns,
                dx.array,
                at(dx, token),
                batch.channels,
                null,
                0,
                true);
        scratch.matmul.multiply(
                new MatmulOperand(ds, skewed(row, length), stride(length) + 1, false),
                0,
                columns,
                new MatmulOperand(x.array, at(x, token), batch.channels, false),
                0,
                d,
                rows,
                table.gradient,
                table.gradientAt(group, head, column),
                batch.channels,
                null,
                0,
                true);
    }

    /// Rows from token `token` on: `out = a·b`, or `+=`, b packed with k running over tokens.
    private void multiply(
            MatmulOperand a, int row, int rows, int columns, int k, float[] b, Floats out, int token, boolean add) {
        scratch.matmul.multiply(
                a, row, rows, columns, k, b, 0, out.array, at(out, token), batch.channels, null, 0, add);
    }

    private void packLines(Floats x, float[] panels) {
        var operand = operand(x, true);
        int t = end - begin, d = depth();
        for (int j = 0; j < t; j += WIDTH)
            operand.pack(begin + j, Math.min(WIDTH, t - j), WIDTH, 0, d, panels, j * d, scratch.matmul.block);
    }

    private void packColumns(Floats x, int first, int rows, float[] panels) {
        var operand = operand(x, false);
        for (int c = 0; c < depth(); c += WIDTH)
            operand.pack(c, Math.min(WIDTH, depth() - c), WIDTH, first, rows, panels, c * rows, scratch.matmul.block);
    }

    /// The head's channels of an [N, C] operand: lines are tokens, or channels with k running over the tokens.
    private MatmulOperand operand(Floats x, boolean linesAreTokens) {
        return new MatmulOperand(x.array, x.offset + head * depth(), batch.channels, linesAreTokens);
    }

    private int at(Floats x, int token) {
        return x.offset + token * batch.channels + head * depth();
    }

    private long element(int token) {
        return ((long) head * batch.tokens + token) * batch.width;
    }

    private int depth() {
        return batch.channels / batch.heads;
    }
}
