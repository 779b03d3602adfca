package dev.merapi.engine.cuda;

import dev.merapi.engine.cuda.CudaAttention.Tables;
import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.HeadSteps;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.LossScale;
import dev.merapi.engine.kernel.Memory;
import dev.merapi.engine.kernel.PackedMatrix;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.RelativeBias;
import dev.merapi.engine.kernel.RelativePositions;
import java.util.List;

/// The kernels of `src/main/cuda` on one GPU. Every method asks for its launches and returns; they run in
/// order.
///
/// Results do not depend on the device's size: the grids are cut by the problem, no kernel uses an atomic
/// operation, and two runs give the same bits.
public final class CudaKernels implements Kernels {
    private static final int CHUNK = 256; // rows that one block sums, unless there are more blocks than a grid has
    private static final int VALUES = 1 << 14; // values that one block sums

    private final Cuda cuda;
    private final CudaMatmul matmul;
    private final CudaProducts products;
    private final CudaAttention attention;
    private final CudaTensorAttention tensorAttention;

    CudaKernels(Driver driver, boolean checked) {
        this(driver, checked, 256L << 20);
    }

    /// @param checked whether memory is looked at before and after its use, see [CudaMemory]
    /// @param most    bytes of the partial gradients of a table of positions at once
    CudaKernels(Driver driver, boolean checked, long most) {
        cuda = Cuda.on(driver, checked);
        matmul = new CudaMatmul(driver.multiprocessors());
        products = new CudaProducts(driver);
        attention = new CudaAttention(most);
        tensorAttention = new CudaTensorAttention(driver.sharedBytes(), most);
    }

    /// The kernels on the first GPU of this machine. JCuda and the jar of the PTX belong on the class path,
    /// also where the engine is a module: JCuda looks for its libraries in its own module only, but they are in
    /// another jar.
    ///
    /// @throws CudaException if there is none, with the reason
    public static CudaKernels open() {
        Modules.check();
        Class<?> here = CudaKernels.class;
        here.getModule().addReads(here.getClassLoader().getUnnamedModule());
        try {
            return new CudaKernels(JCudaBinding.open(), assertionsAreOn());
        } catch (NoClassDefFoundError e) {
            throw new CudaException(
                    "cuda: JCuda is missing; put jcuda and jcuda-natives 12.6.0 (org.jcuda) on the class path", e);
        }
    }

    private static boolean assertionsAreOn() {
        boolean on = false;
        assert on = true;
        return on;
    }

    /// How many kernels were launched so far, and how.
    public Launches launches() {
        return cuda.graphs().count();
    }

    /// @param asked  launches
    /// @param alone  of them without a graph
    /// @param graphs that ran for the others
    public record Launches(long asked, long alone, long graphs) {}

    @Override
    public String name() {
        Driver driver = cuda.driver();
        return "cuda, " + driver.device() + " (sm_" + driver.capability() + ", " + (driver.totalBytes() >> 30) + " GB)";
    }

    /// The host's: one asks for the launches.
    @Override
    public int threads() {
        return 1;
    }

    @Override
    public Memory memory() {
        return cuda.memory();
    }

    @Override
    public boolean runBehind() {
        return true;
    }

    @Override
    public void finish() {
        cuda.graphs().synchronize();
    }

    @Override
    public void close() {
        Closing.all(cuda.memory()::close, cuda.graphs()::close, cuda.driver()::close);
    }

    Call call() {
        return new Call(cuda);
    }

    // ── Matrix products ──────────────────────────────────────────────────────────────────────────

    @Override
    public void matmulNT(int m, int n, int k, Floats a, Floats b, Floats bias, Floats c, boolean accumulate) {
        try (Call call = call()) {
            matmul.run(call, "nt", m, n, k, a, b, bias, c, null, accumulate);
        }
    }

    @Override
    public void matmulNN(int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        try (Call call = call()) {
            matmul.run(call, "nn", m, n, k, a, b, null, c, null, accumulate);
        }
    }

    @Override
    public void matmulTN(int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        try (Call call = call()) {
            matmul.run(call, "tn", m, n, k, a, b, null, c, null, accumulate);
        }
    }

