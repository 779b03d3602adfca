package dev.merapi.engine.kernel;

import dev.merapi.engine.kernel.Profile.Key;
import dev.merapi.engine.kernel.Profile.Kind;
import java.util.List;

/// Kernels that time themselves: every call goes to the kernels beneath, and what it took is added to a
/// [Profile] together with the operations and bytes that it cannot do without. The results are those of the
/// kernels beneath.
///
/// Operations are counted where arithmetic is the limit (matrix products and attention); everywhere else memory
/// is. For one calling thread at a time.
public final class ProfilingKernels implements Kernels {
    private final Kernels kernels;
    private final Profile profile = new Profile();

    public ProfilingKernels(Kernels kernels) {
        this.kernels = kernels;
    }

    public Profile profile() {
        return profile;
    }

    /// @param floats read and written
    private void timed(Kind kind, String method, int rows, int cols, double floats, Runnable call) {
        timed(new Key(kind, method, rows, cols, 0), 0, floats, call);
    }

    private void timed(Key key, double operations, double floats, Runnable call) {
        long start = System.nanoTime();
        call.run();
        kernels.finish();
        profile.add(key, System.nanoTime() - start, operations, floats);
    }

    private void product(Kind kind, String method, int m, int n, int k, Runnable call) {
        double floats = (double) m * k + (double) n * k + (double) m * n;
        timed(new Key(kind, method, m, n, k), 2.0 * m * n * k, floats, call);
    }

    /// Attention's operations are `products · 2·T²·C` of each sequence, the products being T × D × T or T × T ×
    /// D.
    private void attention(
            Kind kind, String method, int channels, int[] starts, int sequences, int products, Runnable call) {
        double squares = 0;
        int tokens = starts[sequences];
        for (int s = 0; s < sequences; s++) squares += Math.pow(starts[s + 1] - starts[s], 2);
        double floats = (kind == Kind.ATTENTION ? 4.0 : 8.0) * tokens * channels;
        timed(new Key(kind, method, tokens, channels, 0), 2.0 * products * squares * channels, floats, call);
    }

    @Override
    public String name() {
        return kernels.name();
    }

    @Override
    public int threads() {
        return kernels.threads();
    }

    @Override
    public Memory memory() {
        return kernels.memory();
    }

    @Override
    public void finish() {
        kernels.finish();
    }

    @Override
    public void close() {
        kernels.close();
    }

    @Override
    public void matmulNT(int m, int n, int k, Floats a, Floats b, Floats bias, Floats c, boolean accumulate) {
        product(Kind.GEMM_FORWARD, "matmulNT", m, n, k, () -> kernels.matmulNT(m, n, k, a, b, bias, c, accumulate));
    }

    @Override
    public void matmulNN(int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        product(Kind.GEMM_INPUT, "matmulNN", m, n, k, () -> kernels.matmulNN(m, n, k, a, b, c, accumulate));
    }

    @Override
    public void matmulTN(int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        product(Kind.GEMM_WEIGHT, "matmulTN", m, n, k, () -> kernels.matmulTN(m, n, k, a, b, c, accumulate));
    }

    @Override
    public boolean fuses(Activation f) {
        return kernels.fuses(f);
    }

    @Override
    public void matmulNT(int m, int n, int k, Floats a, Floats b, Floats bias, Activation f, Floats c, Floats y) {
        product(Kind.GEMM_FORWARD, "matmulNT " + f, m, n, k, () -> kernels.matmulNT(m, n, k, a, b, bias, f, c, y));
    }

    @Override
    public void matmulNT(
            Precision p, int m, int n, int k, Floats a, Floats b, Floats bias, Activation f, Floats c, Floats y) {
        product(Kind.GEMM_FORWARD, p + " NT " + f, m, n, k, () -> kernels.matmulNT(p, m, n, k, a, b, bias, f, c, y));
    }

    @Override
    public boolean packs() {
        return kernels.packs();
    }

    @Override
    public int packedSize(int outputs, int inputs) {
        return kernels.packedSize(outputs, inputs);
    }

    @Override
    public void pack(Floats w, PackedMatrix packed) {
        int n = packed.outputs(), k = packed.inputs();
        timed(Kind.PACK, "pack", n, k, 2.0 * n * k, () -> kernels.pack(w, packed));
    }

    @Override
    public void matmulPacked(int m, Floats a, PackedMatrix w, Floats bias, Floats c) {
        int n = w.outputs(), k = w.inputs();
        product(Kind.GEMM_FORWARD, "matmulPacked", m, n, k, () -> kernels.matmulPacked(m, a, w, bias, c));
    }

    @Override
    public boolean holds(Precision precision) {
        return kernels.holds(precision);
    }

