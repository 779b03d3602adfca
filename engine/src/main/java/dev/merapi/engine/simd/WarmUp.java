package dev.merapi.engine.simd;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Kernels.AdamStep;
import dev.merapi.engine.kernel.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/// Runs the kernels of a BERT's training on very small operands, so often that C2 compiles them.
///
/// A method is compiled after 5,000 calls, or after 600 with 15,000 turns of its loops: it is the number of
/// calls that counts, not what they compute. Over the operands of a real step each of them takes milliseconds
/// until then, and one kernel after the other comes to its turn; here all of them wait for C2 within a second.
/// MiniLM's first ten steps in batches of 16 short texts, of a command whose warm-up begins before it reads its
/// data, take 3.6 s; steady ones would take 1.6 s, and without a warm-up it is 6.1 to 8.3 s (Zen 4, 2 threads).
final class WarmUp {
    private static final int ROUNDS = 6000;

    /// Where something else needs the processors, what is not compiled by now will be during the steps.
    private static final long LONGEST_NANOS = 4_000_000_000L;

    private static final int WIDTH = 32, TALL = 204; // more rows than a block of the matrix product
    private static final int[] HEIGHTS = {12, 8, 4, 6, 12, 8, 1, 12}; // of tiles; a row is missing from some
    private static final int ODD = WIDTH + 5; // fills whole vectors and a part of one
    private static final int FEW = 5, MANY = 9000; // for several threads

    private final Floats[] x = new Floats[9]; // the first three are read, the others written
    private final int[] starts = {0, 20, 20 + FEW}, longStarts = {0, 140}; // more panels than attention waits for
    private final int[] ids = {0, 1}, groups = {0, 1, 2};
    private final int[] rowOf = {0, 1, Kernels.NOT_NOW, Kernels.NEVER};
    private final Dropout dropout = new Dropout(0.1f, 1, 1, 1);
    private final AdamStep step = new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0.01, 0.1, 0.001, 1f);

    WarmUp() {
        for (int i = 0; i < x.length; i++) {
            x[i] = Floats.allocate(TALL * 3 * WIDTH);
            for (int j = 0; j < x[i].length; j++) x[i].set(j, 0.01f * (j % 7 + 1));
        }
    }

    void run(BooleanSupplier goesOn) {
        long begin = System.nanoTime();
        try (Kernels k = new SimdKernels(new Workers(1))) {
            for (int n = 0; n < ROUNDS && goesOn.getAsBoolean(); n++) {
                if (System.nanoTime() - begin > LONGEST_NANOS) return;
                products(k, n);
                if (n % 4 == 0) attention(k, starts, 2);
                rows(k, n % 2 == 0);
                values(k, n % 2 == 0);
                if (n % 8 == 0) tanh(k);
                if (n % 128 == 31) rarely();
                if (n % 512 == 511) attention(k, longStarts, 1);
            }
        }
    }

    private void products(Kernels k, int n) {
        int m = HEIGHTS[n % HEIGHTS.length];
        boolean add = n % 2 == 0;
        k.matmulNT(m, WIDTH, WIDTH, x[0], x[1], x[2], x[3], add);
        k.matmulNN(m, WIDTH, WIDTH, x[0], x[1], x[3], add);
        k.matmulTN(m, WIDTH, WIDTH, x[0], x[1], x[3], add);
    }

    /// What calls of few values never come to: several blocks and threads, ends of rows that fill no vector,
    /// narrow tiles, the end of an array, memory that has to grow. C2 leaves out a branch that has not been
    /// taken, and throws the whole code away when a step takes it: MiniLM's first steps then computed some
    /// kernels, AdamW and the norm of the gradients among them, uncompiled for another 0.7 s.
    private void rarely() {
        try (Kernels k = new SimdKernels(new Workers(2))) {
            k.matmulNT(TALL, ODD, WIDTH / 2 + 1, x[0], x[1], x[2], x[3], false);
            k.matmulTN(3 * TALL, FEW, FEW, last(x[0], 3 * TALL * FEW), last(x[1], FEW * FEW), x[3], true);
            k.matmulNN(FEW, FEW, ODD, last(x[0], FEW * ODD), last(x[1], ODD * FEW), x[3], true);
            k.add(MANY, x[0], x[1], x[4]);
            k.copy(MANY, x[0], x[4], true);
            k.sumRows(x[0].length / WIDTH, WIDTH, x[0], x[4], true);
            k.sumRows(FEW, FEW, x[0], x[4], true);
            k.sumGroups(1, WIDTH, x[1], new int[] {0, FEW}, new int[FEW], x[4], true);
            k.sumOfSquares(new ArrayList<>(List.of(x[1], last(x[1], FEW))));
            k.adamWRows(rowOf.length, WIDTH, x[8], x[2], rowOf, x[6], x[7], step);
        }
    }

    /// The n values that an array ends with.
    private static Floats last(Floats x, int n) {
        return x.slice(x.length - n, n);
    }

    private void attention(Kernels k, int[] starts, int sequences) {
        k.attention(1, WIDTH, starts, sequences, x[0], x[1], x[2], dropout, x[3], x[4]);
        k.attentionBackward(1, WIDTH, starts, sequences, x[0], x[1], x[2], dropout, x[3], x[4], x[1], x[5], x[6], x[7]);
    }

    private void rows(Kernels k, boolean add) {
        k.layerNorm(2, 2 * WIDTH, x[0], add ? dropout : Dropout.NONE, x[1], x[2], x[0], 1e-5f, x[4], x[5], x[6], x[7]);
        k.layerNormBackward(2, 2 * WIDTH, x[4], x[2], x[6], x[7], x[1], x[3], add, x[5], x[8], add);
        k.sumRows(9, WIDTH, x[1], x[4], add);
        k.gather(2, WIDTH, x[1], ids, x[4], true);
        k.sumGroups(2, WIDTH, x[1], groups, ids, x[4], add);
    }

    private void values(Kernels k, boolean add) {
        k.activation(Activation.GELU, WIDTH, x[1], x[4]);
        k.activationBackward(Activation.GELU, WIDTH, x[1], x[4], x[2], x[5], add);
        k.dropout(WIDTH, x[1], dropout, x[4], false);
        k.add(ODD, x[0], x[1], x[4]);
        k.copy(ODD, x[0], x[4], true);
        k.scale(ODD, 0.5f, x[1], x[4], add);
        k.sumOfSquares(WIDTH + ODD, x[1]);
        k.adamW(ODD, x[8], add ? x[2] : null, x[6], x[7], step);
    }

    /// Rarely, as in a training: C2 would put a tanh as frequent as GELU beside it into one compilation, reach
    /// its limit of nodes there and allocate GELU's vectors for good.
    private void tanh(Kernels k) {
        k.activation(Activation.TANH, 16 * WIDTH, x[1], x[4]);
        k.activationBackward(Activation.TANH, 16 * WIDTH, x[1], x[4], x[2], x[5], true);
    }
}
