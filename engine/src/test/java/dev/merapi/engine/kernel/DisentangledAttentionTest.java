package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.assertSame;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.poisoned;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.merapi.engine.cuda.EmulatedCuda;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Against the formulas in double: S, P, dP and dS of each sequence and head written out, with the row of every
/// pair looked up one by one.
class DisentangledAttentionTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";
    private static final Dropout DROPOUT = new Dropout(0.25f, 12345678987654321L, 9, 5);

    /// Heads, channels, rows of the tables, buckets up to which every position has its own, and sequence
    /// starts: depths 1, 5, 16, 20, 40 and 64, lengths around vectors, bands and blocks; tables that hold more
    /// rows than occur and tables that run out.
    private static final Object[][] CASES = {
        {1, 1, 1, 0, new int[] {0, 1}},
        {2, 10, 9, 2, new int[] {0, 1, 6, 13}},
        {3, 48, 64, 20, new int[] {0, 17, 18, 51}},
        {2, 40, 40, 16, new int[] {0, 31, 64, 66, 69, 79, 80, 81, 82, 98}},
        {1, 40, 50, 7, new int[] {0, 16, 56, 153}},
        {2, 128, 512, 128, new int[] {0, 130, 133}},
        {1, 20, 700, 150, new int[] {0, 165}},
    };

    @ParameterizedTest
    @MethodSource(KERNELS)
    void contextAndGradientsFollowTheirFormulas(Kernels kernels) {
        for (Object[] each : CASES)
            for (int terms = 0; terms < 4; terms++)
                check(kernels, new Inputs(each, (terms & 1) != 0, (terms & 2) != 0, Dropout.NONE));
        for (int i = 0; i < 5; i++) check(kernels, new Inputs(CASES[i], true, true, DROPOUT));
    }

    /// Without tables it is attention, with the scale that attention has.
    @ParameterizedTest
    @MethodSource(KERNELS)
    void withoutTablesItIsAttention(Kernels kernels) {
        Inputs in = new Inputs(CASES[2], false, false, DROPOUT);
        Floats context = poisoned(in.n), lse = poisoned(in.heads * in.tokens);
        kernels.attention(in.heads, in.channels, in.starts, in.sequences, in.q, in.k, in.v, DROPOUT, context, lse);
        Floats scaled = poisoned(in.n), scaledLse = poisoned(in.heads * in.tokens);
        kernels.disentangledAttention(
                in.heads,
                in.channels,
                in.starts,
                in.sequences,
                in.q,
                in.k,
                in.v,
                in.positions,
                (float) (1 / Math.sqrt(in.depth)),
                DROPOUT,
                scaled,
                scaledLse);
        assertClose(i -> context.get(i), scaled, 1e-6, "context");
        assertClose(i -> lse.get(i), scaledLse, 1e-6, "logSumExp");
    }

    @Test
    void threadsDoNotChangeABit() {
        assumeTrue(Implementations.SIMD, "only the SIMD kernels have threads");
        for (Object[] each : CASES) {
            Inputs in = new Inputs(each, true, true, DROPOUT);
            try (Kernels one = Implementations.simd(1);
                    Kernels four = Implementations.simd(4)) {
                List<Floats> expected = run(one, in), actual = run(four, in);
                for (int i = 0; i < expected.size(); i++) assertSame(expected.get(i), actual.get(i), "result " + i);
            }
        }
    }

    @Test
    void tablesLearnTheSameAFewHeadsAtATime() {
        Kernels one = EmulatedCuda.oneHeadAtATime().orElse(null);
        assumeTrue(one != null, "CUDA is not emulated here");
        try (one;
                Kernels all = EmulatedCuda.kernels().orElseThrow()) {
            Inputs in = new Inputs(CASES[2], true, true, DROPOUT);
            List<Floats> expected = run(all, in), actual = run(one, in);
            for (int i = 0; i < expected.size(); i++) assertSame(expected.get(i), actual.get(i), "result " + i);
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void aSequenceDoesNotDependOnTheOthersOfItsBatch(Kernels kernels) {
        Inputs in = new Inputs(CASES[4], true, true, Dropout.NONE);
        List<Floats> together = run(kernels, in);
        for (int s = 0; s < in.sequences; s++) {
            List<Floats> alone = run(kernels, in.alone(s));
            int from = in.starts[s] * in.channels, count = (in.starts[s + 1] - in.starts[s]) * in.channels;
            for (int i : new int[] {0, 2, 3, 4}) // context, dq, dk, dv
            assertSame(Operands.copy(together.get(i).slice(from, count)), alone.get(i), "result " + i);
        }
    }

    /// context, logSumExp, dq, dk, dv, dkeys, dqueries.
    private static List<Floats> run(Kernels kernels, Inputs in) {
        List<Floats> out = new ArrayList<>();
        for (int size : new int[] {in.n, in.heads * in.tokens, in.n, in.n, in.n}) out.add(poisoned(size));
        out.add(in.positions.keys() == null ? null : poisoned(in.positions.keys().length));
        out.add(in.positions.queries() == null ? null : poisoned(in.positions.queries().length));
        kernels.disentangledAttention(
                in.heads,
                in.channels,
                in.starts,
                in.sequences,
                in.q,
                in.k,
                in.v,
                in.positions,
                in.scale,
                in.dropout,
                out.get(0),
                out.get(1));
        kernels.disentangledAttentionBackward(
                in.heads,
                in.channels,
                in.starts,
                in.sequences,
                in.q,
                in.k,
                in.v,
                in.positions,
                in.scale,
                in.dropout,
                out.get(0),
                out.get(1),
                in.dcontext,
                out.get(2),
                out.get(3),
                out.get(4),
                out.get(5),
                out.get(6));
        return out;
    }

    private static void check(Kernels kernels, Inputs in) {
        List<Floats> out = run(kernels, in);
        double[][] book = textbook(in);
        String[] names = {"context", "logSumExp", "dq", "dk", "dv", "dkeys", "dqueries"};
        for (int i = 0; i < names.length; i++) {
            double[] expected = book[i];
            if (out.get(i) != null)
                assertClose(at -> expected[at], out.get(i), i < 2 ? 4e-6 : 1e-5, in + " " + names[i]);
        }
    }

    private static double[][] textbook(Inputs in) {
        int c = in.channels, table = in.rows * c;
        double[][] out = new double[][] {
            new double[in.n],
            new double[in.heads * in.tokens],
            new double[in.n],
            new double[in.n],
            new double[in.n],
            new double[table],
            new double[table]
        };
        for (int s = 0; s < in.sequences; s++)
            for (int h = 0; h < in.heads; h++)
                for (int i = in.starts[s]; i < in.starts[s + 1]; i++) textbookRow(in, s, h, i, out);
        return out;
    }

    private static void textbookRow(Inputs in, int s, int h, int i, double[][] out) {
        int begin = in.starts[s], t = in.starts[s + 1] - begin, c = in.channels, head = h * in.depth, qi = i * c + head;
        Floats keys = in.positions.keys(), queries = in.positions.queries();
        double[] p = new double[t], keep = new double[t], dp = new double[t];
        double sum = 0, inner = 0;
        for (int j = 0; j < t; j++) {
            int kj = (begin + j) * c + head, r = in.row(i - begin - j) * c + head;
            for (int d = 0; d < in.depth; d++) {
                p[j] += (double) in.q.get(qi + d) * in.k.get(kj + d);
                if (keys != null) p[j] += (double) in.q.get(qi + d) * keys.get(r + d);
                if (queries != null) p[j] += (double) in.k.get(kj + d) * queries.get(r + d);
                dp[j] += (double) in.dcontext.get(qi + d) * in.v.get(kj + d);
            }
            sum += p[j] = Math.exp(p[j] * in.scale);
        }
        out[1][h * in.tokens + i] = Math.log(sum);
        for (int j = 0; j < t; j++) {
            keep[j] = Philox.apply(in.dropout, ((long) h * in.tokens + i) * in.width + j, 1f);
            inner += (p[j] /= sum) * (dp[j] *= keep[j]);
        }
        for (int j = 0; j < t; j++) {
            int kj = (begin + j) * c + head, r = in.row(i - begin - j) * c + head;
            double ds = p[j] * (dp[j] - inner) * in.scale;
            for (int d = 0; d < in.depth; d++) {
                out[0][qi + d] += p[j] * keep[j] * in.v.get(kj + d);
                out[2][qi + d] += ds * (in.k.get(kj + d) + (keys == null ? 0 : keys.get(r + d)));
                out[3][kj + d] += ds * (in.q.get(qi + d) + (queries == null ? 0 : queries.get(r + d)));
                out[4][kj + d] += p[j] * keep[j] * in.dcontext.get(qi + d);
                out[5][r + d] += ds * in.q.get(qi + d);
                out[6][r + d] += ds * in.k.get(kj + d);
            }
        }
    }

    /// Random operands. Relative positions up to `near` have rows of their own, farther ones share them by
    /// threes.
    private static final class Inputs {
        final int heads, channels, depth, sequences, tokens, n, width, rows, near;
        final int[] starts;
        final float scale;
        final Floats q, k, v, dcontext;
        final RelativePositions positions;
        final Dropout dropout;

        Inputs(Object[] sizes, boolean keys, boolean queries, Dropout dropout) {
            heads = (int) sizes[0];
            channels = (int) sizes[1];
            rows = (int) sizes[2];
            near = (int) sizes[3];
            starts = (int[]) sizes[4];
            this.dropout = dropout;
            depth = channels / heads;
            sequences = starts.length - 1;
            tokens = starts[sequences];
            n = tokens * channels;
            int longest = 0;
            for (int s = 0; s < sequences; s++) longest = Math.max(longest, starts[s + 1] - starts[s]);
            width = (longest + 3) / 4 * 4;
            scale = (float) (1 / Math.sqrt(depth * (1 + (keys ? 1 : 0) + (queries ? 1 : 0))));
            q = normal(n, 1);
            k = normal(n, 2);
            v = normal(n, 3);
            dcontext = normal(n, 4);
            int[] rowOf = new int[2 * longest + 1];
            for (int r = -longest; r <= longest; r++) rowOf[r + longest] = row(r);
            positions = new RelativePositions(
                    keys ? normal(rows * channels, 5) : null, queries ? normal(rows * channels, 6) : null, rowOf);
        }

        private Inputs(Inputs all, int s) {
            heads = all.heads;
            channels = all.channels;
            rows = all.rows;
            near = all.near;
            depth = all.depth;
            dropout = all.dropout;
            scale = all.scale;
            positions = all.positions;
            sequences = 1;
            tokens = all.starts[s + 1] - all.starts[s];
            starts = new int[] {0, tokens};
            n = tokens * channels;
            width = (tokens + 3) / 4 * 4;
            int from = all.starts[s] * channels;
            q = all.q.slice(from, n);
            k = all.k.slice(from, n);
            v = all.v.slice(from, n);
            dcontext = all.dcontext.slice(from, n);
        }

        Inputs alone(int s) {
            return new Inputs(this, s);
        }

        int row(int r) {
            int bucket = Math.abs(r) <= near ? r : Integer.signum(r) * (near + (Math.abs(r) - near + 2) / 3);
            return Math.clamp(bucket + rows / 2, 0, rows - 1);
        }

        @Override
        public String toString() {
            return heads + " heads of " + depth + ", " + tokens + " tokens, keys " + (positions.keys() != null)
                    + ", queries " + (positions.queries() != null) + ", dropout " + dropout.p();
        }
    }
}
