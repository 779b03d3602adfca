package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.poisoned;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Against the textbook's matrices in double: S, P, dP and dS of each sequence and head written out.
class AttentionTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";
    private static final Dropout[] DROPOUTS = {Dropout.NONE, new Dropout(0.25f, 12345678987654321L, 9, 5)};

    /// Heads, channels and sequence starts: depths 1, 5, 16, 20, 32 and 64; lengths 1 to 130.
    private static final Object[][] CASES = {
        {1, 1, new int[] {0, 1}},
        {2, 10, new int[] {0, 1, 6, 13}},
        {3, 48, new int[] {0, 17, 18, 51}},
        {2, 40, new int[] {0, 31, 64}},
        {2, 64, new int[] {0, 16, 56}},
        {2, 128, new int[] {0, 130, 133}},
    };

    @ParameterizedTest
    @MethodSource(KERNELS)
    void contextAndGradientsFollowTheirFormulas(Kernels kernels) {
        for (Object[] each : CASES)
            for (Dropout dropout : DROPOUTS) check(kernels, (int) each[0], (int) each[1], (int[]) each[2], dropout);
    }

    private static void check(Kernels kernels, int heads, int channels, int[] starts, Dropout dropout) {
        int sequences = starts.length - 1, tokens = starts[sequences], n = tokens * channels;
        Floats q = normal(n, 1), k = normal(n, 2), v = normal(n, 3), dcontext = normal(n, 4);
        Floats context = poisoned(n), lse = poisoned(heads * tokens);
        kernels.attention(heads, channels, starts, sequences, q, k, v, dropout, context, lse);
        Floats inference = poisoned(n);
        kernels.attention(heads, channels, starts, sequences, q, k, v, dropout, inference, null);
        Floats dq = poisoned(n), dk = poisoned(n), dv = poisoned(n);
        kernels.attentionBackward(
                heads, channels, starts, sequences, q, k, v, dropout, context, lse, dcontext, dq, dk, dv);

        Textbook book = new Textbook(heads, channels, starts, q, k, v, dropout, dcontext);
        String what = heads + " heads of " + channels / heads + ", " + tokens + " tokens: ";
        assertClose(i -> book.context[i], context, 3e-6, what + "context");
        assertClose(i -> book.context[i], inference, 3e-6, what + "context without logSumExp");
        assertClose(i -> book.logSumExp[i], lse, 2e-6, what + "logSumExp");
        assertClose(i -> book.dq[i], dq, 1e-5, what + "dq");
        assertClose(i -> book.dk[i], dk, 1e-5, what + "dk");
        assertClose(i -> book.dv[i], dv, 1e-5, what + "dv");
    }

    private static final class Textbook {
        final double[] context, logSumExp, dq, dk, dv;

        Textbook(
                int heads, int channels, int[] starts, Floats q, Floats k, Floats v, Dropout dropout, Floats dcontext) {
            int sequences = starts.length - 1, tokens = starts[sequences], depth = channels / heads, longest = 0;
            for (int s = 0; s < sequences; s++) longest = Math.max(longest, starts[s + 1] - starts[s]);
            long width = (longest + 3) / 4 * 4;
            context = new double[tokens * channels];
            dq = new double[tokens * channels];
            dk = new double[tokens * channels];
            dv = new double[tokens * channels];
            logSumExp = new double[heads * tokens];
            for (int s = 0; s < sequences; s++) {
                for (int h = 0; h < heads; h++) {
                    int begin = starts[s], length = starts[s + 1] - begin;
                    double[][] p = new double[length][length],
                            keep = new double[length][length],
                            dp = new double[length][length];
                    for (int i = 0; i < length; i++) {
                        double sum = 0;
                        for (int j = 0; j < length; j++) {
                            double score = 0;
                            for (int d = 0; d < depth; d++) {
                                int qi = (begin + i) * channels + h * depth + d,
                                        kj = (begin + j) * channels + h * depth + d;
                                score += (double) q.get(qi) * k.get(kj);
                                dp[i][j] += (double) dcontext.get(qi) * v.get(kj);
                            }
                            p[i][j] = Math.exp(score / Math.sqrt(depth));
                            keep[i][j] = Philox.apply(dropout, ((long) h * tokens + begin + i) * width + j, 1f);
                            dp[i][j] *= keep[i][j];
                            sum += p[i][j];
                        }
                        logSumExp[h * tokens + begin + i] = Math.log(sum);
                        double mean = 0; // Σ_j P_ij dP_ij
                        for (int j = 0; j < length; j++) p[i][j] /= sum;
                        for (int j = 0; j < length; j++) mean += p[i][j] * dp[i][j];
                        for (int j = 0; j < length; j++) {
                            double ds = p[i][j] * (dp[i][j] - mean) / Math.sqrt(depth);
                            for (int d = 0; d < depth; d++) {
                                int qi = (begin + i) * channels + h * depth + d,
                                        kj = (begin + j) * channels + h * depth + d;
                                context[qi] += p[i][j] * keep[i][j] * v.get(kj);
                                dq[qi] += ds * k.get(kj);
                                dk[kj] += ds * q.get(qi);
                                dv[kj] += p[i][j] * keep[i][j] * dcontext.get(qi);
                            }
                        }
                    }
                }
            }
        }
    }
}
