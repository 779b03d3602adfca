package dev.merapi.engine.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Philox;
import dev.merapi.engine.kernel.Workers;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class SimdAttentionTest {
    private static final Workers ONE = new Workers(1), THREE = new Workers(3);
    private static final Dropout DROPOUT = new Dropout(0.25f, 0x1234_5678_9abcL, 3, 2);
    private final SimdAttention alone = new SimdAttention(ONE, ColdStart.none()),
            shared = new SimdAttention(THREE, ColdStart.none());

    /// Heads, D, then the lengths of the sequences: around vectors, panels and blocks of queries.
    private static final int[][] BATCHES = {
        {1, 1, 1}, {2, 5, 3, 1}, {3, 8, 17, 4, 33}, {2, 32, 96, 1, 31}, {2, 64, 97, 50}, {1, 40, 130}, {1, 33, 400}
    };

    @AfterAll
    static void close() {
        ONE.close();
        THREE.close();
    }

    @Test
    void contextAndGradientsAgreeWithDoublePrecision() {
        for (int[] batch : BATCHES) {
            for (Dropout dropout : new Dropout[] {Dropout.NONE, DROPOUT}) {
                var expected = plain(batch, dropout);
                var actual = run(shared, batch, dropout);
                String what = Arrays.toString(batch) + " " + dropout;
                assertClose(expected[0], actual.context, 2e-6, "context " + what);
                assertClose(expected[1], actual.logSumExp, 4e-6, "logSumExp " + what);
                assertClose(expected[2], actual.dq, 1e-5, "dq " + what);
                assertClose(expected[3], actual.dk, 1e-5, "dk " + what);
                assertClose(expected[4], actual.dv, 1e-5, "dv " + what);
            }
        }
    }

    @Test
    void threadsDoNotChangeABit() {
        for (int[] batch : BATCHES) {
            var expected = run(alone, batch, DROPOUT);
            var actual = run(shared, batch, DROPOUT);
            for (int i = 0; i < expected.all().length; i++)
                assertArrayEquals(expected.all()[i].array, actual.all()[i].array);
        }
    }

    @Test
    void aSequenceDoesNotDependOnTheOthersOfItsBatch() {
        int heads = 2, d = 24, c = heads * d;
        int[] together = {heads, d, 45, 110, 7};
        var batch = run(shared, together, Dropout.NONE);
        var inputs = new Inputs(together);
        for (int s = 0; s < 3; s++) {
            int begin = inputs.starts[s], t = inputs.starts[s + 1] - begin;
            Floats context = Floats.allocate(t * c), lse = Floats.allocate(heads * t);
            Floats q = inputs.q.slice(begin * c, t * c), k = inputs.k.slice(begin * c, t * c);
            Floats v = inputs.v.slice(begin * c, t * c), dy = inputs.dy.slice(begin * c, t * c);
            Floats dq = Floats.allocate(t * c), dk = Floats.allocate(t * c), dv = Floats.allocate(t * c);
            int[] starts = {0, t};
            alone.attention(heads, c, starts, 1, q, k, v, Dropout.NONE, context, lse);
            alone.attentionBackward(heads, c, starts, 1, q, k, v, Dropout.NONE, context, lse, dy, dq, dk, dv);
            assertArrayEquals(batch.context.slice(begin * c, t * c).toArray(), context.array);
            assertArrayEquals(batch.dq.slice(begin * c, t * c).toArray(), dq.array);
            assertArrayEquals(batch.dk.slice(begin * c, t * c).toArray(), dk.array);
            assertArrayEquals(batch.dv.slice(begin * c, t * c).toArray(), dv.array);
        }
    }

    /// e^100 is no float: the maximum is subtracted before the exponential.
    @Test
    void largeScoresDoNotOverflow() {
        Floats q = Floats.of(100, 100), k = Floats.of(3, 1), v = Floats.of(5, 7), context = Floats.allocate(2);
        Floats lse = Floats.allocate(2);
        alone.attention(1, 1, new int[] {0, 2}, 1, q, k, v, Dropout.NONE, context, lse);
        assertArrayEquals(new float[] {5, 5}, context.array);
        assertArrayEquals(new float[] {300, 300}, lse.array);
    }

    /// Random operands of a batch of sequences; scores spread by ±√D.
    private static final class Inputs {
        final int heads, depth, channels, sequences, tokens;
        final int[] starts;
        final Floats q, k, v, dy;

        Inputs(int[] batch) {
            heads = batch[0];
            depth = batch[1];
            channels = heads * depth;
            sequences = batch.length - 2;
            starts = new int[sequences + 1];
            for (int s = 0; s < sequences; s++) starts[s + 1] = starts[s] + batch[s + 2];
            tokens = starts[sequences];
            q = random(1);
            k = random(2);
            v = random(3);
            dy = random(4);
        }

        private Floats random(long seed) {
            var random = new Random(seed);
            Floats x = Floats.allocate(tokens * channels);
            for (int i = 0; i < x.length; i++) x.set(i, random.nextFloat(-1.7f, 1.7f));
            return x;
        }
    }

    private record Results(Floats context, Floats logSumExp, Floats dq, Floats dk, Floats dv) {
        Floats[] all() {
            return new Floats[] {context, logSumExp, dq, dk, dv};
        }
    }

    private static Results run(SimdAttention attention, int[] batch, Dropout dropout) {
        var in = new Inputs(batch);
        int size = in.tokens * in.channels;
        var out = new Results(nan(size), nan(in.heads * in.tokens), nan(size), nan(size), nan(size));
        attention.attention(
                in.heads, in.channels, in.starts, in.sequences, in.q, in.k, in.v, dropout, out.context, out.logSumExp);
        attention.attentionBackward(
                in.heads,
                in.channels,
                in.starts,
                in.sequences,
                in.q,
                in.k,
                in.v,
                dropout,
                out.context,
                out.logSumExp,
                in.dy,
                out.dq,
                out.dk,
                out.dv);
        return out;
    }

    /// context, logSumExp, dq, dk, dv in double, from the definition: P's gradient through softmax's Jacobian,
    /// not through rowsum(dcontext ∘ context).
    private static double[][] plain(int[] batch, Dropout dropout) {
        var in = new Inputs(batch);
        int c = in.channels, d = in.depth, longest = 0;
        for (int s = 0; s < in.sequences; s++) longest = Math.max(longest, in.starts[s + 1] - in.starts[s]);
        int width = (longest + 3) / 4 * 4;
        double[][] out = new double[5][in.tokens * c];
        out[1] = new double[in.heads * in.tokens];
        for (int s = 0; s < in.sequences; s++)
            for (int h = 0; h < in.heads; h++)
                for (int i = in.starts[s]; i < in.starts[s + 1]; i++) {
                    int begin = in.starts[s], t = in.starts[s + 1] - begin, row = i * c + h * d;
                    double[] p = new double[t], keep = new double[t], dp = new double[t];
                    double sum = 0, inner = 0;
                    for (int j = 0; j < t; j++) {
                        for (int l = 0; l < d; l++)
                            p[j] += in.q.get(row + l) * (double) in.k.get((begin + j) * c + h * d + l);
                        sum += p[j] = Math.exp(p[j] / Math.sqrt(d));
                    }
                    out[1][h * in.tokens + i] = Math.log(sum);
                    for (int j = 0; j < t; j++) {
                        p[j] /= sum;
                        keep[j] = Philox.apply(dropout, ((long) h * in.tokens + i) * width + j, 1f);
                        for (int l = 0; l < d; l++) {
                            int at = (begin + j) * c + h * d + l;
                            out[0][row + l] += keep[j] * p[j] * in.v.get(at);
                            out[4][at] += keep[j] * p[j] * in.dy.get(row + l);
                            dp[j] += keep[j] * in.dy.get(row + l) * (double) in.v.get(at);
                        }
                        inner += p[j] * dp[j];
                    }
                    for (int j = 0; j < t; j++) {
                        double ds = p[j] * (dp[j] - inner) / Math.sqrt(d);
                        for (int l = 0; l < d; l++) {
                            int at = (begin + j) * c + h * d + l;
                            out[2][row + l] += ds * in.k.get(at);
                            out[3][at] += ds * in.q.get(row + l);
                        }
                    }
                }
        return out;
    }

    private static void assertClose(double[] expected, Floats actual, double tolerance, String what) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++)
            assertEquals(expected[i], actual.get(i), tolerance * Math.max(1, Math.abs(expected[i])), what);
    }

    private static Floats nan(int size) {
        Floats x = Floats.allocate(size);
        Arrays.fill(x.array, Float.NaN);
        return x;
    }
}