    /// GELU, of which all models have one in each layer.
    @Override
    public boolean fuses(Activation f) {
        return f == Activation.GELU;
    }

    @Override
    public void matmulNT(int m, int n, int k, Floats a, Floats b, Floats bias, Activation f, Floats c, Floats y) {
        requireFused(f);
        try (Call call = call()) {
            matmul.run(call, "nt", m, n, k, a, b, bias, c, y, false);
        }
    }

    private void requireFused(Activation f) {
        if (!fuses(f)) throw new IllegalArgumentException("matmulNT: products do not end in " + f + ", only in GELU");
    }

    @Override
    public boolean packs() {
        return false;
    }

    @Override
    public int packedSize(int outputs, int inputs) {
        return Math.multiplyExact(outputs, inputs);
    }

    /// The kernels read a weight as it lies: a packed one is a copy.
    @Override
    public void pack(Floats w, PackedMatrix packed) {
        copy(packedSize(packed.outputs(), packed.inputs()), w, packed.panels(), false);
    }

    @Override
    public void matmulPacked(int m, Floats a, PackedMatrix w, Floats bias, Floats c) {
        matmulNT(m, w.outputs(), w.inputs(), a, w.panels(), bias, c, false);
    }

    // ── Matrix products of low precision ─────────────────────────────────────────────────────────

    @Override
    public int loweredSize(Precision precision, int rows, int cols) {
        return products.size(precision, rows, cols);
    }

    @Override
    public void lower(Precision precision, int rows, int cols, Floats x, Floats out) {
        try (Call call = call()) {
            products.lower(call, precision, rows, cols, x, out);
        }
    }

    @Override
    public void matmulNT(Precision precision, int m, int n, int k, Floats a, Floats b, Floats bias, Floats c) {
        try (Call call = call()) {
            products.run(call, precision, "nt", m, n, k, a, b, bias, c, null, false);
        }
    }

    @Override
    public void matmulNT(
            Precision precision,
            int m,
            int n,
            int k,
            Floats a,
            Floats b,
            Floats bias,
            Activation f,
            Floats c,
            Floats y) {
        requireFused(f);
        try (Call call = call()) {
            products.run(call, precision, "nt", m, n, k, a, b, bias, c, y, false);
        }
    }

    @Override
    public void matmulNN(Precision precision, int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        try (Call call = call()) {
            products.run(call, precision, "nn", m, n, k, a, b, null, c, null, accumulate);
        }
    }

    @Override
    public void matmulTN(Precision precision, int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        try (Call call = call()) {
            products.run(call, precision, "tn", m, n, k, a, b, null, c, null, accumulate);
        }
    }

    @Override
    public void sumRows(Precision precision, int rows, int cols, Floats x, Floats out, boolean accumulate) {
        try (Call call = call()) {
            int chunks = chunks(rows);
            long from = call.in(x), parts = call.scratch(4L * chunks * cols), to = call.out(out, accumulate);
            var grid = Driver.Grid.of(warps(cols), chunks);
            call.run("lower", products.sum(precision), grid, precision.ordinal(), rows, cols, chunk(rows), from, parts);
            CudaProducts.add(call, precision, chunks, cols, parts, to, accumulate);
        }
    }

    // ── Elementwise ──────────────────────────────────────────────────────────────────────────────

    @Override
    public void fill(int n, float value, Floats out) {
        try (Call call = call()) {
            call.run("elementwise", "fill", Driver.Grid.strides(n), n, value, call.out(out));
        }
    }

    @Override
    public void copy(int n, Floats x, Floats out, boolean accumulate) {
        try (Call call = call()) {
            long from = call.in(x);
            call.run("elementwise", "copy", Driver.Grid.strides(n), n, from, call.out(out, accumulate), accumulate);
        }
    }

    @Override
    public void add(int n, Floats x, Floats y, Floats out) {
        try (Call call = call()) {
            long left = call.in(x), right = call.in(y);
            call.run("elementwise", "add", Driver.Grid.strides(n), n, left, right, call.out(out));
        }
    }

    @Override
    public void multiply(int n, Floats x, Floats y, Floats out, boolean accumulate) {
        try (Call call = call()) {
            long left = call.in(x), right = call.in(y), to = call.out(out, accumulate);
            call.run("elementwise", "multiply", Driver.Grid.strides(n), n, left, right, to, accumulate);
        }
    }

