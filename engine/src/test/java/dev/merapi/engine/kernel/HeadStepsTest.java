package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.output;

import java.util.function.BiConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The steps of attention that is written out, against the plain loops: sequences of one token, of less than a
/// tile, of a few tiles, under heads of an odd width.
class HeadStepsTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";
    private static final int HEADS = 3, DEPTH = 37, REACH = 70, TABLE = 9;
    private static final int[] STARTS = {0, 1, 34, 39, 109};
    private static final int TOKENS = 109;
    private static final int ROWS = HEADS * TOKENS * DEPTH, SCORES = HEADS * (1 + 33 * 33 + 5 * 5 + 70 * 70);

    /// The same step on both, written and accumulated.
    private static void assertSameStep(
            Kernels kernels, String what, int length, boolean overwrites, BiConsumer<HeadSteps, Output> step) {
        for (boolean accumulate : overwrites ? new boolean[] {false, true} : new boolean[] {true}) {
            Floats expected = output(length, accumulate), actual = output(length, accumulate);
            step.accept(new ScalarKernels().headSteps(HEADS, DEPTH, STARTS), new Output(expected, accumulate));
            step.accept(kernels.headSteps(HEADS, DEPTH, STARTS), new Output(actual, accumulate));
            assertClose(expected::get, actual, 1e-5, what);
        }
    }

    private record Output(Floats out, boolean accumulate) {}

    @ParameterizedTest
    @MethodSource(KERNELS)
    void products(Kernels kernels) {
        Floats a = normal(ROWS, 1), b = normal(ROWS, 2), s = normal(SCORES, 3);
        assertSameStep(kernels, "nt", SCORES, true, (h, y) -> h.productNT(a, b, y.out, y.accumulate));
        assertSameStep(kernels, "nn", ROWS, true, (h, y) -> h.productNN(s, b, y.out, y.accumulate));
        assertSameStep(kernels, "tn", ROWS, true, (h, y) -> h.productTN(s, b, y.out, y.accumulate));
        assertSameStep(kernels, "apart", ROWS, true, (h, y) -> h.swap(TOKENS, HEADS, a, y.out, y.accumulate));
        assertSameStep(kernels, "together", ROWS, true, (h, y) -> h.swap(HEADS, TOKENS, a, y.out, y.accumulate));
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void biasesByRelativePosition(Kernels kernels) {
        int[] rowOf = new int[2 * REACH + 5];
        for (int i = 0; i < rowOf.length; i++) rowOf[i] = i * i % TABLE;
        Floats ds = normal(SCORES, 4), bias = normal(TABLE * HEADS, 5), terms = normal(HEADS * TOKENS * TABLE, 6);
        assertSameStep(kernels, "bias", SCORES, false, (h, y) -> h.addBias(y.out, 0.3f, bias, rowOf));
        assertSameStep(kernels, "dbias", TABLE * HEADS, false, (h, y) -> h.addBiasBackward(scaled(ds), rowOf, y.out));
        for (boolean byKey : new boolean[] {false, true}) {
            assertSameStep(kernels, "terms", SCORES, false, (h, y) -> h.addRelative(y.out, terms, TABLE, rowOf, byKey));
            assertSameStep(
                    kernels,
                    "dterms",
                    terms.length,
                    false,
                    (h, y) -> h.addRelativeBackward(ds, TABLE, rowOf, byKey, y.out));
        }
    }

    /// Thousands are added up in another order.
    private static Floats scaled(Floats x) {
        Floats y = output(x.length, false);
        new ScalarKernels().scale(x.length, 0.03f, x, y, false);
        return y;
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void softmaxAndDropout(Kernels kernels) {
        Floats p = normal(SCORES, 7), dp = normal(SCORES, 8);
        var dropout = new Dropout(0.3f, 11, 3, 2);
        assertSameStep(kernels, "softmax", SCORES, false, (h, y) -> h.softmax(y.out, 0.7f));
        assertSameStep(
                kernels, "dsoftmax", SCORES, true, (h, y) -> h.softmaxBackward(p, dp, 0.7f, y.out, y.accumulate));
        assertSameStep(kernels, "dropout", SCORES, true, (h, y) -> h.dropout(p, dropout, y.out, y.accumulate));
    }
}
