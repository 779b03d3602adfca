package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.MatmulScratch.WIDTH;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Workers;
import java.util.Arrays;

/// Scaled dot-product attention over packed sequences, each (sequence, head) by itself, on the micro-kernels of
/// the matrix product.
///
/// A block of [#ROWS] queries has all its scores in the second-level cache, so that the softmax is the ordinary
/// one; neither scores nor probabilities of more than a block exist at a time. The arithmetic of a sequence
/// depends on nothing outside of it.
///
/// Letters: N tokens of the batch, C channels, D = C/H, T tokens of the sequence, R queries of a block.
final class SimdAttention {
    private static final int ROWS = 192;

    /// The backward pass has the gradients of the scores beside them.
    private static final int BACKWARD_ROWS = 96;

    private final Workers workers;
    private final AttentionScratch[] scratch;
    private int[] firstBlock = new int[0]; // of each sequence in the forward pass, guarded by this

    SimdAttention(Workers workers, ColdStart start) {
        this.workers = workers;
        scratch = new AttentionScratch[workers.threads()];
        for (int i = 0; i < scratch.length; i++) scratch[i] = new AttentionScratch(start);
    }

    /// `context = dropout(softmax(Q·Kᵀ/√D))·V`: a task is one block of queries of one head of one sequence.
    synchronized void attention(
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            Dropout dropout,
            Floats context,
            Floats logSumExp) {
        if (firstBlock.length <= sequences) firstBlock = new int[sequences + 1];
        int[] firsts = firstBlock;
        for (int s = 0; s < sequences; s++) firsts[s + 1] = firsts[s] + (starts[s + 1] - starts[s] + ROWS - 1) / ROWS;
        int blocks = firsts[sequences], width = width(starts, sequences);
        workers.run(blocks * heads, (task, worker) -> {
            int block = task / heads, head = task % heads;
            int found = Arrays.binarySearch(firsts, 0, sequences + 1, block), s = found >= 0 ? found : -found - 2;
            var job = new Head(
                    heads,
                    channels,
                    starts[sequences],
                    starts[s],
                    starts[s + 1],
                    head,
                    width,
                    dropout,
                    scratch[worker]);
            int first = starts[s] + (block - firsts[s]) * ROWS;
            job.forward(first, Math.min(ROWS, starts[s + 1] - first), q, k, v, context, logSumExp);
        });
    }

    /// The gradients of [#attention]: a task is one head of one sequence, since dK and dV are sums over all its
    /// queries.
    void attentionBackward(
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            Dropout dropout,
            Floats context,
            Floats logSumExp,
            Floats dcontext,
            Floats dq,
            Floats dk,
            Floats dv) {
        int width = width(starts, sequences);
        workers.run(sequences * heads, (task, worker) -> {
            int s = task / heads, head = task % heads;
            new Head(
                            heads,
                            channels,
                            starts[sequences],
                            starts[s],
                            starts[s + 1],
                            head,
                            width,
                            dropout,
                            scratch[worker])
                    .backward(q, k, v, context, logSumExp, dcontext, dq, dk, dv);
        });
    }

    /// The longest sequence rounded up to a multiple of 4: the rows of the dropout's index space.
    private static int width(int[] starts, int sequences) {
        int longest = 0;
        for (int s = 0; s < sequences; s++) longest = Math.max(longest, starts[s + 1] - starts[s]);
        return (longest + 3) / 4 * 4;
    }