    @Override
    public void scale(int n, float a, Floats x, Floats out, boolean accumulate) {
        try (Call call = call()) {
            long from = call.in(x), to = call.out(out, accumulate);
            call.run("elementwise", "scale", Driver.Grid.strides(n), n, a, from, to, accumulate);
        }
    }

    @Override
    public void scale(int n, Floats a, Floats x, Floats out, boolean accumulate) {
        try (Call call = call()) {
            long factor = call.in(a), from = call.in(x), to = call.out(out, accumulate);
            call.run("elementwise", "scale_by", Driver.Grid.strides(n), n, factor, from, to, accumulate);
        }
    }

    @Override
    public void round(Precision precision, int n, Floats x, Floats out, boolean accumulate) {
        try (Call call = call()) {
            long from = call.in(x), to = call.out(out, accumulate);
            var grid = Driver.Grid.strides(n);
            call.run("elementwise", "round_to", grid, precision.ordinal(), n, from, to, accumulate);
        }
    }

    @Override
    public void activation(Activation f, int n, Floats x, Floats y) {
        try (Call call = call()) {
            long from = call.in(x);
            call.run("activation", "activation", Driver.Grid.strides(n), f.ordinal(), n, from, call.out(y));
        }
    }

    @Override
    public void activationBackward(Activation f, int n, Floats x, Floats y, Floats dy, Floats dx, boolean accumulate) {
        try (Call call = call()) {
            long in = call.in(x), out = call.in(y), dout = call.in(dy), to = call.out(dx, accumulate);
            var grid = Driver.Grid.strides(n);
            call.run("activation", "activation_backward", grid, f.ordinal(), n, in, out, dout, to, accumulate);
        }
    }

    @Override
    public void dropout(int n, Floats x, Dropout dropout, Floats out, boolean accumulate) {
        try (Call call = call()) {
            long from = call.in(x), to = call.out(out, accumulate);
            var grid = Driver.Grid.strides(Driver.Grid.ceiling(n, 4));
            call.run("elementwise", "dropout", grid, n, from, dropout, to, accumulate);
        }
    }

    @Override
    public void sumRows(int rows, int cols, Floats x, Floats out, boolean accumulate) {
        try (Call call = call()) {
            sumRows(call, rows, cols, call.in(x), call.out(out, accumulate), accumulate);
        }
    }

    static void sumRows(Call call, int rows, int cols, long from, long to, boolean accumulate) {
        int chunks = chunks(rows);
        long parts = call.scratch(4L * chunks * cols);
        call.run("reduce", "sum_rows", Driver.Grid.of(warps(cols), chunks), rows, cols, chunk(rows), from, parts);
        call.run("reduce", "sum_parts", Driver.Grid.strides(cols), chunks, cols, parts, to, accumulate);
    }

    private static int chunk(int rows) {
        return (int) Math.max(CHUNK, Driver.Grid.ceiling(rows, 65_535));
    }

    private static int chunks(int rows) {
        return (int) Driver.Grid.ceiling(rows, chunk(rows));
    }

    /// Blocks whose warps lie along the columns.
    private static int warps(int cols) {
        return (int) Driver.Grid.ceiling(cols, 32);
    }

    // ── Gather ───────────────────────────────────────────────────────────────────────────────────

    @Override
    public void gather(int rows, int cols, Floats table, int[] ids, Floats out, boolean accumulate) {
        try (Call call = call()) {
            long from = call.in(table), which = call.ints(ids, rows), to = call.out(out, accumulate);
            var grid = Driver.Grid.strides((long) rows * cols);
            call.run("gather", "gather", grid, rows, cols, from, which, to, accumulate);
        }
    }

    @Override
    public void addRows(int count, int cols, Floats x, int[] rows, Floats table) {
        try (Call call = call()) {
            long from = call.in(x), which = call.ints(rows, count), to = call.out(table, true);
            call.run("gather", "add_rows", Driver.Grid.strides((long) count * cols), count, cols, from, which, to);
        }
    }

