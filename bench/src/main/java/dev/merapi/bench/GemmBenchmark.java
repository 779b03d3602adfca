package dev.merapi.bench;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Halves;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.NarrowMatrix;
import dev.merapi.engine.kernel.PackedMatrix;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.ScalarKernels;
import dev.merapi.engine.kernel.Workers;
import dev.merapi.engine.simd.Peak;
import dev.merapi.engine.simd.SimdKernels;
import java.util.Arrays;
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

/// The matrix products of a linear layer: forward packed and not, dX, dW; `peak` runs as many multiply-adds on
/// registers, on one core. `-prof gc` must show no array: a product allocates a few small objects.
///
/// Narrower vectors: `-jvmArgsAppend -XX:UseAVX=2` (256 bits), `-jvmArgsAppend -XX:MaxVectorSize=16` (128); no
/// vectors: `-p kernels=scalar`.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-XX:+UseTransparentHugePages"})
public class GemmBenchmark {
    /// Tokens: of one word, a sentence, a long sentence, a long text, a batch.
    @Param({"1", "32", "128", "512", "2048"})
    public int rows;

    /// outputs × inputs: of BERT-base and DeBERTa-v3-base, then of MiniLM
    @Param({"768x768", "3072x768", "768x3072", "384x384", "1536x384", "384x1536"})
    public String layer;

    @Param({"1", "2"})
    public int threads;

    @Param({"simd"})
    public String kernels;

    private int m, n, k;
    private Floats x, w, bias, y, dx, dw;
    private PackedMatrix packed;
    private NarrowMatrix bfloat16, float16;
    private Kernels used;

    @Setup
    public void allocate() {
        int[] sizes =
                Arrays.stream(layer.split("x")).mapToInt(Integer::parseInt).toArray();
        m = rows;
        n = sizes[0];
        k = sizes[1];
        x = Floats.allocate(m * k);
        w = Floats.allocate(n * k);
        bias = Floats.allocate(n);
        y = Floats.allocate(m * n);
        dx = Floats.allocate(m * k);
        dw = Floats.allocate(n * k);
        Arrays.fill(x.array, 0.5f);
        Arrays.fill(w.array, 0.25f);
        used = kernels.equals("scalar") ? new ScalarKernels() : new SimdKernels(new Workers(threads));
        packed = new PackedMatrix(n, k, Floats.allocate(used.packedSize(n, k)));
        used.pack(w, packed);
        bfloat16 = narrow(Precision.BF16);
        float16 = narrow(Precision.FP16);
    }

    private NarrowMatrix narrow(Precision precision) {
        var matrix = new NarrowMatrix(n, k, Halves.allocate(precision, used.narrowSize(n, k)));
        used.pack(w, 0, matrix);
        return matrix;
    }

    @TearDown
    public void close() {
        used.close();
    }

    @Benchmark
    public float peak() {
        long operations = 2L * m * n * k;
        return Peak.chains((int) (operations / Peak.operations(1)));
    }

    @Benchmark
    public Floats forwardPacked() {
        used.matmulPacked(m, x, packed, bias, y);
        return y;
    }

    @Benchmark
    public Floats forwardBfloat16() {
        used.matmulPacked(m, x, bfloat16, bias, y);
        return y;
    }

    @Benchmark
    public Floats forwardFloat16() {
        used.matmulPacked(m, x, float16, bias, y);
        return y;
    }

    @Benchmark
    public Floats forward() {
        used.matmulNT(m, n, k, x, w, bias, y, false);
        return y;
    }

    @Benchmark
    public Floats inputGradient() {
        used.matmulNN(m, k, n, y, w, dx, false);
        return dx;
    }

    @Benchmark
    public Floats weightGradient() {
        used.matmulTN(n, k, m, y, x, dw, true);
        return dw;
    }
}
