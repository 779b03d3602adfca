package dev.merapi.engine.kernel;

/// Every kernel in plain loops, on the calling thread: what the kernels mean, the fallback where the Vector API
/// is missing, and the oracle of their tests. Sums run in double and are rounded once.
public final class ScalarKernels implements Kernels {
    private final Memory memory = new Slabs();

    /// On the calling thread; there is nothing to configure.
    public ScalarKernels() {}

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public int threads() {
        return 1;
    }

    @Override
    public Memory memory() {
        return memory;
    }

    @Override
    public void close() {}

    // ── Matrix products ─────────────────────────────────────────────────────────────────

    @Override
    public void matmulNT(int m, int n, int k, Floats a, Floats b, Floats bias, Floats c, boolean accumulate) {
        ScalarMatmul.product(m, n, k, a, ScalarMatmul.transposed(n, k, b), bias, c, accumulate);
    }

    @Override
    public void matmulNN(int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        ScalarMatmul.product(m, n, k, a, b, null, c, accumulate);
    }

    @Override
    public void matmulTN(int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        ScalarMatmul.product(m, n, k, ScalarMatmul.transposed(k, m, a), b, null, c, accumulate);
    }

    @Override
    public int packedSize(int outputs, int inputs) {
        return Math.multiplyExact(outputs, inputs);
    }

    /// Here a packed weight is its transpose.
    @Override
    public void pack(Floats w, PackedMatrix packed) {
        ScalarMatmul.transpose(packed.outputs(), packed.inputs(), w, packed.panels());
    }

    @Override
    public void matmulPacked(int m, Floats a, PackedMatrix w, Floats bias, Floats c) {
        ScalarMatmul.product(m, w.outputs(), w.inputs(), a, w.panels(), bias, c, false);
    }

    @Override
    public boolean holds(Precision precision) {
        return precision != Precision.TF32;
    }

    // ── Elementwise ─────────────────────────────────────────────────────────────────────

    @Override
    public void fill(int n, float value, Floats out) {
        for (int i = 0; i < n; i++) out.set(i, value);
    }

    @Override
    public void copy(int n, Floats x, Floats out, boolean accumulate) {
        for (int i = 0; i < n; i++) out.set(i, accumulate ? out.get(i) + x.get(i) : x.get(i));
    }

    @Override
    public void add(int n, Floats x, Floats y, Floats out) {
        for (int i = 0; i < n; i++) out.set(i, x.get(i) + y.get(i));
    }

    @Override
    public void multiply(int n, Floats x, Floats y, Floats out, boolean accumulate) {
        for (int i = 0; i < n; i++) {
            float product = x.get(i) * y.get(i);
            out.set(i, accumulate ? out.get(i) + product : product);
        }
    }

    @Override
    public void scale(int n, float a, Floats x, Floats out, boolean accumulate) {
        for (int i = 0; i < n; i++) {
            float product = a * x.get(i);
            out.set(i, accumulate ? out.get(i) + product : product);
        }
    }

    @Override
    public void activation(Activation f, int n, Floats x, Floats y) {
        for (int i = 0; i < n; i++) y.set(i, (float) ScalarActivation.value(f, x.get(i)));
    }

    @Override
    public void activationBackward(Activation f, int n, Floats x, Floats y, Floats dy, Floats dx, boolean accumulate) {
        for (int i = 0; i < n; i++) {
            double d = dy.get(i) * ScalarActivation.derivative(f, x.get(i), y.get(i));
            dx.set(i, (float) (accumulate ? dx.get(i) + d : d));
        }
    }

    @Override
    public void dropout(int n, Floats x, Dropout dropout, Floats out, boolean accumulate) {
        for (int i = 0; i < n; i++) {
            float kept = Philox.apply(dropout, i, x.get(i));
            out.set(i, accumulate ? out.get(i) + kept : kept);
        }
    }

    @Override
    public void round(Precision precision, int n, Floats x, Floats out, boolean accumulate) {
        for (int i = 0; i < n; i++) {
            float rounded = precision.round(x.get(i));
            out.set(i, accumulate ? out.get(i) + rounded : rounded);
        }
    }

