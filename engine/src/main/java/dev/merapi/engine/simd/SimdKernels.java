package dev.merapi.engine.simd;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Halves;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Memory;
import dev.merapi.engine.kernel.NarrowMatrix;
import dev.merapi.engine.kernel.PackedMatrix;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.RelativePositions;
import dev.merapi.engine.kernel.ScalarKernels;
import dev.merapi.engine.kernel.Slabs;
import dev.merapi.engine.kernel.Windows;
import dev.merapi.engine.kernel.Workers;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/// The kernels over the Vector API and the threads of [Workers]. Each family has its class; here is only who
/// does what.
public final class SimdKernels implements Kernels {
    /// Classes from which on the cross-entropy runs in vectors.
    private static final int VOCABULARY = 512;

    private final Workers workers;
    private final Memory memory = new Slabs();
    private final ColdStart start;
    private final SimdMatmul matmul;
    private final SimdElementwise elementwise;
    private final SimdActivation activation;
    private final SimdGather gather;
    private final SimdLayerNorm layerNorm;
    private final SimdAttention attention;
    private final SimdDisentangledAttention disentangled;
    private final SimdOptimizer optimizer;
    private final SimdLoss loss;

    /// Where a batch has few logits double costs nothing.
    private final ScalarKernels scalar = new ScalarKernels();

    /// @param workers who works; closed with these kernels
    public SimdKernels(Workers workers) {
        this(workers, ColdStart.none());
    }

    /// For a program that has just been started: the first calls take plain loops, see [ColdStart]. No bit of a
    /// result depends on it.
    public static SimdKernels cold(Workers workers) {
        return new SimdKernels(workers, ColdStart.cold());
    }

    private SimdKernels(Workers workers, ColdStart start) {
        this.workers = workers;
        this.start = start;
        matmul = new SimdMatmul(workers, start);
        elementwise = new SimdElementwise(workers, start);
        activation = new SimdActivation(workers, start);
        gather = new SimdGather(workers, start);
        layerNorm = new SimdLayerNorm(workers, start);
        attention = new SimdAttention(workers, start);
        disentangled = new SimdDisentangledAttention(workers);
        optimizer = new SimdOptimizer(workers);
        loss = new SimdLoss(workers);
    }

    @Override
    public String name() {
        return "simd " + FloatVector.SPECIES_PREFERRED.vectorBitSize() + " bit";
    }

    /// Why this width, for people.
    public String reason() {
        return "the widest vectors of this CPU that the JVM uses, %d floats; matrix products in tiles of %d × %d, for %d registers"
                .formatted(
                        SimdMath.LANES,
                        MatmulScratch.HEIGHT,
                        MatmulScratch.WIDTH,
                        MatmulScratch.HEIGHT == 12 ? 32 : 16);
    }

    @Override
    public int threads() {
        return workers.threads();
    }

    @Override
    public Memory memory() {
        return memory;
    }

    @Override
    public void warmUp() {
        start.warmUp();
    }

    @Override
    public void close() {
        start.end();
        workers.close();
    }

    // ── Matrix products ─────────────────────────────────────────────────────────────────

    @Override
    public void matmulNT(int m, int n, int k, Floats a, Floats b, Floats bias, Floats c, boolean accumulate) {
        matmul.matmulNT(m, n, k, a, b, bias, c, accumulate);
    }

    @Override
    public void matmulNN(int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        matmul.matmulNN(m, n, k, a, b, c, accumulate);
    }

    @Override
    public void matmulTN(int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        matmul.matmulTN(m, n, k, a, b, c, accumulate);
    }

    @Override
    public int packedSize(int outputs, int inputs) {
        return matmul.packedSize(outputs, inputs);
    }

    @Override
    public void pack(Floats w, PackedMatrix packed) {
        matmul.pack(w, packed);
    }

    @Override
    public void matmulPacked(int m, Floats a, PackedMatrix w, Floats bias, Floats c) {
        matmul.matmulPacked(m, a, w, bias, c);
    }

    @Override
    public boolean holds(Precision precision) {
        return precision != Precision.TF32;
    }

    @Override
    public int narrowSize(int outputs, int inputs) {
        return matmul.packedSize(outputs, inputs);
    }

    @Override
    public void pack(Floats w, int from, NarrowMatrix packed) {
        matmul.pack(w, from, packed);
    }

    @Override
    public void matmulPacked(int m, Floats a, NarrowMatrix w, Floats bias, Floats c) {
        matmul.matmulPacked(m, a, w, bias, c);
    }

    // ── Elementwise ─────────────────────────────────────────────────────────────────────

    @Override
    public void fill(int n, float value, Floats out) {
        elementwise.fill(n, value, out);
    }

    @Override
    public void copy(int n, Floats x, Floats out, boolean accumulate) {
        elementwise.copy(n, x, out, accumulate);
    }

