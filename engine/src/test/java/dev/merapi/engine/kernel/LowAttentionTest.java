package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertInside;
import static dev.merapi.engine.kernel.Operands.assertSame;
import static dev.merapi.engine.kernel.Operands.copy;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.poisoned;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.merapi.engine.cuda.EmulatedCuda;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Attention of low precision, plain and disentangled, twice: near attention to the operands as they were, in
/// float64, and, nearer, to the rounded operands.
class LowAttentionTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.LowAttentionTest#kernels";
    private static final List<Precision> LOW = List.of(Precision.BF16, Precision.FP16);
    private static final Dropout DROPOUT = new Dropout(0.25f, 12345678987654321L, 9, 5);
    private static final String[] NAMES = {"context", "dq", "dk", "dv", "dkeys", "dqueries"};

    /// Those that have it; none where CUDA is neither emulated nor there.
    static List<Kernels> kernels() {
        List<Kernels> mine = new ArrayList<>();
        for (Kernels kernels : Implementations.all())
            if (kernels.attentionKeeps(Precision.BF16, 1, 64, 1, null) > 0) mine.add(kernels);
            else kernels.close();
        if (mine.isEmpty()) System.out.println("no kernels here have attention of low precision: it is not tested");
        return mine;
    }

    /// Heads, channels of each, lengths of the sequences: around patches of 16, tiles of 32 and 64, several
    /// tiles.
    private static final int[][] PLAIN = {
        {1, 1, 1},
        {2, 32, 1, 7, 33},
        {1, 64, 16, 65, 3},
        {2, 24, 31},
        {1, 80, 33},
        {1, 128, 40},
        {1, 5, 129},
    };

    private static final int[][] DISENTANGLED = {
        {1, 3, 1}, {2, 32, 1, 7, 33}, {1, 64, 65, 3}, {1, 9, 129},
    };

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource(KERNELS)
    void contextAndGradientsFollowTheirFormulas(Kernels kernels) {
        for (int[] sizes : PLAIN) {
            check(kernels, new Inputs(sizes, 0, Dropout.NONE), Precision.BF16);
            check(kernels, new Inputs(sizes, 0, DROPOUT), Precision.FP16);
        }
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource(KERNELS)
    void soDoThoseWithRelativePositions(Kernels kernels) {
        for (int i = 0; i < DISENTANGLED.length; i++)
            check(kernels, new Inputs(DISENTANGLED[i], 3, DROPOUT), LOW.get(i % 2));
        for (int tables = 0; tables < 3; tables++)
            check(kernels, new Inputs(new int[] {1, 9, 20}, tables, Dropout.NONE), LOW.get(tables % 2));
    }

    /// A device with as much shared memory as it takes.
    @Test
    void headsOfUpTo128ChannelsHaveRelativePositions() {
        Kernels kernels = EmulatedCuda.hopper(1).orElse(null);
        assumeTrue(kernels != null, "CUDA is not emulated here");
        try (kernels) {
            check(kernels, new Inputs(new int[] {1, 80, 3, 70}, 3, DROPOUT), Precision.BF16);
            check(kernels, new Inputs(new int[] {2, 128, 33}, 3, Dropout.NONE), Precision.FP16);
        }
    }

    @Test
    void tablesLearnTheSameAFewHeadsAtATime() {
        Kernels one = EmulatedCuda.oneHeadAtATime().orElse(null);
        assumeTrue(one != null, "CUDA is not emulated here");
        try (one;
                Kernels all = EmulatedCuda.kernels().orElseThrow()) {
            Inputs in = new Inputs(new int[] {3, 9, 20, 35}, 3, DROPOUT);
            List<Floats> expected = run(all, in, Precision.BF16), actual = run(one, in, Precision.BF16);
            for (int i = 0; i < NAMES.length; i++) assertSame(expected.get(i), actual.get(i), NAMES[i]);
        }
    }

    /// What is computed does not depend on whether something is kept.
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource(KERNELS)
    void inferenceKeepsNothing(Kernels kernels) {
        for (int tables : new int[] {0, 3}) {
            Inputs in = new Inputs(new int[] {2, 9, 5, 18}, tables, Dropout.NONE);
            Floats context = poisoned(in.q.length);
            forward(kernels, in, Precision.BF16, context, null);
            assertSame(run(kernels, in, Precision.BF16).getFirst(), context, "context");
        }
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource(KERNELS)
    void twoRunsGiveTheSameBitsAndSoDoesASequenceAlone(Kernels kernels) {
        for (int tables : new int[] {0, 3}) {
            Inputs in = new Inputs(new int[] {1, 24, 7, 65}, tables, Dropout.NONE);
            List<Floats> one = run(kernels, in, Precision.FP16), again = run(kernels, in, Precision.FP16);
            for (int i = 0; i < one.size(); i++) if (one.get(i) != null) assertSame(one.get(i), again.get(i), NAMES[i]);
            for (int s = 0; s < in.sequences(); s++) {
                List<Floats> alone = run(kernels, in.alone(s), Precision.FP16);
                int from = in.starts[s] * in.channels, count = in.starts[s + 1] * in.channels - from;
                for (int i = 0; i < 4; i++)
                    assertSame(copy(one.get(i).slice(from, count)), alone.get(i), NAMES[i] + " of sequence " + s);
            }
        }
    }

    /// What overflows is infinite or NaN, and stays in its sequence.
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource(KERNELS)
    void overflowShows(Kernels kernels) {
        Inputs in = new Inputs(new int[] {1, 8, 5, 20}, 0, Dropout.NONE);
        in.q.set(3 * 8, 1e6f);
        List<Floats> out = run(kernels, in, Precision.FP16);
        assertTrue(Float.isNaN(out.get(0).get(3 * 8)), "the context of an infinite query");
        assertTrue(Float.isNaN(out.get(2).get(0)), "the gradient of its keys");
        for (Floats each : out.subList(0, 4))
            for (int i = 5 * 8; i < 25 * 8; i++) assertTrue(Float.isFinite(each.get(i)));
    }

    /// Errors of 1.6e-2 and 1e-3 are promised beside the operands as they were, of the largest value or, where
    /// what gradients are sums of cancels out, of 2, the size of that.
    private static void check(Kernels kernels, Inputs in, Precision p) {
        List<Floats> out = run(kernels, in, p);
        double[][] exact = textbook(in), rounded = textbook(in.rounded(p));
        for (int i = 0; i < NAMES.length; i++) {
            if (out.get(i) == null) continue;
            double largest = i == 0 ? 0 : 2, unit = p == Precision.BF16 ? 0x1p-8 : 0x1p-11;
            for (double value : exact[i]) largest = Math.max(largest, Math.abs(value));
            String what = p + " " + in + " " + NAMES[i];
            for (int at = 0; at < exact[i].length; at++) {
                float actual = out.get(i).get(at);
                assertEquals(exact[i][at], actual, (p == Precision.BF16 ? 1.6e-2 : 1e-3) * largest, what);
                assertEquals(rounded[i][at], actual, 1.5 * unit * largest, what + " of the rounded operands");
                assertEquals(p.round(actual), actual, what);
            }
            assertInside(out.get(i), what);
        }
    }

    /// context, dq, dk, dv, dkeys, dqueries.
    private static List<Floats> run(Kernels kernels, Inputs in, Precision p) {
        int n = in.q.length, kept = kernels.attentionKeeps(p, in.heads, in.channels, in.tokens(), in.positions);
        List<Floats> out = new ArrayList<>();
        for (int i = 0; i < 4; i++) out.add(poisoned(n));
        out.add(in.keys() == null ? null : poisoned(in.keys().length));
        out.add(in.queries() == null ? null : poisoned(in.queries().length));
        Floats memory = kernels.memory().take(kept);
        forward(kernels, in, p, out.getFirst(), memory);
        kernels.attentionBackward(
                p,
                in.heads,
                in.channels,
                in.starts,
                in.sequences(),
                in.positions,
                in.scale,
                in.dropout,
                out.get(0),
                memory,
                in.dcontext,
                out.get(1),
                out.get(2),
                out.get(3),
                out.get(4),
                out.get(5));
        kernels.memory().give(memory);
        return out;
    }

    private static void forward(Kernels kernels, Inputs in, Precision p, Floats context, Floats kept) {
        kernels.attention(
                p,
                in.heads,
                in.channels,
                in.starts,
                in.sequences(),
                in.q,
                in.k,
                in.v,
                in.positions,
                in.scale,
                in.dropout,
                context,
                kept);
    }

    private static double[][] textbook(Inputs in) {
        int n = in.q.length, table = in.positions == null ? 0 : Inputs.ROWS * in.channels;
        double[][] out = {
            new double[n], new double[n], new double[n], new double[n], new double[table], new double[table]
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
        double sum = 0, delta = 0;
        for (int j = 0; j < t; j++) {
            int kj = (begin + j) * c + head;
            for (int d = 0; d < depth; d++) {
                p[j] += (double) in.q.get(qi + d) * in.k.get(kj + d);
                if (in.keys() != null)
                    p[j] += (double) in.q.get(qi + d) * in.keys().get(in.row(i - begin - j) * c + head + d);
                if (in.queries() != null)
                    p[j] += (double) in.k.get(kj + d) * in.queries().get(in.row(i - begin - j) * c + head + d);
                dp[j] += (double) in.dcontext.get(qi + d) * in.v.get(kj + d);
            }
            sum += p[j] = Math.exp(p[j] * in.scale);
        }
        for (int j = 0; j < t; j++) {
            keep[j] = Philox.apply(in.dropout, ((long) h * in.tokens() + i) * in.width + j, 1f);
            delta += (p[j] /= sum) * (dp[j] *= keep[j]);
        }
        for (int j = 0; j < t; j++) {
            int kj = (begin + j) * c + head;
            double ds = p[j] * (dp[j] - delta) * in.scale;
            for (int d = 0; d < depth; d++) {
                out[0][qi + d] += p[j] * keep[j] * in.v.get(kj + d);
                out[1][qi + d] += ds * in.k.get(kj + d);
                out[2][kj + d] += ds * in.q.get(qi + d);
                out[3][kj + d] += p[j] * keep[j] * in.dcontext.get(qi + d);
                if (in.positions == null) continue;
                int r = in.row(i - begin - j) * c + head;
                if (in.keys() != null) out[1][qi + d] += ds * in.keys().get(r + d);
                if (in.queries() != null) out[2][kj + d] += ds * in.queries().get(r + d);
                out[4][r + d] += ds * in.q.get(qi + d);
                out[5][r + d] += ds * in.k.get(kj + d);
            }
        }
    }

    /// Random operands; positions beyond ±20 share the rows of a table by threes.
    private record Inputs(
            int heads,
            int channels,
            int[] starts,
            int width,
            float scale,
            Floats q,
            Floats k,
            Floats v,
            Floats dcontext,
            RelativePositions positions,
            Dropout dropout) {
        static final int ROWS = 80, NEAR = 20;

        /// @param tables 1: of keys, 2: of queries, 3: both; 0: plain
        Inputs(int[] sizes, int tables, Dropout dropout) {
            this(sizes[0], sizes[0] * sizes[1], starts(sizes), tables, dropout);
        }

        private Inputs(int heads, int channels, int[] starts, int tables, Dropout dropout) {
            int n = starts[starts.length - 1] * channels, longest = 0;
            for (int s = 1; s < starts.length; s++) longest = Math.max(longest, starts[s] - starts[s - 1]);
            this(
                    heads,
                    channels,
                    starts,
                    (longest + 3) / 4 * 4,
                    (float) (1 / Math.sqrt((double) channels / heads * (1 + Integer.bitCount(tables)))),
                    normal(n, 1),
                    normal(n, 2),
                    normal(n, 3),
                    normal(n, 4),
                    tables == 0 ? null : positions(channels, longest, tables),
                    dropout);
        }

        private static int[] starts(int[] sizes) {
            int[] starts = new int[sizes.length - 1];
            for (int s = 1; s < starts.length; s++) starts[s] = starts[s - 1] + sizes[s + 1];
            return starts;
        }

        private static RelativePositions positions(int channels, int longest, int tables) {
            Floats keys = (tables & 1) != 0 ? normal(ROWS * channels, 5) : null;
            Floats queries = (tables & 2) != 0 ? normal(ROWS * channels, 6) : null;
            int[] rows = IntStream.range(1 - longest, longest)
                    .map(r -> Math.abs(r) <= NEAR ? r : Integer.signum(r) * (NEAR + (Math.abs(r) - NEAR) / 3))
                    .map(r -> Math.clamp(ROWS / 2 + r, 0, ROWS - 1))
                    .toArray();
            return new RelativePositions(keys, queries, rows);
        }

        int tokens() {
            return starts[sequences()];
        }

        int sequences() {
            return starts.length - 1;
        }

        int row(int r) {
            return positions.row(r);
        }

        Floats keys() {
            return positions == null ? null : positions.keys();
        }

        Floats queries() {
            return positions == null ? null : positions.queries();
        }

        Inputs rounded(Precision p) {
            return new Inputs(
                    heads,
                    channels,
                    starts,
                    width,
                    scale,
                    round(p, q),
                    round(p, k),
                    round(p, v),
                    round(p, dcontext),
                    positions == null
                            ? null
                            : new RelativePositions(round(p, keys()), round(p, queries()), positions.rows()),
                    dropout);
        }

        private static Floats round(Precision p, Floats x) {
            if (x == null) return null;
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
                    scale,
                    copy(q.slice(from, count)),
                    copy(k.slice(from, count)),
                    copy(v.slice(from, count)),
                    copy(dcontext.slice(from, count)),
                    positions,
                    dropout);
        }

        @Override
        public String toString() {
            return heads + " heads of " + channels / heads + ", to " + java.util.Arrays.toString(starts)
                    + (dropout.isActive() ? ", dropout" : "");
        }
    }
}
