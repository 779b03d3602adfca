package dev.merapi.bench;

import dev.merapi.engine.Limits;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Workers;
import dev.merapi.engine.simd.SimdKernels;
import java.util.Arrays;
import java.util.Random;

/// Attention of BERT-base and of MiniLM, a layer: microseconds, and the share of the machine's peak if nothing
/// but its products counted: 4·ΣT²·C operations forward, 10·ΣT²·C backward. Arguments: thread counts, 1 and 2
/// unless given.
///
/// Every figure is the best of half a second of runs: on a machine that others use too, the best is what the
/// code can do.
final class AttentionTable {
    /// Lengths as batches of real texts have them: 333, 744 and 610 tokens.
    private static final Case[] CASES = {
        new Case("BERT-base 8×512", 12, 768, 0, repeat(8, 512)),
        new Case("BERT-base 16×128", 12, 768, 0, repeat(16, 128)),
        new Case("BERT-base 16×128, dropout", 12, 768, 0.1f, repeat(16, 128)),
        new Case("BERT-base 1×128", 12, 768, 0, repeat(1, 128)),
        new Case("MiniLM 1×32", 12, 384, 0, repeat(1, 32)),
        new Case("MiniLM 16 emotions, dropout", 12, 384, 0.1f, spread(16, 8, 34)),
        new Case("MiniLM 32 tweets, dropout", 12, 384, 0.1f, spread(32, 10, 37)),
        new Case("MiniLM 12 reviews, dropout", 12, 384, 0.1f, new int[] {12, 15, 18, 22, 26, 30, 35, 40, 48, 58, 76, 230
        }),
        new Case("MiniLM 16 emotions", 12, 384, 0, spread(16, 8, 34)),
    };

    private AttentionTable() {}

    static void main(String[] arguments) {
        double peak = 1e-3 * Limits.measure(1).operations(); // in operations a millisecond
        System.out.printf("peak of one core %.0f GFLOP/s%n", 1e-6 * peak);
        int[] threads = arguments.length == 0
                ? new int[] {1, 2}
                : Arrays.stream(arguments).mapToInt(Integer::parseInt).toArray();
        for (int count : threads) {
            try (Kernels kernels = new SimdKernels(new Workers(count))) {
                System.out.printf(
                        "%n%s, %d threads%n%30s %20s %20s%n", kernels.name(), count, "", "forward", "backward");
                CASES[1].row(kernels, peak * count); // not compiled yet: read from the next row on
                for (Case each : CASES) each.row(kernels, peak * count);
            }
        }
    }

    private static int[] repeat(int sequences, int length) {
        int[] lengths = new int[sequences];
        Arrays.fill(lengths, length);
        return lengths;
    }

    /// Evenly spread from `shortest` to `longest`, in no order.
    private static int[] spread(int sequences, int shortest, int longest) {
        int[] lengths = new int[sequences];
        for (int s = 0; s < sequences; s++)
            lengths[s] = shortest + (longest - shortest) * (s * 5 % sequences) / (sequences - 1);
        return lengths;
    }

    private record Case(String name, int heads, int channels, float p, int[] lengths) {
        void row(Kernels kernels, double peak) {
            int[] starts = new int[lengths.length + 1];
            double squares = 0;
            for (int s = 0; s < lengths.length; s++) {
                starts[s + 1] = starts[s] + lengths[s];
                squares += (double) lengths[s] * lengths[s];
            }
            int sequences = lengths.length, tokens = starts[sequences];
            Floats[] x = new Floats[8];
            for (int i = 0; i < x.length; i++) x[i] = random(tokens * channels, i);
            Floats logSumExp = Floats.allocate(heads * tokens);
            var dropout = new Dropout(p, 1, 1, 1);
            double forward = best(() ->
                    kernels.attention(heads, channels, starts, sequences, x[0], x[1], x[2], dropout, x[3], logSumExp));
            double backward = best(() -> kernels.attentionBackward(
                    heads, channels, starts, sequences, x[0], x[1], x[2], dropout, x[3], logSumExp, x[4], x[5], x[6],
                    x[7]));
            double work = squares * channels / peak; // in milliseconds
            System.out.printf(
                    "%30s %11.0f µs (%2.0f %%) %11.0f µs (%2.0f %%)%n",
                    name, 1e3 * forward, 400 * work / forward, 1e3 * backward, 1000 * work / backward);
        }
    }

    /// Milliseconds of the fastest of many runs.
    private static double best(Runnable task) {
        long best = Long.MAX_VALUE;
        for (long end = System.nanoTime() + 500_000_000; System.nanoTime() < end; ) {
            long start = System.nanoTime();
            task.run();
            best = Math.min(best, System.nanoTime() - start);
        }
        return 1e-6 * best;
    }

    private static Floats random(int size, int seed) {
        var random = new Random(seed);
        Floats x = Floats.allocate(size);
        for (int i = 0; i < size; i++) x.set(i, random.nextFloat(-1, 1));
        return x;
    }
}