    @Override
    public int narrowSize(int outputs, int inputs) {
        return kernels.narrowSize(outputs, inputs);
    }

    @Override
    public void pack(Floats w, int from, NarrowMatrix packed) {
        int k = packed.inputs(), n = w.length / k;
        timed(Kind.PACK, "pack " + packed.panels().precision(), n, k, 1.5 * n * k, () -> kernels.pack(w, from, packed));
    }

    /// The weight counts as half as many floats.
    @Override
    public void matmulPacked(int m, Floats a, NarrowMatrix w, Floats bias, Floats c) {
        int n = w.outputs(), k = w.inputs();
        double floats = (double) m * k + 0.5 * n * k + (double) m * n;
        Key key = new Key(Kind.GEMM_FORWARD, "matmulPacked " + w.panels().precision(), m, n, k);
        timed(key, 2.0 * m * n * k, floats, () -> kernels.matmulPacked(m, a, w, bias, c));
    }

    @Override
    public void gather(int rows, int cols, Halves table, int[] ids, Floats out, boolean accumulate) {
        timed(
                Kind.GATHER,
                "gather " + table.precision(),
                rows,
                cols,
                1.5 * rows * cols,
                () -> kernels.gather(rows, cols, table, ids, out, accumulate));
    }

    @Override
    public int loweredSize(Precision precision, int rows, int cols) {
        return kernels.loweredSize(precision, rows, cols);
    }

    @Override
    public void lower(Precision p, int rows, int cols, Floats x, Floats out) {
        timed(Kind.ELEMENTWISE, "lower", rows, cols, 2.0 * rows * cols, () -> kernels.lower(p, rows, cols, x, out));
    }

    @Override
    public void matmulNT(Precision p, int m, int n, int k, Floats a, Floats b, Floats bias, Floats c) {
        product(Kind.GEMM_FORWARD, p + " NT", m, n, k, () -> kernels.matmulNT(p, m, n, k, a, b, bias, c));
    }

    @Override
    public void matmulNN(Precision p, int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        product(Kind.GEMM_INPUT, p + " NN", m, n, k, () -> kernels.matmulNN(p, m, n, k, a, b, c, accumulate));
    }

    @Override
    public void matmulTN(Precision p, int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        product(Kind.GEMM_WEIGHT, p + " TN", m, n, k, () -> kernels.matmulTN(p, m, n, k, a, b, c, accumulate));
    }

    @Override
    public void sumRows(Precision p, int rows, int cols, Floats x, Floats out, boolean accumulate) {
        timed(
                Kind.ELEMENTWISE,
                "sumRows",
                rows,
                cols,
                (double) rows * cols,
                () -> kernels.sumRows(p, rows, cols, x, out, accumulate));
    }

    @Override
    public void fill(int n, float value, Floats out) {
        timed(Kind.ELEMENTWISE, "fill", n, 0, n, () -> kernels.fill(n, value, out));
    }

    @Override
    public void copy(int n, Floats x, Floats out, boolean accumulate) {
        timed(
                Kind.ELEMENTWISE,
                "copy",
                n,
                0,
                accumulate ? 3.0 * n : 2.0 * n,
                () -> kernels.copy(n, x, out, accumulate));
    }

    @Override
    public void add(int n, Floats x, Floats y, Floats out) {
        timed(Kind.ELEMENTWISE, "add", n, 0, 3.0 * n, () -> kernels.add(n, x, y, out));
    }

    @Override
    public void multiply(int n, Floats x, Floats y, Floats out, boolean accumulate) {
        timed(Kind.ELEMENTWISE, "multiply", n, 0, 3.0 * n, () -> kernels.multiply(n, x, y, out, accumulate));
    }

    @Override
    public void scale(int n, float a, Floats x, Floats out, boolean accumulate) {
        timed(Kind.ELEMENTWISE, "scale", n, 0, 2.0 * n, () -> kernels.scale(n, a, x, out, accumulate));
    }

    @Override
    public void activation(Activation f, int n, Floats x, Floats y) {
        timed(Kind.ACTIVATION, "activation", n, 0, 2.0 * n, () -> kernels.activation(f, n, x, y));
    }

    @Override
    public void activationBackward(Activation f, int n, Floats x, Floats y, Floats dy, Floats dx, boolean accumulate) {
        timed(
                Kind.ACTIVATION_BACKWARD,
                "activationBackward",
                n,
                0,
                3.0 * n,
                () -> kernels.activationBackward(f, n, x, y, dy, dx, accumulate));
    }