    @Override
    public void sumGroups(int count, int cols, Floats x, int[] groups, int[] order, Floats out, boolean accumulate) {
        if (count == 0) return;
        try (Call call = call()) {
            long from = call.in(x), bounds = call.ints(groups, count + 1), rows = call.ints(order, groups[count]);
            long to = call.out(out, accumulate);
            call.run(
                    "gather",
                    "sum_groups",
                    Driver.Grid.of(count, warps(cols)),
                    cols,
                    from,
                    bounds,
                    rows,
                    to,
                    accumulate);
        }
    }

    // ── Layer normalization ──────────────────────────────────────────────────────────────────────

    @Override
    public void layerNorm(
            int rows,
            int cols,
            Floats x,
            Dropout dropout,
            Floats residual,
            Floats gamma,
            Floats beta,
            float eps,
            Floats sum,
            Floats y,
            Floats mean,
            Floats rstd) {
        try (Call call = call()) {
            long from = call.in(x), added = call.in(residual), g = call.in(gamma), b = call.in(beta);
            long to = call.out(sum), normal = call.out(y), mu = call.out(mean), r = call.out(rstd);
            call.run(
                    "norm",
                    "layer_norm",
                    Driver.Grid.of(rows).shared(4 * cols),
                    cols,
                    from,
                    dropout,
                    added,
                    g,
                    b,
                    eps,
                    to,
                    normal,
                    mu,
                    r);
        }
    }

    @Override
    public void layerNormBackward(
            int rows,
            int cols,
            Floats sum,
            Floats gamma,
            Floats mean,
            Floats rstd,
            Floats dy,
            Floats ds,
            boolean accumulate,
            Floats dgamma,
            Floats dbeta,
            boolean accumulateParameters) {
        try (Call call = call()) {
            long s = call.in(sum), g = call.in(gamma), mu = call.in(mean), r = call.in(rstd), d = call.in(dy);
            if (dgamma != null || dbeta != null) {
                int chunks = chunks(rows);
                long gammas = call.scratch(4L * chunks * cols), betas = call.scratch(4L * chunks * cols);
                var grid = Driver.Grid.of(warps(cols), chunks);
                call.run("norm", "layer_norm_parameters", grid, rows, cols, chunk(rows), s, mu, r, d, gammas, betas);
                if (dgamma != null) addParts(call, chunks, cols, gammas, dgamma, accumulateParameters);
                if (dbeta != null) addParts(call, chunks, cols, betas, dbeta, accumulateParameters);
            }
            long to = call.out(ds, accumulate);
            call.run("norm", "layer_norm_backward", Driver.Grid.of(rows), cols, s, g, mu, r, d, to, accumulate);
        }
    }

    private static void addParts(Call call, int chunks, int cols, long parts, Floats out, boolean accumulate) {
        long to = call.out(out, accumulate);
        call.run("reduce", "sum_parts", Driver.Grid.strides(cols), chunks, cols, parts, to, accumulate);
    }

    // ── Attention ────────────────────────────────────────────────────────────────────────────────

    @Override
    public void attention(
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
        var sizes = AttentionSizes.of(heads, channels, starts, sequences, null);
        try (Call call = call()) {
            attention.forward(
                    call,
                    sizes,
                    AttentionSizes.plainScale(channels / heads),
                    q,
                    k,
                    v,
                    null,
                    dropout,
                    context,
                    logSumExp);
        }
    }

    @Override
    public void attentionBackward(
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
        var sizes = AttentionSizes.of(heads, channels, starts, sequences, null);
        try (Call call = call()) {
            var saved = new CudaAttention.Saved(dropout, context, logSumExp, dcontext);
            attention.backward(
                    call,
                    sizes,
                    AttentionSizes.plainScale(channels / heads),
                    q,
                    k,
                    v,
                    null,
                    saved,
                    dq,
                    dk,
                    dv,
                    Tables.NONE);
        }
    }

    @Override
    public void disentangledAttention(
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            RelativePositions positions,
            float scale,
            Dropout dropout,
            Floats context,
            Floats logSumExp) {
        var sizes = AttentionSizes.of(heads, channels, starts, sequences, positions);
        try (Call call = call()) {
            attention.forward(call, sizes, scale, q, k, v, positions, dropout, context, logSumExp);
        }
    }