    /// One head of one sequence: tokens [begin, end) of the batch.
    private record Head(
            int heads,
            int channels,
            int tokens,
            int begin,
            int end,
            int head,
            int width,
            Dropout dropout,
            AttentionScratch scratch) {

        void forward(int first, int rows, Floats q, Floats k, Floats v, Floats context, Floats logSumExp) {
            int t = end - begin, d = depth(), stride = AttentionScratch.stride(t);
            scratch.forward(rows, t, d);
            packLines(k, scratch.keyLines);
            packColumns(v, begin, t, scratch.valueColumns);

            scores(q, first, rows, scratch.keyLines, scratch.p); // [R, T]
            for (int r = 0; r < rows; r++) {
                float lse = scratch.start.isOn()
                        ? PlainLoops.softmax(scratch.p, r * stride, t, scale())
                        : AttentionRows.softmax(scratch.p, r * stride, t, scale());
                if (logSumExp != null) logSumExp.set(head * tokens + first + r, lse);
                if (dropout.isActive()) SimdRandom.dropoutRow(scratch.p, r * stride, t, element(first + r), dropout);
            }
            var p = new MatmulOperand(scratch.p, 0, stride, true);
            scratch.matmul.multiply(
                    p,
                    0,
                    rows,
                    d,
                    t,
                    scratch.valueColumns,
                    0,
                    context.array,
                    at(context, first),
                    channels,
                    null,
                    0,
                    false); // [R, D]
        }

        void backward(
                Floats q,
                Floats k,
                Floats v,
                Floats context,
                Floats logSumExp,
                Floats dcontext,
                Floats dq,
                Floats dk,
                Floats dv) {
            int t = end - begin, d = depth(), stride = AttentionScratch.stride(t);
            scratch.backward(BACKWARD_ROWS, t, d);
            packLines(k, scratch.keyLines);
            packLines(v, scratch.valueLines);
            packColumns(k, begin, t, scratch.keyColumns);
            float[] p = scratch.p, dp = scratch.dp;
            for (int first = begin; first < end; first += BACKWARD_ROWS) {
                int rows = Math.min(BACKWARD_ROWS, end - first);
                scores(q, first, rows, scratch.keyLines, p); // [R, T]
                scores(dcontext, first, rows, scratch.valueLines, dp); // [R, T]
                for (int r = 0; r < rows; r++) gradientRow(r, first + r, context, logSumExp, dcontext);

                MatmulOperand dsRows = new MatmulOperand(dp, 0, stride, true);
                scratch.matmul.multiply(
                        dsRows,
                        0,
                        rows,
                        d,
                        t,
                        scratch.keyColumns,
                        0,
                        dq.array,
                        at(dq, first),
                        channels,
                        null,
                        0,
                        false); // [R, D]
                packColumns(q, first, rows, scratch.queryColumns);
                packColumns(dcontext, first, rows, scratch.gradientColumns);
                MatmulOperand ds = new MatmulOperand(dp, 0, stride, false),
                        dropped = new MatmulOperand(p, 0, stride, false);
                for (int j = 0; j < t; j += BACKWARD_ROWS) {
                    int keys = Math.min(BACKWARD_ROWS, t - j);
                    scratch.matmul.multiply(
                            ds,
                            j,
                            keys,
                            d,
                            rows,
                            scratch.queryColumns,
                            0,
                            dk.array,
                            at(dk, begin + j),
                            channels,
                            null,
                            0,
                            first > begin); // [T, D]
                    scratch.matmul.multiply(
                            dropped,
                            j,
                            keys,
                            d,
                            rows,
                            scratch.gradientColumns,
                            0,
                            dv.array,
                            at(dv, begin + j),
                            channels,
                            null,
                            0,
                            first > begin); // [T, D]
                }
            }
        }

        /// Row r of the block: scores into P and then dropout(P), dP into dS/√D.
        private void gradientRow(int r, int token, Floats context, Floats logSumExp, Floats dcontext) {
            int t = end - begin, at = r * AttentionScratch.stride(t);
            float delta =
                    AttentionRows.dot(dcontext.array, at(dcontext, token), context.array, at(context, token), depth());
            AttentionRows.probabilities(scratch.p, at, t, scale(), logSumExp.get(head * tokens + token));
            if (dropout.isActive()) {
                Arrays.fill(scratch.keep, 0, AttentionScratch.stride(t), 1f);
                SimdRandom.dropoutRow(scratch.keep, 0, t, element(token), dropout);
                AttentionRows.gradient(scratch.p, scratch.dp, at, t, delta, scale(), scratch.keep);
            } else {
                AttentionRows.gradient(scratch.p, scratch.dp, at, t, delta, scale());
            }
        }

        /// `out[r, j] = x_(first+r) · y_j` over the head's channels, y packed by token. The columns up to the
        /// stride are zero.
        private void scores(Floats x, int first, int rows, float[] lines, float[] out) {
            int stride = AttentionScratch.stride(end - begin);
            scratch.matmul.multiply(
                    operand(x, true), first, rows, stride, depth(), lines, 0, out, 0, stride, null, 0, false);
        }

        private void packLines(Floats x, float[] panels) {
            var operand = operand(x, true);
            int d = depth();
            for (int j = 0; j < end - begin; j += WIDTH)
                scratch.matmul.pack(operand, begin + j, Math.min(WIDTH, end - begin - j), WIDTH, 0, d, panels, j * d);
        }

        private void packColumns(Floats x, int first, int rows, float[] panels) {
            var operand = operand(x, false);
            for (int c = 0; c < depth(); c += WIDTH)
                scratch.matmul.pack(operand, c, Math.min(WIDTH, depth() - c), WIDTH, first, rows, panels, c * rows);
        }

        /// The head's channels of an [N, C] operand: lines are tokens, or channels with k running over the
        /// tokens.
        private MatmulOperand operand(Floats x, boolean linesAreTokens) {
            return new MatmulOperand(x.array, x.offset + head * depth(), channels, linesAreTokens);
        }

        private int at(Floats x, int token) {
            return x.offset + token * channels + head * depth();
        }

        private long element(int token) {
            return ((long) head * tokens + token) * width;
        }

        private int depth() {
            return channels / heads;
        }

        private float scale() {
            return (float) (1 / Math.sqrt(depth()));
        }
    }
}