    @Override
    public void dropout(int n, Floats x, Dropout dropout, Floats out, boolean accumulate) {
        timed(Kind.ELEMENTWISE, "dropout", n, 0, 2.0 * n, () -> kernels.dropout(n, x, dropout, out, accumulate));
    }

    @Override
    public void round(Precision precision, int n, Floats x, Floats out, boolean accumulate) {
        timed(Kind.ELEMENTWISE, "round", n, 0, 2.0 * n, () -> kernels.round(precision, n, x, out, accumulate));
    }

    @Override
    public void sumRows(int rows, int cols, Floats x, Floats out, boolean accumulate) {
        timed(
                Kind.ELEMENTWISE,
                "sumRows",
                rows,
                cols,
                (double) rows * cols,
                () -> kernels.sumRows(rows, cols, x, out, accumulate));
    }

    @Override
    public void addRows(int count, int cols, Floats x, int[] rows, Floats table) {
        timed(
                Kind.GATHER,
                "addRows",
                count,
                cols,
                3.0 * count * cols,
                () -> kernels.addRows(count, cols, x, rows, table));
    }

    @Override
    public void gather(int rows, int cols, Floats table, int[] ids, Floats out, boolean accumulate) {
        timed(
                Kind.GATHER,
                "gather",
                rows,
                cols,
                2.0 * rows * cols,
                () -> kernels.gather(rows, cols, table, ids, out, accumulate));
    }

