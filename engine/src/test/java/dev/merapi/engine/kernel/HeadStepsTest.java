package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.before;
import static dev.merapi.engine.kernel.Operands.copy;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.output;

import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The steps of attention that is written out, against their formulas in double: sequences of one token, of
/// less than a tile, of a few tiles, under heads of an odd width.
class HeadStepsTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";
    private static final int HEADS = 3, DEPTH = 37, REACH = 70, TABLE = 9;
    private static final int[] STARTS = {0, 1, 34, 39, 109};
    private static final int TOKENS = 109, WIDTH = 72; // of the dropout: the longest sequence in fours
    private static final int ROWS = HEADS * TOKENS * DEPTH, SCORES = HEADS * (1 + 33 * 33 + 5 * 5 + 70 * 70);
    private static final double TOLERANCE = 1e-5;

    private record Output(Floats out, boolean accumulate) {}

    /// The query i and the key j of a sequence under a head.
    private record Pair(int begin, int t, int h, int i, int j, int square) {
        /// Where the score is.
        int score() {
            return square + i * t + j;
        }

        int query(int d) {
            return (h * TOKENS + begin + i) * DEPTH + d;
        }

        int key(int d) {
            return (h * TOKENS + begin + j) * DEPTH + d;
        }

        /// Where the term of a relative position is.
        int term(int[] rowOf, boolean byKey) {
            return (h * TOKENS + begin + (byKey ? j : i)) * TABLE + rowOf[rowOf.length / 2 + i - j];
        }
    }

    private static void pairs(Consumer<Pair> each) {
        int squares = 0;
        for (int s = 0; s + 1 < STARTS.length; s++) {
            int begin = STARTS[s], t = STARTS[s + 1] - begin;
            for (int h = 0; h < HEADS; h++, squares += t * t)
                for (int i = 0; i < t; i++)
                    for (int j = 0; j < t; j++) each.accept(new Pair(begin, t, h, i, j, squares));
        }
    }

    /// A step that writes or adds, beside what the formula adds to zeros.
    private static void check(
            Kernels kernels,
            String what,
            int length,
            boolean overwrites,
            BiConsumer<HeadSteps, Output> step,
            Consumer<double[]> formula) {
        double[] expected = new double[length];
        formula.accept(expected);
        for (boolean accumulate : overwrites ? new boolean[] {false, true} : new boolean[] {true}) {
            Floats out = output(length, accumulate), before = copy(out);
            step.accept(kernels.headSteps(HEADS, DEPTH, STARTS), new Output(out, accumulate));
            assertClose(i -> expected[i] + before(i, before, accumulate), out, TOLERANCE, what);
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void products(Kernels kernels) {
        Floats a = normal(ROWS, 1), b = normal(ROWS, 2), s = normal(SCORES, 3);
        check(
                kernels,
                "nt",
                SCORES,
                true,
                (h, y) -> h.productNT(a, b, y.out, y.accumulate),
                e -> pairs(p -> {
                    for (int d = 0; d < DEPTH; d++) e[p.score()] += (double) a.get(p.query(d)) * b.get(p.key(d));
                }));
        check(
                kernels,
                "nn",
                ROWS,
                true,
                (h, y) -> h.productNN(s, b, y.out, y.accumulate),
                e -> pairs(p -> {
                    for (int d = 0; d < DEPTH; d++) e[p.query(d)] += (double) s.get(p.score()) * b.get(p.key(d));
                }));
        check(
                kernels,
                "tn",
                ROWS,
                true,
                (h, y) -> h.productTN(s, b, y.out, y.accumulate),
                e -> pairs(p -> {
                    for (int d = 0; d < DEPTH; d++) e[p.key(d)] += (double) s.get(p.score()) * b.get(p.query(d));
                }));
        swap(kernels, TOKENS, HEADS, a);
        swap(kernels, HEADS, TOKENS, a);
    }

    private static void swap(Kernels kernels, int m, int n, Floats x) {
        check(kernels, "swap", ROWS, true, (h, y) -> h.swap(m, n, x, y.out, y.accumulate), e -> {
            for (int i = 0; i < ROWS; i++) e[(i / DEPTH % n * m + i / DEPTH / n) * DEPTH + i % DEPTH] = x.get(i);
        });
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void biasesByRelativePosition(Kernels kernels) {
        int[] rowOf = new int[2 * REACH + 5];
        for (int i = 0; i < rowOf.length; i++) rowOf[i] = i * i % TABLE;
        Floats ds = normal(SCORES, 4), bias = normal(TABLE * HEADS, 5), terms = normal(HEADS * TOKENS * TABLE, 6);
        Floats s = output(SCORES, true);
        check(
                kernels,
                "bias",
                SCORES,
                false,
                (h, y) -> h.addBias(y.out, 0.3f, bias, rowOf),
                e -> pairs(p -> {
                    double before = s.get(p.score()),
                            added = bias.get(rowOf[rowOf.length / 2 + p.j - p.i] * HEADS + p.h);
                    e[p.score()] = before * 0.3f + added - before;
                }));
        Floats small = output(SCORES, false); // thousands are added up
        new ScalarKernels().scale(SCORES, 0.03f, ds, small, false);
        check(
                kernels,
                "dbias",
                TABLE * HEADS,
                false,
                (h, y) -> h.addBiasBackward(small, rowOf, y.out),
                e -> pairs(p -> e[rowOf[rowOf.length / 2 + p.j - p.i] * HEADS + p.h] += small.get(p.score())));
        for (boolean byKey : new boolean[] {false, true}) {
            check(
                    kernels,
                    "terms",
                    SCORES,
                    false,
                    (h, y) -> h.addRelative(y.out, terms, TABLE, rowOf, byKey),
                    e -> pairs(p -> e[p.score()] = terms.get(p.term(rowOf, byKey))));
            check(
                    kernels,
                    "dterms",
                    terms.length,
                    false,
                    (h, y) -> h.addRelativeBackward(ds, TABLE, rowOf, byKey, y.out),
                    e -> pairs(p -> e[p.term(rowOf, byKey)] += ds.get(p.score())));
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void softmaxAndDropout(Kernels kernels) {
        Floats p = normal(SCORES, 7), dp = normal(SCORES, 8), s = output(SCORES, true);
        var dropout = new Dropout(0.3f, 11, 3, 2);
        check(kernels, "softmax", SCORES, false, (h, y) -> h.softmax(y.out, 0.7f), e -> {
            double[] sums = rowSums(pair -> Math.exp(s.get(pair.score()) * (double) 0.7f));
            pairs(pair -> {
                double before = s.get(pair.score());
                e[pair.score()] = Math.exp(before * 0.7f) / sums[pair.score()] - before;
            });
        });
        check(kernels, "dsoftmax", SCORES, true, (h, y) -> h.softmaxBackward(p, dp, 0.7f, y.out, y.accumulate), e -> {
            double[] sums = rowSums(pair -> (double) p.get(pair.score()) * dp.get(pair.score()));
            for (int i = 0; i < SCORES; i++) e[i] = 0.7f * p.get(i) * (dp.get(i) - sums[i]);
        });
        check(
                kernels,
                "dropout",
                SCORES,
                true,
                (h, y) -> h.dropout(p, dropout, y.out, y.accumulate),
                e -> pairs(pair -> {
                    long row = (long) pair.h * TOKENS + pair.begin + pair.i;
                    e[pair.score()] = Philox.apply(dropout, row * WIDTH + pair.j, p.get(pair.score()));
                }));
    }

    /// At every score the sum over its row.
    private static double[] rowSums(ToDoubleFunction<Pair> of) {
        double[] sums = new double[SCORES];
        pairs(p -> {
            for (int j = 0; j < p.t; j++) sums[p.score() - p.j + j] += of.applyAsDouble(p);
        });
        return sums;
    }
}
