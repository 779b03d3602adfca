package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.SIZES;
import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.assertSame;
import static dev.merapi.engine.kernel.Operands.before;
import static dev.merapi.engine.kernel.Operands.copy;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.output;
import static dev.merapi.engine.kernel.Operands.poisoned;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ElementwiseTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";
    private static final double ROUNDINGS = 2e-7; // of a product and a sum

    /// The error of a float32 sum of n standard normal values: about √n roundings of a sum of about √n.
    private static double sumOf(int n) {
        return ROUNDINGS + 6e-8 * n;
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void fillWritesItsValue(Kernels kernels) {
        for (int n : SIZES) {
            Floats out = poisoned(n);
            kernels.fill(n, -2.5f, out);
            assertClose(i -> -2.5, out, 0, "fill");
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void copyWritesOrAdds(Kernels kernels) {
        for (int n : SIZES) {
            for (boolean accumulate : new boolean[] {false, true}) {
                Floats x = normal(n, 1), out = output(n, accumulate), before = copy(out);
                kernels.copy(n, x, out, accumulate);
                assertClose(i -> x.get(i) + before(i, before, accumulate), out, ROUNDINGS, "copy");
            }
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void addAlsoInPlace(Kernels kernels) {
        for (int n : SIZES) {
            Floats x = normal(n, 1), y = normal(n, 2), out = poisoned(n);
            kernels.add(n, x, y, out);
            assertClose(i -> (double) x.get(i) + y.get(i), out, ROUNDINGS, "add");

            Floats left = copy(x), right = copy(y);
            kernels.add(n, left, y, left);
            kernels.add(n, x, right, right);
            assertSame(out, left, "add into x");
            assertSame(out, right, "add into y");
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void multiplyAlsoInPlace(Kernels kernels) {
        for (int n : SIZES) {
            for (boolean accumulate : new boolean[] {false, true}) {
                Floats x = normal(n, 1), y = normal(n, 2), out = output(n, accumulate), before = copy(out);
                kernels.multiply(n, x, y, out, accumulate);
                assertClose(
                        i -> (double) x.get(i) * y.get(i) + before(i, before, accumulate), out, ROUNDINGS, "multiply");

                Floats left = copy(x);
                kernels.multiply(n, left, y, left, accumulate);
                assertClose(
                        i -> (double) x.get(i) * y.get(i) + before(i, x, accumulate),
                        left,
                        ROUNDINGS,
                        "multiply into x");
            }
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void scaleAlsoInPlace(Kernels kernels) {
        for (int n : SIZES) {
            for (boolean accumulate : new boolean[] {false, true}) {
                Floats x = normal(n, 1), out = output(n, accumulate), before = copy(out);
                kernels.scale(n, 0.37f, x, out, accumulate);
                assertClose(i -> (double) 0.37f * x.get(i) + before(i, before, accumulate), out, ROUNDINGS, "scale");

                Floats factor = poisoned(1), same = copy(before);
                factor.set(0, 0.37f);
                kernels.scale(n, factor, x, same, accumulate);
                assertSame(out, same, "scale by a factor in memory");

                Floats inPlace = copy(x);
                kernels.scale(n, 0.37f, inPlace, inPlace, accumulate);
                assertClose(
                        i -> (double) 0.37f * x.get(i) + before(i, x, accumulate), inPlace, ROUNDINGS, "scale into x");
            }
        }
    }

    /// The same elements on every implementation, whatever the lane, the block or the thread.
    @ParameterizedTest
    @MethodSource(KERNELS)
    void dropoutDropsTheElementsThatPhiloxNames(Kernels kernels) {
        for (Dropout dropout : new Dropout[] {
            Dropout.NONE,
            new Dropout(0.1f, -81985529216486896L, 7, 3),
            new Dropout(0.9f, 5, 0, -1),
            new Dropout(0.5f, 1, -1, 0)
        }) {
            for (int n : SIZES) {
                for (boolean accumulate : new boolean[] {false, true}) {
                    Floats x = normal(n, 1), out = output(n, accumulate), before = copy(out);
                    kernels.dropout(n, x, dropout, out, accumulate);
                    assertClose(
                            i -> Philox.apply(dropout, i, x.get(i)) + before(i, before, accumulate),
                            out,
                            ROUNDINGS,
                            "dropout");
                }
                Floats x = normal(n, 1), inPlace = copy(x);
                kernels.dropout(n, inPlace, dropout, inPlace, false);
                assertClose(i -> Philox.apply(dropout, i, x.get(i)), inPlace, 0, "dropout into x");
            }
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void sumRowsSumsEachColumn(Kernels kernels) {
        for (int[] shape :
                new int[][] {{1, 1}, {3, 5}, {17, 33}, {1, 768}, {700, 48}, {100, 1000}, {5000, 7}, {20_000, 1}}) {
            for (boolean accumulate : new boolean[] {false, true}) {
                int rows = shape[0], cols = shape[1];
                Floats x = normal(rows * cols, 1), out = output(cols, accumulate), before = copy(out);
                kernels.sumRows(rows, cols, x, out, accumulate);
                double[] sums = new double[cols];
                for (int i = 0; i < rows * cols; i++) sums[i % cols] += x.get(i);
                assertClose(c -> sums[c] + before(c, before, accumulate), out, sumOf(rows), "sumRows");
            }
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void gatherCopiesOrAddsRows(Kernels kernels) {
        for (int cols : new int[] {1, 3, 16, 33, 384}) {
            for (boolean accumulate : new boolean[] {false, true}) {
                int[] ids = ids(123, 11);
                Floats table = normal(11 * cols, 1), out = output(ids.length * cols, accumulate), before = copy(out);
                kernels.gather(ids.length, cols, table, ids, out, accumulate);
                assertClose(
                        i -> table.get(ids[i / cols] * cols + i % cols) + before(i, before, accumulate),
                        out,
                        ROUNDINGS,
                        "gather");
            }
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void addRowsAddsToTheRowsThatAreNamed(Kernels kernels) {
        int[] rows = {7, 0, 10, 3};
        for (int cols : new int[] {1, 3, 16, 33, 384}) {
            Floats x = normal(rows.length * cols, 1), table = normal(11 * cols, 2), before = copy(table);
            kernels.addRows(rows.length, cols, x, rows, table);
            double[] expected = new double[11 * cols];
            for (int i = 0; i < expected.length; i++) expected[i] = before.get(i);
            for (int i = 0; i < x.length; i++) expected[rows[i / cols] * cols + i % cols] += x.get(i);
            assertClose(i -> expected[i], table, ROUNDINGS, "addRows");
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void sumGroupsSumsTheRowsOfEachGroup(Kernels kernels) {
        int rows = 600;
        int[] order = Philox.permutation(rows, 3, 0);
        for (int[] groups : new int[][] {{0, 0, 1, 1, 599, 600}, {0, 7}, singles(200), {0}}) {
            for (int cols : new int[] {1, 3, 33, 384}) {
                for (boolean accumulate : new boolean[] {false, true}) {
                    int count = groups.length - 1;
                    Floats x = normal(rows * cols, 1), out = output(count * cols, accumulate), before = copy(out);
                    kernels.sumGroups(count, cols, x, groups, order, out, accumulate);
                    assertClose(
                            i -> {
                                double sum = before(i, before, accumulate);
                                for (int j = groups[i / cols]; j < groups[i / cols + 1]; j++)
                                    sum += x.get(order[j] * cols + i % cols);
                                return sum;
                            },
                            out,
                            sumOf(rows),
                            "sumGroups");
                }
            }
        }
    }

    private static int[] ids(int n, int bound) {
        int[] ids = new int[n];
        for (int i = 0; i < n; i++) ids[i] = i * 7 % bound;
        return ids;
    }

    /// Groups of one, two and three rows in turn.
    private static int[] singles(int count) {
        int[] groups = new int[count + 1];
        for (int g = 0; g < count; g++) groups[g + 1] = groups[g] + 1 + g % 3;
        return groups;
    }
}
