package dev.merapi.bench;

import com.sun.management.ThreadMXBean;
import dev.merapi.engine.Device;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.optim.AdamW;
import dev.merapi.nn.optim.Gradients;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import javax.management.JMException;
import javax.management.ObjectName;

/// What a training step allocates once it runs steadily: bytes on all threads, and objects by class, arrays
/// first. Arguments: model folder; sequences, 4 without it; tokens of each, 64; steps before the count, 150.
///
/// The heap's histograms before and after some steps, nothing being collected between them, are compared;
/// what a histogram itself allocates is known from two with nothing between them and taken off.
///
///     java --add-modules jdk.incubator.vector -Xmx4g -Xmn2g -cp … dev.merapi.bench.StepAllocation
/// MODELS/all-MiniLM-L6-v2
final class StepAllocation {
    private static final int STEPS = 10;

    private final SequenceClassifier model;
    private final AdamW optimizer;
    private final Sequences batch;
    private final int[] labels;
    private int steps;

    private StepAllocation(SequenceClassifier model, int sequences, int tokens) {
        this.model = model;
        this.optimizer = AdamW.of(model.parameters());
        int[] ids = new SplittableRandom(1)
                .ints((long) sequences * tokens, 0, model.config().vocabularySize())
                .toArray();
        int[] starts = new int[sequences + 1];
        for (int b = 1; b <= sequences; b++) starts[b] = b * tokens;
        this.batch = new Sequences(ids, new int[ids.length], starts);
        this.labels = new int[sequences];
    }

    static void main(String[] arguments) throws JMException {
        int sequences = argument(arguments, 1, 4), tokens = argument(arguments, 2, 64);
        try (Device device = Device.best().warmUp()) {
            var steps = new StepAllocation(
                    SequenceClassifier.fromPretrained(
                            Path.of(arguments[0]), LoadOptions.labels("a", "b").device(device)),
                    sequences,
                    tokens);
            steps.run(argument(arguments, 3, 150));
            System.gc();
            steps.report();
        }
    }

    private static int argument(String[] arguments, int i, int otherwise) {
        return arguments.length > i ? Integer.parseInt(arguments[i]) : otherwise;
    }

    private void run(int count) {
        for (int i = 0; i < count; i++) {
            try (Scope _ = Scope.open()) {
                Tensor loss = CrossEntropy.of().of(model.forward(batch, Pass.training(1, steps++)), labels);
                loss.backward();
            }
            optimizer.step(1e-6, Gradients.clipScale(Gradients.norm(model.parameters()), 1));
        }
    }

    private void report() throws JMException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getTotalThreadAllocatedBytes();
        run(STEPS);
        long bytes = (threads.getTotalThreadAllocatedBytes() - before) / STEPS;
        Map<String, Count> first = histogram(), second = histogram();
        run(STEPS);
        Map<String, Count> third = histogram();
        System.out.printf("%,d bytes a step, on all threads%n%n%12s %12s  %s%n", bytes, "objects", "bytes", "class");
        third.entrySet().stream()
                .map(e -> Map.entry(e.getKey(), e.getValue().since(first.get(e.getKey()), second.get(e.getKey()))))
                .filter(e -> e.getValue().objects >= STEPS)
                .sorted(Comparator.comparing(
                                (Map.Entry<String, Count> e) -> !e.getKey().startsWith("["))
                        .thenComparing(e -> -e.getValue().bytes))
                .forEach(e -> System.out.printf(
                        "%12.1f %12.0f  %s%n",
                        (double) e.getValue().objects / STEPS, (double) e.getValue().bytes / STEPS, e.getKey()));
    }

    /// Objects of a class on the heap, reachable or not.
    private record Count(long objects, long bytes) {
        private static final Count NONE = new Count(0, 0);

        /// Those that have come since a histogram, less what came between it and the one before.
        Count since(Count first, Count second) {
            Count a = first == null ? NONE : first, b = second == null ? NONE : second;
            return new Count(objects - b.objects - (b.objects - a.objects), bytes - b.bytes - (b.bytes - a.bytes));
        }
    }

    /// `jcmd PID GC.class_histogram -all`, of this process: lines of number, objects, bytes, class.
    private static Map<String, Count> histogram() throws JMException {
        String text = (String) ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcClassHistogram",
                        new Object[] {new String[] {"-all"}},
                        new String[] {String[].class.getName()});
        Map<String, Count> counts = new HashMap<>();
        for (String line : text.lines().toList()) {
            List<String> words = List.of(line.strip().split("\\s+"));
            if (words.size() < 4 || !words.getFirst().matches("\\d+:")) continue;
            counts.merge(
                    words.get(3),
                    new Count(Long.parseLong(words.get(1)), Long.parseLong(words.get(2))),
                    (a, b) -> new Count(a.objects + b.objects, a.bytes + b.bytes));
        }
        return counts;
    }
}
