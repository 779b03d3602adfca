package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.assertInside;
import static dev.merapi.engine.kernel.Operands.assertSame;
import static dev.merapi.engine.kernel.Operands.copy;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.poisoned;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Attention with a bias in one kernel against its formulas in float64: in float32, and in low precision both
/// near the operands as they were and, nearer, to the rounded operands.
class RelativeBiasTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.RelativeBiasTest#kernels";
    private static final Dropout DROPOUT = new Dropout(0.25f, 12345678987654321L, 9, 5);
    private static final Precision[] ALL = {Precision.FP32, Precision.BF16, Precision.FP16};
    private static final String[] NAMES = {"context", "dq", "dk", "dv", "dbias"};

    /// Those that have it; none where CUDA is neither emulated nor there.
    static List<Kernels> kernels() {
        List<Kernels> mine = new ArrayList<>();
        for (Kernels kernels : Implementations.all())
            if (kernels.biasedAttentionKeeps(Precision.FP32, 1, 64, 1) > 0) mine.add(kernels);
            else kernels.close();
        if (mine.isEmpty()) System.out.println("no kernels here have attention with a bias: it is not tested");
        return mine;
    }

    /// Heads, channels of each, lengths of the sequences: around patches of 16, tiles of 32 and 64, several
    /// tiles.
    private static final int[][] CASES = {
        {1, 1, 1}, {3, 12, 1, 7, 33}, {1, 64, 16, 65, 3}, {2, 31, 129}, {1, 80, 33, 70}, {1, 128, 40},
    };

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource(KERNELS)
    void contextAndGradientsFollowTheirFormulas(Kernels kernels) {
        for (int i = 0; i < CASES.length; i++)
            for (Precision p : ALL)
                check(kernels, new Inputs(CASES[i], (i + p.ordinal()) % 2 == 0 ? DROPOUT : Dropout.NONE), p);
    }

    /// What is computed does not depend on whether something is kept, or the bias learns.
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource(KERNELS)
    void whatIsNotWantedChangesNothing(Kernels kernels) {
        Inputs in = new Inputs(new int[] {2, 9, 5, 70}, Dropout.NONE);
        for (Precision p : ALL) {
            Floats context = poisoned(in.q.length);
            forward(kernels, in, p, context, null);
            List<Floats> all = run(kernels, in, p, true), some = run(kernels, in, p, false);
            assertSame(all.getFirst(), context, "context");
            for (int i = 0; i < 4; i++) assertSame(all.get(i), some.get(i), NAMES[i]);
        }
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource(KERNELS)
    void twoRunsGiveTheSameBitsAndSoDoesASequenceAlone(Kernels kernels) {
        Inputs in = new Inputs(new int[] {1, 24, 7, 65}, Dropout.NONE);
        for (Precision p : ALL) {
            List<Floats> one = run(kernels, in, p, true), again = run(kernels, in, p, true);
            for (int i = 0; i < one.size(); i++) assertSame(one.get(i), again.get(i), NAMES[i]);
            for (int s = 0; s < in.sequences(); s++) {
                List<Floats> alone = run(kernels, in.alone(s), p, true);
                int from = in.starts[s] * in.channels, count = in.starts[s + 1] * in.channels - from;
                for (int i = 0; i < 4; i++)
                    assertSame(copy(one.get(i).slice(from, count)), alone.get(i), NAMES[i] + " of sequence " + s);
            }
        }
    }

    /// In low precision as in `LowAttentionTest`; the bias's gradient is float32.
    private static void check(Kernels kernels, Inputs in, Precision p) {
        List<Floats> out = run(kernels, in, p, true);
        double[][] exact = textbook(in), rounded = textbook(in.rounded(p));
        for (int i = 0; i < NAMES.length; i++) {
            String what = p + " " + in + " " + NAMES[i];
            double[] expected = exact[i];
            if (p == Precision.FP32) {
                assertClose(at -> expected[at], out.get(i), i == 0 ? 4e-6 : 2e-5, what);
                continue;
            }
            double largest = i == 0 ? 0 : 2, unit = p == Precision.BF16 ? 0x1p-8 : 0x1p-11;
            for (double value : expected) largest = Math.max(largest, Math.abs(value));
            for (int at = 0; at < expected.length; at++) {
                float actual = out.get(i).get(at);
                assertEquals(expected[at], actual, (p == Precision.BF16 ? 1.6e-2 : 1e-3) * largest, what);
                assertEquals(rounded[i][at], actual, 1.5 * unit * largest, what + " of the rounded operands");
                if (i < 4) assertEquals(p.round(actual), actual, what);
            }
            assertInside(out.get(i), what);
        }
    }

    /// context, dq, dk, dv and, if it learns, dbias.
    private static List<Floats> run(Kernels kernels, Inputs in, Precision p, boolean learns) {
        List<Floats> out = new ArrayList<>();
        for (int i = 0; i < 4; i++) out.add(poisoned(in.q.length));
        if (learns) out.add(poisoned(in.bias.bias().length));
        Floats kept = kernels.memory().take(kernels.biasedAttentionKeeps(p, in.heads, in.channels, in.tokens()));
        forward(kernels, in, p, out.getFirst(), kept);
        kernels.biasedAttentionBackward(
                p,
                in.heads,
                in.channels,
                in.starts,
                in.sequences(),
                in.q,
                in.k,
                in.v,
                in.bias,
                in.dropout,
                out.get(0),
                kept,
                in.dcontext,
                out.get(1),
                out.get(2),
                out.get(3),
                learns ? out.get(4) : null);
        kernels.memory().give(kept);
        return out;
    }

    private static void forward(Kernels kernels, Inputs in, Precision p, Floats context, Floats kept) {
        kernels.biasedAttention(
                p,
                in.heads,
                in.channels,
                in.starts,
                in.sequences(),
                in.q,
                in.k,
                in.v,
                in.bias,
                in.dropout,
                context,
                kept);
    }

    private static double[][] textbook(Inputs in) {
        int n = in.q.length;
        double[][] out = {
            new double[n], new double[n], new double[n], new double[n], new double[Inputs.BUCKETS * in.heads]
        };
        for (int s = 0; s < in.sequences(); s++)
            for (int h = 0; h < in.heads; h++)
                for (int i = in.starts[s]; i < in.starts[s + 1]; i++) textbookRow(in, s, h, i, out);
        return out;
    }

    private static void textbookRow(Inputs in, int s, int h, int i, double[][] out) {
        int begin = in.starts[s], t = in.starts[s + 1] - begin, c = in.channels, depth = c / in.heads;
        int head = h * depth, qi = i * c + head;
        double[] p = new double[t], keep = new double[t], dp = new double[t];
        double sum = 0, delta = 0, scale = 1 / Math.sqrt(depth);
        for (int j = 0; j < t; j++) {
            int kj = (begin + j) * c + head;
            for (int d = 0; d < depth; d++) {
                p[j] += (double) in.q.get(qi + d) * in.k.get(kj + d);
                dp[j] += (double) in.dcontext.get(qi + d) * in.v.get(kj + d);
            }
            sum += p[j] = Math.exp(p[j] * scale + in.bias.bias().get(in.place(begin + j - i, h)));
        }
        for (int j = 0; j < t; j++) {
            keep[j] = Philox.apply(in.dropout, ((long) h * in.tokens() + i) * in.width + j, 1f);
            delta += (p[j] /= sum) * (dp[j] *= keep[j]);
        }
        for (int j = 0; j < t; j++) {
            int kj = (begin + j) * c + head;
            double ds = p[j] * (dp[j] - delta);
            out[4][in.place(begin + j - i, h)] += ds;
            for (int d = 0; d < depth; d++) {
                out[0][qi + d] += p[j] * keep[j] * in.v.get(kj + d);
                out[1][qi + d] += ds * scale * in.k.get(kj + d);
                out[2][kj + d] += ds * scale * in.q.get(qi + d);
                out[3][kj + d] += p[j] * keep[j] * in.dcontext.get(qi + d);
            }
        }
    }

    /// Random operands; distances beyond 3 share buckets by fives, those behind have others than those before,
    /// the last bucket has none.
    private record Inputs(
            int heads,
            int channels,
            int[] starts,
            int width,
            Floats q,
            Floats k,
            Floats v,
            Floats dcontext,
            RelativeBias bias,
            Dropout dropout) {
        static final int BUCKETS = 61;

        Inputs(int[] sizes, Dropout dropout) {
            int[] starts = new int[sizes.length - 1];
            for (int s = 1; s < starts.length; s++) starts[s] = starts[s - 1] + sizes[s + 1];
            int channels = sizes[0] * sizes[1], n = starts[starts.length - 1] * channels;
            int longest = Arrays.stream(sizes).skip(2).max().getAsInt();
            int[] buckets = new int[2 * longest + 3]; // more than there are distances
            for (int at = 0; at < buckets.length; at++) {
                int distance = at - longest - 1, n2 = Math.abs(distance);
                buckets[at] = Math.min(29, n2 <= 3 ? n2 : 4 + (n2 - 4) / 5) + (distance > 0 ? 30 : 0);
            }
            this(
                    sizes[0],
                    channels,
                    starts,
                    (longest + 3) / 4 * 4,
                    normal(n, 1),
                    normal(n, 2),
                    normal(n, 3),
                    normal(n, 4),
                    new RelativeBias(normal(BUCKETS * sizes[0], 5), buckets),
                    dropout);
        }

        int tokens() {
            return starts[sequences()];
        }

        int sequences() {
            return starts.length - 1;
        }

        int place(int distance, int head) {
            return bias.buckets()[distance + bias.reach() - 1] * heads + head;
        }

        Inputs rounded(Precision p) {
            return new Inputs(
                    heads,
                    channels,
                    starts,
                    width,
                    round(p, q),
                    round(p, k),
                    round(p, v),
                    round(p, dcontext),
                    bias,
                    dropout);
        }

        private static Floats round(Precision p, Floats x) {
            Floats y = poisoned(x.length);
            p.round(0, x.length, x, y, false);
            return y;
        }

        Inputs alone(int s) {
            int from = starts[s] * channels, count = starts[s + 1] * channels - from;
            return new Inputs(
                    heads,
                    channels,
                    new int[] {0, starts[s + 1] - starts[s]},
                    width,
                    copy(q.slice(from, count)),
                    copy(k.slice(from, count)),
                    copy(v.slice(from, count)),
                    copy(dcontext.slice(from, count)),
                    bias,
                    dropout);
        }

        @Override
        public String toString() {
            return heads + " heads of " + channels / heads + ", to " + Arrays.toString(starts)
                    + (dropout.isActive() ? ", dropout" : "");
        }
    }
}
