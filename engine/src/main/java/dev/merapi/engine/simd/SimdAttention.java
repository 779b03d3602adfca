package dev.merapi.engine.simd;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Workers;
import java.util.Arrays;

/// Scaled dot-product attention over packed sequences, each (sequence, head) by itself: who computes what. The
/// arithmetic is that of [AttentionHead]; that of a sequence depends on nothing outside of it.
final class SimdAttention {
    /// The most queries of a task in the forward pass, where there are few heads of sequences and where there
    /// are [#MANY]: each task copies the keys and values of its head.
    private static final int ROWS = 128, MORE_ROWS = 512, MANY = 48;

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
        int most = sequences * heads < MANY ? ROWS : MORE_ROWS;
        for (int s = 0; s < sequences; s++) firsts[s + 1] = firsts[s] + Math.ceilDiv(starts[s + 1] - starts[s], most);
        int tokens = starts[sequences], width = width(starts, sequences);
        var batch = new AttentionHead.Batch(heads, channels, tokens, width, dropout, q, k, v);
        workers.run(firsts[sequences] * heads, (task, worker) -> {
            int block = task / heads, head = task % heads;
            int found = Arrays.binarySearch(firsts, 0, sequences + 1, block), s = found >= 0 ? found : -found - 2;
            int first = starts[s] + (block - firsts[s]) * most, rows = Math.min(most, starts[s + 1] - first);
            new AttentionHead(batch, starts[s], starts[s + 1], head, scratch[worker])
                    .forward(first, rows, context, logSumExp);
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
        int tokens = starts[sequences], width = width(starts, sequences);
        var batch = new AttentionHead.Batch(heads, channels, tokens, width, dropout, q, k, v);
        workers.run(sequences * heads, (task, worker) -> {
            int s = task / heads;
            new AttentionHead(batch, starts[s], starts[s + 1], task % heads, scratch[worker])
                    .backward(context, logSumExp, dcontext, dq, dk, dv);
        });
    }

    /// The longest sequence rounded up to a multiple of 4: the rows of the dropout's index space.
    private static int width(int[] starts, int sequences) {
        int longest = 0;
        for (int s = 0; s < sequences; s++) longest = Math.max(longest, starts[s + 1] - starts[s]);
        return (longest + 3) / 4 * 4;
    }
}