    @Override
    public void add(int n, Floats x, Floats y, Floats out) {
        elementwise.add(n, x, y, out);
    }

    @Override
    public void multiply(int n, Floats x, Floats y, Floats out, boolean accumulate) {
        elementwise.multiply(n, x, y, out, accumulate);
    }

    @Override
    public void scale(int n, float a, Floats x, Floats out, boolean accumulate) {
        elementwise.scale(n, a, x, out, accumulate);
    }

    @Override
    public void activation(Activation f, int n, Floats x, Floats y) {
        activation.forward(f, n, x, y);
    }

    @Override
    public void activationBackward(Activation f, int n, Floats x, Floats y, Floats dy, Floats dx, boolean accumulate) {
        activation.backward(f, n, x, y, dy, dx, accumulate);
    }

    @Override
    public void dropout(int n, Floats x, Dropout dropout, Floats out, boolean accumulate) {
        elementwise.dropout(n, x, dropout, out, accumulate);
    }

    @Override
    public void round(Precision precision, int n, Floats x, Floats out, boolean accumulate) {
        elementwise.round(precision, n, x, out, accumulate);
    }

    @Override
    public void sumRows(int rows, int cols, Floats x, Floats out, boolean accumulate) {
        elementwise.sumRows(rows, cols, x, out, accumulate);
    }

    // ── Gather ──────────────────────────────────────────────────────────────────────────

    @Override
    public void gather(int rows, int cols, Floats table, int[] ids, Floats out, boolean accumulate) {
        gather.gather(rows, cols, table, ids, out, accumulate);
    }

    @Override
    public void gather(int rows, int cols, Halves table, int[] ids, Floats out, boolean accumulate) {
        gather.gather(rows, cols, table, ids, out, accumulate);
    }

    @Override
    public void sumGroups(int count, int cols, Floats x, int[] groups, int[] order, Floats out, boolean accumulate) {
        gather.sumGroups(count, cols, x, groups, order, out, accumulate);
    }

    // ── Layer normalization ─────────────────────────────────────────────────────────────

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
        layerNorm.forward(rows, cols, x, dropout, residual, gamma, beta, eps, sum, y, mean, rstd);
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
        layerNorm.backward(rows, cols, sum, gamma, mean, rstd, dy, ds, accumulate, dgamma, dbeta, accumulateParameters);
    }

    // ── Attention ───────────────────────────────────────────────────────────────────────

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
        attention.attention(heads, channels, starts, sequences, q, k, v, dropout, context, logSumExp);
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
        attention.attentionBackward(
                heads, channels, starts, sequences, q, k, v, dropout, context, logSumExp, dcontext, dq, dk, dv);
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
        disentangled.attention(
                heads, channels, starts, sequences, q, k, v, positions, scale, dropout, context, logSumExp);
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
        disentangled.attentionBackward(
                heads, channels, starts, sequences, q, k, v, positions, scale, dropout, context, logSumExp, dcontext,
                dq, dk, dv, dkeys, dqueries);
    }

    // ── Convolution ─────────────────────────────────────────────────────────────────────

    @Override
    public void unfold(int groups, int channels, int taps, int[] starts, int sequences, Floats x, Floats windows) {
        workers.run(
                sequences,
                (s, _) -> Windows.unfold(
                        groups, channels, taps, starts[s], starts[s + 1], starts[sequences], x, windows));
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
        workers.run(
                sequences,
                (s, _) -> Windows.fold(
                        groups, channels, taps, starts[s], starts[s + 1], starts[sequences], windows, x, accumulate));
    }

    // ── Losses ──────────────────────────────────────────────────────────────────────────

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
        if (classes < VOCABULARY) scalar.crossEntropy(rows, classes, logits, labels, weights, smoothing, loss, dlogits);
        else this.loss.crossEntropy(rows, classes, logits, labels, weights, smoothing, loss, dlogits);
    }

    @Override
    public void binaryCrossEntropy(
            int rows, int classes, Floats logits, Floats targets, Floats positiveWeights, Floats loss, Floats dlogits) {
        scalar.binaryCrossEntropy(rows, classes, logits, targets, positiveWeights, loss, dlogits);
    }

    // ── Optimizer ───────────────────────────────────────────────────────────────────────

    @Override
    public double sumOfSquares(int n, Floats x) {
        return optimizer.sumOfSquares(n, x);
    }

    @Override
    public void adamW(int n, Floats p, Floats g, Floats m, Floats v, AdamStep step) {
        optimizer.adamW(n, p, g, m, v, step);
    }

    @Override
    public double sumOfSquares(List<Floats> operands) {
        return optimizer.sumOfSquares(operands);
    }

    @Override
    public void adamWRows(int rows, int cols, Floats p, Floats g, int[] rowOf, Floats m, Floats v, AdamStep step) {
        optimizer.adamWRows(rows, cols, p, g, rowOf, m, v, step);
    }
}