    @Override
    public void disentangledAttentionBackward(
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            RelativePositions positions,
            float scale,
            Dropout dropout,
            Floats context,
            Floats logSumExp,
            Floats dcontext,
            Floats dq,
            Floats dk,
            Floats dv,
            Floats dkeys,
            Floats dqueries) {
        var sizes = AttentionSizes.of(heads, channels, starts, sequences, positions);
        try (Call call = call()) {
            var saved = new CudaAttention.Saved(dropout, context, logSumExp, dcontext);
            var tables = new Tables(dkeys, dqueries, null);
            attention.backward(call, sizes, scale, q, k, v, positions, saved, dq, dk, dv, tables);
        }
    }

    @Override
    public int attentionKeeps(Precision precision, int heads, int channels, int tokens, RelativePositions positions) {
        return tensorAttention.keeps(precision, heads, channels, tokens, positions);
    }

    @Override
    public void attention(
            Precision precision,
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            RelativePositions positions,
            float scale,
            Dropout dropout,
            Floats context,
            Floats kept) {
        var problem = CudaTensorAttention.Problem.of(
                precision, heads, channels, starts, sequences, positions, scale, dropout);
        try (Call call = call()) {
            tensorAttention.forward(call, problem, q, k, v, context, kept);
        }
    }

    @Override
    public void attentionBackward(
            Precision precision,
            int heads,
            int channels,
            int[] starts,
            int sequences,
            RelativePositions positions,
            float scale,
            Dropout dropout,
            Floats context,
            Floats kept,
            Floats dcontext,
            Floats dq,
            Floats dk,
            Floats dv,
            Floats dkeys,
            Floats dqueries) {
        var problem = CudaTensorAttention.Problem.of(
                precision, heads, channels, starts, sequences, positions, scale, dropout);
        try (Call call = call()) {
            var tables = new Tables(dkeys, dqueries, null);
            tensorAttention.backward(call, problem, context, kept, dcontext, dq, dk, dv, tables);
        }
    }

    @Override
    public int biasedAttentionKeeps(Precision precision, int heads, int channels, int tokens) {
        if (precision.results() != Precision.FP32) return tensorAttention.keeps(precision, heads, channels, tokens);
        return channels / heads <= AttentionSizes.MOST_CHANNELS ? Math.multiplyExact(heads, tokens) : 0;
    }

    @Override
    public void biasedAttention(
            Precision precision,
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            RelativeBias bias,
            Dropout dropout,
            Floats context,
            Floats kept) {
        float scale = AttentionSizes.plainScale(channels / heads);
        try (Call call = call()) {
            if (precision.results() == Precision.FP32) {
                var sizes = AttentionSizes.of(heads, channels, starts, sequences, bias);
                attention.forward(call, sizes, scale, q, k, v, bias, dropout, context, kept);
            } else {
                var problem = CudaTensorAttention.Problem.of(
                        precision, heads, channels, starts, sequences, bias, scale, dropout);
                tensorAttention.forward(call, problem, q, k, v, context, kept);
            }
        }
    }

    @Override
    public void biasedAttentionBackward(
            Precision precision,
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            RelativeBias bias,
            Dropout dropout,
            Floats context,
            Floats kept,
            Floats dcontext,
            Floats dq,
            Floats dk,
            Floats dv,
            Floats dbias) {
        float scale = AttentionSizes.plainScale(channels / heads);
        var tables = new Tables(null, null, dbias);
        try (Call call = call()) {
            if (precision.results() == Precision.FP32) {
                var sizes = AttentionSizes.of(heads, channels, starts, sequences, bias);
                var saved = new CudaAttention.Saved(dropout, context, kept, dcontext);
                attention.backward(call, sizes, scale, q, k, v, bias, saved, dq, dk, dv, tables);
            } else {
                var problem = CudaTensorAttention.Problem.of(
                        precision, heads, channels, starts, sequences, bias, scale, dropout);
                tensorAttention.backward(call, problem, context, kept, dcontext, dq, dk, dv, tables);
            }
        }
    }

    @Override
    public HeadSteps headSteps(int heads, int width, int[] starts) {
        return new CudaHeadSteps(cuda, heads, width, starts);
    }