    @Override
    public void sumRows(int rows, int cols, Floats x, Floats out, boolean accumulate) {
        for (int c = 0; c < cols; c++) {
            double sum = accumulate ? out.get(c) : 0;
            for (int r = 0; r < rows; r++) sum += x.get(r * cols + c);
            out.set(c, (float) sum);
        }
    }

    // ── Gather ──────────────────────────────────────────────────────────────────────────

    @Override
    public void gather(int rows, int cols, Floats table, int[] ids, Floats out, boolean accumulate) {
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                float value = table.get(ids[r] * cols + c);
                out.set(r * cols + c, accumulate ? out.get(r * cols + c) + value : value);
            }
        }
    }

    @Override
    public void sumGroups(int count, int cols, Floats x, int[] groups, int[] order, Floats out, boolean accumulate) {
        for (int g = 0; g < count; g++) {
            for (int c = 0; c < cols; c++) {
                double sum = accumulate ? out.get(g * cols + c) : 0;
                for (int j = groups[g]; j < groups[g + 1]; j++) sum += x.get(order[j] * cols + c);
                out.set(g * cols + c, (float) sum);
            }
        }
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
        ScalarNorm.forward(rows, cols, x, dropout, residual, gamma, beta, eps, sum, y, mean, rstd);
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
        ScalarNorm.backward(
                rows, cols, sum, gamma, mean, rstd, dy, ds, accumulate, dgamma, dbeta, accumulateParameters);
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
        new ScalarAttention(heads, channels, starts, sequences, q, k, v, dropout).forward(context, logSumExp);
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
        new ScalarAttention(heads, channels, starts, sequences, q, k, v, dropout)
                .backward(context, logSumExp, dcontext, dq, dk, dv);
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
        new ScalarDisentangledAttention(heads, channels, starts, sequences, q, k, v, positions, scale, dropout)
                .forward(context, logSumExp);
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
        new ScalarDisentangledAttention(heads, channels, starts, sequences, q, k, v, positions, scale, dropout)
                .backward(context, logSumExp, dcontext, dq, dk, dv, dkeys, dqueries);
    }

    // ── Convolution ─────────────────────────────────────────────────────────────────────

    @Override
    public void unfold(int groups, int channels, int taps, int[] starts, int sequences, Floats x, Floats windows) {
        for (int s = 0; s < sequences; s++)
            Windows.unfold(groups, channels, taps, starts[s], starts[s + 1], starts[sequences], x, windows);
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
        for (int s = 0; s < sequences; s++)
            Windows.fold(groups, channels, taps, starts[s], starts[s + 1], starts[sequences], windows, x, accumulate);
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
        ScalarLoss.crossEntropy(rows, classes, logits, labels, weights, smoothing, loss, dlogits);
    }

    @Override
    public void binaryCrossEntropy(
            int rows, int classes, Floats logits, Floats targets, Floats positiveWeights, Floats loss, Floats dlogits) {
        ScalarLoss.binaryCrossEntropy(rows, classes, logits, targets, positiveWeights, loss, dlogits);
    }

    // ── Optimizer ───────────────────────────────────────────────────────────────────────

    @Override
    public double sumOfSquares(int n, Floats x) {
        double sum = 0;
        for (int i = 0; i < n; i++) sum += (double) x.get(i) * x.get(i);
        return sum;
    }

    /// In float, operation by operation as `torch.optim.AdamW` without `fused`: its results and these are to
    /// stay equal over many steps.
    @Override
    public void adamW(int n, Floats p, Floats g, Floats m, Floats v, AdamStep step) {
        float beta2 = (float) step.beta2(), stepSize = (float) (step.lr() / step.bias1());
        float root2 = (float) Math.sqrt(step.bias2()), eps = (float) step.eps();
        for (int i = 0; i < n; i++) {
            float gradient = g == null ? 0f : g.get(i) * step.gradScale();
            float mi = m.get(i) + (gradient - m.get(i)) * (float) (1 - step.beta1());
            float vi = v.get(i) * beta2 + (float) (1 - step.beta2()) * gradient * gradient;
            float denominator = (float) Math.sqrt(vi) / root2 + eps;
            p.set(i, p.get(i) * step.decay() - stepSize * mi / denominator);
            m.set(i, mi);
            v.set(i, vi);
        }
    }
}