    @Override
    public void sumGroups(int count, int cols, Floats x, int[] groups, int[] order, Floats out, boolean accumulate) {
        double floats = (double) (groups[count] + count) * cols;
        timed(
                Kind.GATHER,
                "sumGroups",
                count,
                cols,
                floats,
                () -> kernels.sumGroups(count, cols, x, groups, order, out, accumulate));
    }

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
        double operands = 2.0 + (residual == null ? 0 : 1) + (sum == null ? 0 : 1);
        timed(
                Kind.NORM,
                "layerNorm",
                rows,
                cols,
                operands * rows * cols,
                () -> kernels.layerNorm(rows, cols, x, dropout, residual, gamma, beta, eps, sum, y, mean, rstd));
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
        timed(
                Kind.NORM_BACKWARD,
                "layerNormBackward",
                rows,
                cols,
                3.0 * rows * cols,
                () -> kernels.layerNormBackward(
                        rows, cols, sum, gamma, mean, rstd, dy, ds, accumulate, dgamma, dbeta, accumulateParameters));
    }

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
        attention(
                Kind.ATTENTION,
                "attention",
                channels,
                starts,
                sequences,
                2,
                () -> kernels.attention(heads, channels, starts, sequences, q, k, v, dropout, context, logSumExp));
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
        attention(
                Kind.ATTENTION_BACKWARD,
                "attentionBackward",
                channels,
                starts,
                sequences,
                5,
                () -> kernels.attentionBackward(
                        heads, channels, starts, sequences, q, k, v, dropout, context, logSumExp, dcontext, dq, dk,
                        dv));
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
        int products = 2 + tables(positions);
        attention(
                Kind.ATTENTION,
                "disentangledAttention",
                channels,
                starts,
                sequences,
                products,
                () -> kernels.disentangledAttention(
                        heads, channels, starts, sequences, q, k, v, positions, scale, dropout, context, logSumExp));
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
        int products = 5 + 3 * tables(positions);
        attention(
                Kind.ATTENTION_BACKWARD,
                "disentangledAttentionBackward",
                channels,
                starts,
                sequences,
                products,
                () -> kernels.disentangledAttentionBackward(
                        heads, channels, starts, sequences, q, k, v, positions, scale, dropout, context, logSumExp,
                        dcontext, dq, dk, dv, dkeys, dqueries));
    }

    @Override
    public int attentionKeeps(Precision p, int heads, int channels, int tokens, RelativePositions positions) {
        return kernels.attentionKeeps(p, heads, channels, tokens, positions);
    }

    @Override
    public void attention(
            Precision p,
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
        int products = 2 + tables(positions);
        attention(
                Kind.ATTENTION,
                p + " attention",
                channels,
                starts,
                sequences,
                products,
                () -> kernels.attention(
                        p, heads, channels, starts, sequences, q, k, v, positions, scale, dropout, context, kept));
    }

    @Override
    public void attentionBackward(
            Precision p,
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
        int products = 5 + 3 * tables(positions);
        attention(
                Kind.ATTENTION_BACKWARD,
                p + " attentionBackward",
                channels,
                starts,
                sequences,
                products,
                () -> kernels.attentionBackward(
                        p, heads, channels, starts, sequences, positions, scale, dropout, context, kept, dcontext, dq,
                        dk, dv, dkeys, dqueries));
    }

    @Override
    public int biasedAttentionKeeps(Precision p, int heads, int channels, int tokens) {
        return kernels.biasedAttentionKeeps(p, heads, channels, tokens);
    }

    @Override
    public void biasedAttention(
            Precision p,
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
        attention(
                Kind.ATTENTION,
                p + " biasedAttention",
                channels,
                starts,
                sequences,
                2,
                () -> kernels.biasedAttention(
                        p, heads, channels, starts, sequences, q, k, v, bias, dropout, context, kept));
    }

    @Override
    public void biasedAttentionBackward(
            Precision p,
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
        attention(
                Kind.ATTENTION_BACKWARD,
                p + " biasedAttentionBackward",
                channels,
                starts,
                sequences,
                5,
                () -> kernels.biasedAttentionBackward(
                        p, heads, channels, starts, sequences, q, k, v, bias, dropout, context, kept, dcontext, dq, dk,
                        dv, dbias));
    }

    private static int tables(RelativePositions positions) {
        if (positions == null) return 0;
        return (positions.keys() == null ? 0 : 1) + (positions.queries() == null ? 0 : 1);
    }

    @Override
    public void unfold(int groups, int channels, int taps, int[] starts, int sequences, Floats x, Floats windows) {
        int tokens = starts[sequences];
        timed(
                Kind.ELEMENTWISE,
                "unfold",
                tokens,
                channels,
                (1.0 + taps) * tokens * channels,
                () -> kernels.unfold(groups, channels, taps, starts, sequences, x, windows));
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
        int tokens = starts[sequences];
        timed(
                Kind.ELEMENTWISE,
                "fold",
                tokens,
                channels,
                (1.0 + taps) * tokens * channels,
                () -> kernels.fold(groups, channels, taps, starts, sequences, windows, x, accumulate));
    }

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
        timed(
                Kind.LOSS,
                "crossEntropy",
                rows,
                classes,
                2.0 * rows * classes,
                () -> kernels.crossEntropy(rows, classes, logits, labels, weights, smoothing, loss, dlogits));
    }

    @Override
    public void binaryCrossEntropy(
            int rows, int classes, Floats logits, Floats targets, Floats positiveWeights, Floats loss, Floats dlogits) {
        timed(
                Kind.LOSS,
                "binaryCrossEntropy",
                rows,
                classes,
                3.0 * rows * classes,
                () -> kernels.binaryCrossEntropy(rows, classes, logits, targets, positiveWeights, loss, dlogits));
    }

    @Override
    public double sumOfSquares(int n, Floats x) {
        double[] sum = new double[1];
        timed(Kind.OPTIMIZER, "sumOfSquares", n, 0, n, () -> sum[0] = kernels.sumOfSquares(n, x));
        return sum[0];
    }

    /// In plain loops the products are timed each; the steps of a device are not timed.
    @Override
    public HeadSteps headSteps(int heads, int width, int[] starts) {
        HeadSteps beneath = kernels.headSteps(heads, width, starts);
        return beneath instanceof ScalarHeadSteps ? new ScalarHeadSteps(this, heads, width, starts) : beneath;
    }

    @Override
    public double sumOfSquares(List<Floats> operands) {
        double[] sum = new double[1];
        double floats = 0;
        for (Floats x : operands) floats += x.length;
        Runnable call = () -> sum[0] = kernels.sumOfSquares(operands);
        timed(Kind.OPTIMIZER, "sumOfSquares of all", operands.size(), 0, floats, call);
        return sum[0];
    }

    @Override
    public void adamW(List<AdamUpdate> updates) {
        double floats = 0;
        for (AdamUpdate u : updates) floats += (u.g() == null ? 6.0 : 7.0) * u.p().length;
        timed(Kind.OPTIMIZER, "adamW of all", updates.size(), 0, floats, () -> kernels.adamW(updates));
    }

    @Override
    public void adamW(int n, Floats p, Floats g, Floats m, Floats v, AdamStep step) {
        timed(Kind.OPTIMIZER, "adamW", n, 0, (g == null ? 6.0 : 7.0) * n, () -> kernels.adamW(n, p, g, m, v, step));
    }

    @Override
    public void adamWRows(int rows, int cols, Floats p, Floats g, int[] rowOf, Floats m, Floats v, AdamStep step) {
        double values = 0; // read and written of each column
        for (int r = 0; r < rows; r++) values += rowOf[r] == NEVER ? 2 : rowOf[r] == NOT_NOW ? 6 : 7;
        timed(
                Kind.OPTIMIZER,
                "adamWRows",
                rows,
                cols,
                values * cols,
                () -> kernels.adamWRows(rows, cols, p, g, rowOf, m, v, step));
    }
}
