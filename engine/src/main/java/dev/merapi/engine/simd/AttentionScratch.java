package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.MatmulScratch.WIDTH;
import static dev.merapi.engine.simd.MatmulScratch.atLeast;
import static dev.merapi.engine.simd.MatmulScratch.panels;

/// The memory of one worker in attention, grown when a longer sequence comes and kept.
final class AttentionScratch {
    final ColdStart start;
    final MatmulScratch matmul;

    /// Scores, then probabilities of a block of queries, [rows, stride].
    float[] p = new float[0];

    /// Gradients of the probabilities, then of the scores, [rows, stride]; the dropout's factors, [stride].
    float[] dp = new float[0], keep = new float[0];

    /// Operands packed as B: K and V by token (for products over D), K and V by channel (for products over
    /// tokens), Q and dcontext by channel.
    float[] keyLines = new float[0], valueLines = new float[0], keyColumns = new float[0], valueColumns = new float[0];
    float[] queryColumns = new float[0], gradientColumns = new float[0];

    AttentionScratch(ColdStart start) {
        this.start = start;
        matmul = new MatmulScratch(start);
    }

    /// Rows of scores are padded to whole panels.
    static int stride(int tokens) {
        return panels(tokens) * WIDTH;
    }

    void forward(int rows, int tokens, int depth) {
        p = atLeast(p, rows * stride(tokens));
        keyLines = atLeast(keyLines, stride(tokens) * depth);
        valueColumns = atLeast(valueColumns, stride(depth) * tokens);
    }

    void backward(int rows, int tokens, int depth) {
        p = atLeast(p, rows * stride(tokens));
        dp = atLeast(dp, rows * stride(tokens));
        keep = atLeast(keep, stride(tokens));
        keyLines = atLeast(keyLines, stride(tokens) * depth);
        valueLines = atLeast(valueLines, stride(tokens) * depth);
        keyColumns = atLeast(keyColumns, stride(depth) * tokens);
        queryColumns = atLeast(queryColumns, stride(depth) * rows);
        gradientColumns = atLeast(gradientColumns, stride(depth) * rows);
    }
}
