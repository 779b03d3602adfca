package dev.merapi.bench;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.ScalarKernels;
import dev.merapi.engine.kernel.Workers;
import dev.merapi.engine.simd.Peak;
import dev.merapi.engine.simd.SimdKernels;
import java.util.Random;
import java.util.concurrent.TimeUnit;
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

/// Attention of BERT-base, 12 heads of 64 channels, 2048 tokens in sequences of one length. `peak` runs the
/// forward pass's 4·N·T·C operations on registers, on one core; the backward pass has 10·N·T·C.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-XX:+UseTransparentHugePages"})
public class AttentionBenchmark {
    private static final int HEADS = 12, CHANNELS = 768, TOKENS = 2048;

    @Param({"32", "128", "512"})
    public int length;

    @Param({"0", "0.1"})
    public float p;

    @Param({"1", "2"})
    public int threads;

    /// `-p kernels=scalar` for no vectors; for narrower ones see [GemmBenchmark].
    @Param({"simd"})
    public String kernels;

    private int[] starts;
    private Dropout dropout;
    private Floats q, k, v, context, logSumExp, dcontext, dq, dk, dv;
    private Kernels used;

    @Setup
    public void allocate() {
        starts = new int[TOKENS / length + 1];
        for (int s = 0; s < starts.length; s++) starts[s] = s * length;
        dropout = new Dropout(p, 1, 1, 1);
        q = random();
        k = random();
        v = random();
        dcontext = random();
        context = random();
        dq = random();
        dk = random();
        dv = random();
        logSumExp = Floats.allocate(HEADS * TOKENS);
        used = kernels.equals("scalar") ? new ScalarKernels() : new SimdKernels(new Workers(threads));
        forward();
    }

    private static Floats random() {
        var random = new Random(1);
        Floats x = Floats.allocate(TOKENS * CHANNELS);
        for (int i = 0; i < x.length; i++) x.set(i, random.nextFloat(-1, 1));
        return x;
    }

    @TearDown
    public void close() {
        used.close();
    }

    @Benchmark
    public float peak() {
        return Peak.chains((int) (4L * TOKENS * length * CHANNELS / Peak.operations(1)));
    }

    @Benchmark
    public Floats forward() {
        used.attention(HEADS, CHANNELS, starts, starts.length - 1, q, k, v, dropout, context, logSumExp);
        return context;
    }

    @Benchmark
    public Floats backward() {
        used.attentionBackward(
                HEADS, CHANNELS, starts, starts.length - 1, q, k, v, dropout, context, logSumExp, dcontext, dq, dk, dv);
        return dq;
    }
}
