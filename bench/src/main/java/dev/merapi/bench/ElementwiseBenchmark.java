package dev.merapi.bench;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Kernels.AdamStep;
import dev.merapi.engine.kernel.Philox;
import dev.merapi.engine.kernel.ScalarKernels;
import dev.merapi.engine.kernel.Workers;
import dev.merapi.engine.simd.Peak;
import dev.merapi.engine.simd.SimdKernels;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// The kernels whose floor is memory: gigabytes a second, to be held against `copy` of the same run. Counted is
/// what a kernel has to read and write; the cache lines that a store reads first are not, for `copy` as for the
/// others.
///
/// The embeddings' gather reads rows of a table of 94 MB; their gradient adds the rows of equal ids. The masked
/// language model's cross-entropy has 128 rows of the whole vocabulary.
///
/// One activation of BERT-base with 16 × 128 tokens is `[2048, 768]`, 6 MB; `parameters` is 16 million, 64 MB.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-XX:+UseTransparentHugePages", "-Xmx2g"})
public class ElementwiseBenchmark {
    private static final int ROWS = 2048, COLS = 768, N = ROWS * COLS;
    private static final int PARAMETERS = 1 << 24, TABLE = PARAMETERS / COLS;
    private static final int VOCABULARY = 30522, MASKED = 128;
    private static final Dropout DROPOUT = new Dropout(0.1f, 1, 2, 3);

    @Param({"1", "2"})
    public int threads;

    /// `-p kernels=scalar` for no vectors; for narrower ones see [GemmBenchmark].
    @Param({"simd"})
    public String kernels;

    private Kernels used;
    private Floats x, y, z, w, gamma, beta, mean, rstd, dgamma, dbeta, p, g, m, v, table, logits, dlogits, loss;
    private int[] ids, order, groups, labels, rowOf;

    /// How much the benchmark has moved; JMH divides by time.
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Traffic {
        public double gigabytes;

        void moved(long floats) {
            gigabytes += floats * 4e-9;
        }
    }

    @Setup
    public void setup() {
        used = kernels.equals("scalar")
                ? new ScalarKernels()
                : new SimdKernels(new Workers(threads)); // a device's would begin with plain loops
        x = normal(N);
        y = normal(N);
        z = normal(N);
        w = normal(N);
        gamma = normal(COLS);
        beta = normal(COLS);
        dgamma = normal(COLS);
        dbeta = normal(COLS);
        mean = normal(ROWS);
        rstd = normal(ROWS);
        p = Floats.allocate(PARAMETERS);
        g = Floats.allocate(PARAMETERS);
        m = Floats.allocate(PARAMETERS);
        v = Floats.allocate(PARAMETERS);
        used.fill(PARAMETERS, 0.1f, g);
        table = Floats.allocate(VOCABULARY * COLS);
        logits = normal(MASKED * VOCABULARY);
        dlogits = Floats.allocate(MASKED * VOCABULARY);
        loss = Floats.allocate(1);
        var random = new SplittableRandom(1);
        ids = random.ints(ROWS, 0, VOCABULARY).toArray();
        labels = random.ints(MASKED, 0, VOCABULARY).toArray();
        order = IntStream.range(0, ROWS).toArray();
        groups = IntStream.rangeClosed(0, ROWS / 2).map(i -> 2 * i).toArray(); // every id twice
        rowOf = IntStream.range(0, TABLE)
                .map(r -> r % 10 == 0 ? r / 10 : r % 10 == 1 ? Kernels.NOT_NOW : Kernels.NEVER)
                .toArray();
    }

    private static Floats normal(int n) {
        Floats values = Floats.allocate(n);
        Philox.normal(values, 1, n, 0, 1);
        return values;
    }

    @TearDown
    public void close() {
        used.close();
    }

    @Benchmark
    public void copy(Traffic traffic) {
        used.copy(N, x, z, false);
        traffic.moved(2L * N);
    }

    @Benchmark
    public void copyParameters(Traffic traffic) {
        used.copy(PARAMETERS, p, v, false);
        traffic.moved(2L * PARAMETERS);
    }

    @Benchmark
    public void add(Traffic traffic) {
        used.add(N, x, y, z);
        traffic.moved(3L * N);
    }

    @Benchmark
    public void gelu(Traffic traffic) {
        used.activation(Activation.GELU, N, x, z);
        traffic.moved(2L * N);
    }

    @Benchmark
    public void geluBackward(Traffic traffic) {
        used.activationBackward(Activation.GELU, N, x, y, w, z, false);
        traffic.moved(3L * N);
    }

    @Benchmark
    public void dropout(Traffic traffic) {
        used.dropout(N, x, DROPOUT, z, false);
        traffic.moved(2L * N);
    }

    @Benchmark
    public float read(Traffic traffic) {
        traffic.moved(PARAMETERS);
        return Peak.read(g.array, 0, PARAMETERS); // on one core
    }

    @Benchmark
    public void embeddings(Traffic traffic) {
        used.gather(ROWS, COLS, table, ids, z, false);
        traffic.moved(2L * N);
    }

    @Benchmark
    public void embeddingsGradient(Traffic traffic) {
        used.sumGroups(ROWS / 2, COLS, x, groups, order, z, false);
        traffic.moved(N + N / 2);
    }

    @Benchmark
    public void crossEntropy(Traffic traffic) {
        used.crossEntropy(MASKED, VOCABULARY, logits, labels, null, 0f, loss, dlogits);
        traffic.moved(2L * MASKED * VOCABULARY);
    }

    @Benchmark
    public void sumRows(Traffic traffic) {
        used.sumRows(ROWS, COLS, x, dbeta, false);
        traffic.moved(N);
    }

    @Benchmark
    public void layerNorm(Traffic traffic) {
        used.layerNorm(ROWS, COLS, x, Dropout.NONE, y, gamma, beta, 1e-12f, w, z, mean, rstd);
        traffic.moved(4L * N);
    }

    @Benchmark
    public void layerNormDropout(Traffic traffic) {
        used.layerNorm(ROWS, COLS, x, DROPOUT, y, gamma, beta, 1e-12f, w, z, mean, rstd);
        traffic.moved(4L * N);
    }

    @Benchmark
    public void layerNormBackward(Traffic traffic) {
        used.layerNormBackward(ROWS, COLS, x, gamma, mean, rstd, y, z, false, dgamma, dbeta, false);
        traffic.moved(3L * N);
    }

    @Benchmark
    public double sumOfSquares(Traffic traffic) {
        traffic.moved(PARAMETERS);
        return used.sumOfSquares(PARAMETERS, g);
    }

    @Benchmark
    public void adamW(Traffic traffic) {
        used.adamW(PARAMETERS, p, g, m, v, new AdamStep(1e-4, 0.9, 0.999, 1e-8, 0.01, 0.5, 0.5, 1f));
        traffic.moved(7L * PARAMETERS);
    }

    /// A table of which this batch has used a tenth and those before it another: the other rows only decay.
    @Benchmark
    public void adamWRows(Traffic traffic) {
        used.adamWRows(TABLE, COLS, p, g, rowOf, m, v, new AdamStep(1e-4, 0.9, 0.999, 1e-8, 0.01, 0.5, 0.5, 1f));
        traffic.moved(29L * TABLE * COLS / 10);
    }
}
