package dev.merapi.cli;

import com.sun.management.ThreadMXBean;
import dev.merapi.engine.Scope;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.optim.AdamW;
import dev.merapi.nn.optim.Gradients;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// A model's inference and training on sequences of one length, to be timed. What the tokens are does not
/// matter.
final class BenchModel {
    private final SequenceClassifier model;
    private AdamW optimizer; // made with the first training step, for its memory
    private int steps;

    BenchModel(SequenceClassifier model) {
        this.model = model;
    }

    /// Something that can be done again and again.
    @FunctionalInterface
    interface Repeatable {
        void run();

        /// Seconds of each time, after half of `seconds` that do not count, for `seconds` and three times at
        /// least.
        default double[] times(double seconds) {
            List<Double> times = new ArrayList<>();
            long begin = System.nanoTime();
            do {
                long start = System.nanoTime();
                run();
                times.add(seconds(start));
            } while (seconds(begin) < seconds);
            return times.stream().mapToDouble(Double::doubleValue).toArray();
        }

        /// Bytes that one time takes from the heap, on all threads: the least of five, when all memory is there
        /// already.
        default long allocatedBytes() {
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long least = Long.MAX_VALUE;
            for (int i = 0; i < 5; i++) {
                long before = threads.getTotalThreadAllocatedBytes();
                run();
                least = Math.min(least, threads.getTotalThreadAllocatedBytes() - before);
            }
            return least;
        }

        /// Seconds of one time: the median, after a warm-up.
        default double measure(double seconds) {
            times(seconds / 2);
            return median(times(seconds));
        }
    }

    static double median(double[] times) {
        double[] sorted = times.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) * 1e-9;
    }

    /// The encoder's last hidden states.
    Repeatable forward(int count, int length) {
        Sequences batch = batch(count, length);
        return () -> {
            try (Scope _ = Scope.inference()) {
                model.encoder().forward(batch, Pass.INFERENCE);
            }
            finish();
        };
    }

    /// A whole step: forward with dropout, loss, backward, clipping, AdamW.
    Repeatable training(int count, int length) {
        Sequences batch = batch(count, length);
        int[] labels = new int[count];
        for (int b = 0; b < count; b++) labels[b] = b % model.labels().size();
        return () -> {
            if (optimizer == null) optimizer = AdamW.of(model.parameters());
            try (Scope _ = Scope.open()) {
                CrossEntropy.of()
                        .of(model.forward(batch, Pass.training(1, steps++)), labels)
                        .backward();
            }
            optimizer.step(1e-6, Gradients.clipScale(Gradients.norm(model.parameters()), 1));
            finish();
        };
    }

    /// A device may still have to do what it was asked for.
    private void finish() {
        model.parameters().getFirst().tensor().device().kernels().finish();
    }

    private Sequences batch(int count, int length) {
        if (length > model.config().maxLength())
            throw new UsageException("--length: expected at most "
                    + model.config().maxLength() + ", what the model can read, got " + length);
        int vocabulary = model.config().vocabularySize();
        int[] ids = new SplittableRandom(1)
                .ints((long) count * length, 0, vocabulary)
                .toArray();
        int[] starts = new int[count + 1];
        for (int b = 1; b <= count; b++) starts[b] = b * length;
        return new Sequences(ids, new int[ids.length], starts);
    }
}