    // ── Convolution ──────────────────────────────────────────────────────────────────────────────

    @Override
    public void unfold(int groups, int channels, int taps, int[] starts, int sequences, Floats x, Floats windows) {
        try (Call call = call()) {
            long begins = call.ints(starts, sequences + 1), from = call.in(x), to = call.out(windows);
            var grid = Driver.Grid.strides((long) starts[sequences] * channels * taps);
            call.run("gather", "unfold", grid, groups, channels, taps, begins, sequences, from, to);
        }
    }

    @Override
    public void fold(
            int groups,
            int channels,
            int taps,
            int[] starts,
            int sequences,
            Floats windows,
            Floats x,
            boolean accumulate) {
        try (Call call = call()) {
            long begins = call.ints(starts, sequences + 1), from = call.in(windows), to = call.out(x, accumulate);
            var grid = Driver.Grid.strides((long) starts[sequences] * channels);
            call.run("gather", "fold", grid, groups, channels, taps, begins, sequences, from, to, accumulate);
        }
    }

    // ── Losses ───────────────────────────────────────────────────────────────────────────────────

    @Override
    public void crossEntropy(
            int rows,
            int classes,
            Floats logits,
            int[] labels,
            Floats weights,
            float smoothing,
            Floats loss,
            Floats dlogits) {
        try (Call call = call()) {
            long z = call.in(logits), which = call.ints(labels, rows), w = call.in(weights);
            long totals = call.scratch(16), losses = call.scratch(8L * rows);
            long to = call.out(loss), gradient = call.out(dlogits);
            call.run("loss", "cross_entropy_weights", Driver.Grid.of(1), rows, classes, which, w, totals);
            var grid = Driver.Grid.of(rows);
            call.run("loss", "cross_entropy", grid, classes, z, which, w, smoothing, totals, losses, gradient);
            call.run("loss", "mean_of", Driver.Grid.of(1), rows, losses, totals, 0.0, to);
        }
    }

    @Override
    public void binaryCrossEntropy(
            int rows, int classes, Floats logits, Floats targets, Floats positiveWeights, Floats loss, Floats dlogits) {
        try (Call call = call()) {
            int n = rows * classes, parts = (int) Driver.Grid.ceiling(n, VALUES);
            long z = call.in(logits), t = call.in(targets), w = call.in(positiveWeights);
            long sums = call.scratch(8L * parts), to = call.out(loss), gradient = call.out(dlogits);
            var grid = Driver.Grid.of(parts);
            call.run("loss", "binary_cross_entropy", grid, n, classes, VALUES, z, t, w, sums, gradient);
            call.run("loss", "mean_of", Driver.Grid.of(1), parts, sums, 0L, (double) n, to);
        }
    }

    // ── Optimizer ────────────────────────────────────────────────────────────────────────────────

    /// Waits for the device.
    @Override
    public double sumOfSquares(int n, Floats x) {
        return sumOfSquares(List.of(x.slice(0, n)));
    }

    /// Waits for the device, once.
    @Override
    public double sumOfSquares(List<Floats> operands) {
        try (Call call = call()) {
            return CudaOptimizer.sumOfSquares(call, operands, VALUES);
        }
    }

    @Override
    public void adamW(int n, Floats p, Floats g, Floats m, Floats v, AdamStep step) {
        adamW(List.of(new AdamUpdate(p.slice(0, n), g, m, v, step)));
    }

    @Override
    public void adamW(List<AdamUpdate> updates) {
        try (Call call = call()) {
            CudaOptimizer.adamW(call, updates, null);
        }
    }

    @Override
    public void clipScale(List<Floats> gradients, double most, Floats out) {
        try (Call call = call()) {
            CudaOptimizer.clipScale(call, gradients, VALUES, most, out);
        }
    }

    @Override
    public void clipScale(List<Floats> gradients, double most, LossScale scale, Floats out) {
        try (Call call = call()) {
            CudaOptimizer.clipScale(call, gradients, VALUES, most, scale, out);
        }
    }

    @Override
    public void adamW(List<AdamUpdate> updates, Floats clip) {
        try (Call call = call()) {
            CudaOptimizer.adamW(call, updates, clip);
        }
    }
}
