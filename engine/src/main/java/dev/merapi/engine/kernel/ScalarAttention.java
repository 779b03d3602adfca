package dev.merapi.engine.kernel;

import java.util.Arrays;

/// Scaled dot-product attention in plain loops: one (sequence, head) at a time, one query after the other.
final class ScalarAttention {
    private final int heads, channels, tokens, width; // H, C, N, W
    private final int depth; // D
    private final double scale; // 1/√D
    private final int[] starts;
    private final Floats q, k, v;
    private final Dropout dropout;

    ScalarAttention(
            int heads, int channels, int[] starts, int sequences, Floats q, Floats k, Floats v, Dropout dropout) {
        assert channels % heads == 0 && starts[0] == 0;
        this.heads = heads;
        this.channels = channels;
        this.starts = starts;
        this.q = q;
        this.k = k;
        this.v = v;
        this.dropout = dropout;
        depth = channels / heads;
        scale = 1 / Math.sqrt(depth);
        tokens = starts[sequences];
        int longest = 0;
        for (int s = 0; s < sequences; s++) longest = Math.max(longest, starts[s + 1] - starts[s]);
        width = (longest + 3) / 4 * 4;
    }

    /// `context = dropout(softmax(Q·Kᵀ/√D))·V` of the head `h` and the tokens [begin, end).
    private void forward(int h, int begin, int end, Floats context, Floats logSumExp) {
        double[] p = new double[end - begin];
        for (int i = begin; i < end; i++) {
            double max = Double.NEGATIVE_INFINITY, sum = 0;
            for (int j = begin; j < end; j++) {
                p[j - begin] = scale * dot(q, i, k, j, h);
                max = Math.max(max, p[j - begin]);
            }
            for (int j = 0; j < p.length; j++) sum += Math.exp(p[j] - max);
            double lse = max + Math.log(sum);
            if (logSumExp != null) logSumExp.set(h * tokens + i, (float) lse);
            for (int j = 0; j < p.length; j++) p[j] = Math.exp(p[j] - lse) * keep(h, i, j);
            for (int d = 0; d < depth; d++) {
                double value = 0;
                for (int j = begin; j < end; j++) value += p[j - begin] * v.get(at(j, h) + d);
                context.set(at(i, h) + d, (float) value);
            }
        }
    }

    void forward(Floats context, Floats logSumExp) {
        for (int s = 0; starts[s] < tokens; s++) {
            for (int h = 0; h < heads; h++) forward(h, starts[s], starts[s + 1], context, logSumExp);
        }
    }

    /// The gradients of the head `h` and the tokens [begin, end): with `δ_i = dcontext_i · context_i` and `P'`
    /// the dropped P,
    ///
    ///     dS_ij = P_ij · (keep_ij · dcontext_i·v_j − δ_i)      dv_j = Σ_i P'_ij dcontext_i
    ///     dq_i = Σ_j dS_ij k_j / √D                            dk_j = Σ_i dS_ij q_i / √D
    private void backward(
            int h,
            int begin,
            int end,
            Floats context,
            Floats logSumExp,
            Floats dcontext,
            Floats dq,
            Floats dk,
            Floats dv) {
        int length = end - begin;
        double[] ds = new double[length], dropped = new double[length]; // row i of dS and of P'
        double[] sumQ = new double[depth], sumK = new double[length * depth], sumV = new double[length * depth];
        for (int i = begin; i < end; i++) {
            double delta = dot(dcontext, i, context, i, h);
            double lse = logSumExp.get(h * tokens + i);
            Arrays.fill(sumQ, 0);
            for (int j = 0; j < length; j++) {
                double p = Math.exp(scale * dot(q, i, k, begin + j, h) - lse);
                double keep = keep(h, i, j);
                dropped[j] = p * keep;
                ds[j] = p * (keep * dot(dcontext, i, v, begin + j, h) - delta) * scale;
                for (int d = 0; d < depth; d++) {
                    sumQ[d] += ds[j] * k.get(at(begin + j, h) + d);
                    sumK[j * depth + d] += ds[j] * q.get(at(i, h) + d);
                    sumV[j * depth + d] += dropped[j] * dcontext.get(at(i, h) + d);
                }
            }
            for (int d = 0; d < depth; d++) dq.set(at(i, h) + d, (float) sumQ[d]);
        }
        for (int j = 0; j < length; j++) {
            for (int d = 0; d < depth; d++) {
                dk.set(at(begin + j, h) + d, (float) sumK[j * depth + d]);
                dv.set(at(begin + j, h) + d, (float) sumV[j * depth + d]);
            }
        }
    }

    void backward(Floats context, Floats logSumExp, Floats dcontext, Floats dq, Floats dk, Floats dv) {
        for (int s = 0; starts[s] < tokens; s++) {
            for (int h = 0; h < heads; h++) {
                backward(h, starts[s], starts[s + 1], context, logSumExp, dcontext, dq, dk, dv);
            }
        }
    }

    /// Where token `i` of head `h` begins in a [N, C] operand.
    private int at(int i, int h) {
        return i * channels + h * depth;
    }

    private double dot(Floats x, int i, Floats y, int j, int h) {
        int xo = x.offset + at(i, h), yo = y.offset + at(j, h);
        double sum = 0;
        for (int d = 0; d < depth; d++) sum += (double) x.array[xo + d] * y.array[yo + d];
        return sum;
    }

    /// The dropout's factor of P[i, j]: i counted in the batch, j in the sequence.
    private float keep(int h, int i, int j) {
        return Philox.apply(dropout, ((long) h * tokens + i) * width + j, 1f);
    }
}
