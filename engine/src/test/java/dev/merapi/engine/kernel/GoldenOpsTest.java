package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.poisoned;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The kernels against PyTorch's values and gradients in float64 (golden/ops.txt, made by
/// src/reference/golden_ops.py).
class GoldenOpsTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";
    private static final Map<String, Golden> FILE = read("/dev/merapi/engine/golden/ops.txt");

    private record Golden(int[] shape, float[] values) {}

    @ParameterizedTest
    @MethodSource(KERNELS)
    void linear(Kernels kernels) {
        for (String name : new String[] {"linear.small", "linear.odd", "linear.row"}) {
            int m = shape(name + ".x")[0], k = shape(name + ".x")[1], n = shape(name + ".w")[0];
            Floats x = get(name + ".x"), w = get(name + ".w"), b = get(name + ".b"), dy = get(name + ".dy");
            Floats y = poisoned(m * n), dx = poisoned(m * k), dw = poisoned(n * k), db = poisoned(n);
            kernels.matmulNT(m, n, k, x, w, b, y, false);
            kernels.matmulNN(m, k, n, dy, w, dx, false);
            kernels.matmulTN(n, k, m, dy, x, dw, false);
            kernels.sumRows(m, n, dy, db, false);
            check(name + ".y", y, 3e-6);
            check(name + ".dx", dx, 3e-6);
            check(name + ".dw", dw, 3e-6);
            check(name + ".db", db, 3e-6);
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void activations(Kernels kernels) {
        for (Activation f : Activation.values()) {
            String name = f.name().toLowerCase(java.util.Locale.ROOT) + ".tails";
            Floats x = get(name + ".x"), y = poisoned(x.length), dx = poisoned(x.length);
            kernels.activation(f, x.length, x, y);
            kernels.activationBackward(f, x.length, x, y, get(name + ".dy"), dx, false);
            check(name + ".y", y, 5e-7);
            check(name + ".dx", dx, 5e-7);
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void addAndMultiply(Kernels kernels) {
        Floats sum = poisoned(35), product = poisoned(35), da = poisoned(35);
        kernels.add(35, get("add.same.a"), get("add.same.b"), sum);
        kernels.multiply(35, get("multiply.same.a"), get("multiply.same.b"), product, false);
        kernels.multiply(35, get("multiply.same.dy"), get("multiply.same.b"), da, false);
        check("add.same.y", sum, 1e-7);
        check("multiply.same.y", product, 1e-7);
        check("multiply.same.da", da, 1e-7);
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void layerNorm(Kernels kernels) {
        for (String kind : new String[] {"bert", "roberta", "shifted", "flat"}) {
            String name = "layer_norm." + kind;
            int rows = shape(name + ".x")[0], cols = shape(name + ".x")[1], n = rows * cols;
            Floats x = get(name + ".x"), gamma = get(name + ".gamma"), dy = get(name + ".dy");
            Floats sum = poisoned(n), y = poisoned(n), mean = poisoned(rows), rstd = poisoned(rows);
            Floats dx = poisoned(n), dgamma = poisoned(cols), dbeta = poisoned(cols);
            kernels.layerNorm(
                    rows,
                    cols,
                    x,
                    Dropout.NONE,
                    null,
                    gamma,
                    get(name + ".beta"),
                    get(name + ".eps").get(0),
                    sum,
                    y,
                    mean,
                    rstd);
            kernels.layerNormBackward(rows, cols, sum, gamma, mean, rstd, dy, dx, false, dgamma, dbeta, false);
            double tolerance = kind.equals("shifted") ? 1e-5 : 2e-6; // the mean is 20 deviations
            check(name + ".y", y, tolerance);
            check(name + ".dx", dx, tolerance);
            check(name + ".dgamma", dgamma, tolerance);
            check(name + ".dbeta", dbeta, tolerance);
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void crossEntropy(Kernels kernels) {
        for (String kind : new String[] {"plain", "weights", "smoothing", "both", "ignored", "large", "many"}) {
            String name = "cross_entropy." + kind;
            int rows = shape(name + ".logits")[0], classes = shape(name + ".logits")[1];
            float smoothing = FILE.containsKey(name + ".smoothing")
                    ? get(name + ".smoothing").get(0)
                    : 0f;
            Floats weights = FILE.containsKey(name + ".weights") ? get(name + ".weights") : null;
            Floats loss = poisoned(1), dlogits = poisoned(rows * classes);
            kernels.crossEntropy(
                    rows,
                    classes,
                    get(name + ".logits"),
                    integers(name + ".labels"),
                    weights,
                    smoothing,
                    loss,
                    dlogits);
            check(name + ".loss", loss, 2e-7);
            check(name + ".dlogits", dlogits, 1e-7);
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void binaryCrossEntropy(Kernels kernels) {
        for (String kind : new String[] {"plain", "pos_weight", "large"}) {
            String name = "bce." + kind;
            int rows = shape(name + ".logits")[0], classes = shape(name + ".logits")[1];
            Floats weights = FILE.containsKey(name + ".pos_weight") ? get(name + ".pos_weight") : null;
            Floats loss = poisoned(1), dlogits = poisoned(rows * classes);
            kernels.binaryCrossEntropy(
                    rows, classes, get(name + ".logits"), get(name + ".targets"), weights, loss, dlogits);
            check(name + ".loss", loss, 2e-7);
            check(name + ".dlogits", dlogits, 1e-7);
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void attention(Kernels kernels) {
        for (String kind : new String[] {"packed", "peaked"}) {
            String name = "attention." + kind;
            int tokens = shape(name + ".q")[0], channels = shape(name + ".q")[1], n = tokens * channels;
            int heads = integers(name + ".heads")[0],
                    starts[] = integers(name + ".starts"),
                    sequences = starts.length - 1;
            Floats q = get(name + ".q"), k = get(name + ".k"), v = get(name + ".v"), dy = get(name + ".dy");
            Floats y = poisoned(n),
                    lse = poisoned(heads * tokens),
                    dq = poisoned(n),
                    dk = poisoned(n),
                    dv = poisoned(n);
            kernels.attention(heads, channels, starts, sequences, q, k, v, Dropout.NONE, y, lse);
            kernels.attentionBackward(
                    heads, channels, starts, sequences, q, k, v, Dropout.NONE, y, lse, dy, dq, dk, dv);
            double tolerance = kind.equals("peaked") ? 1e-5 : 1e-6; // scores near 50 have an ulp of 4e-6
            check(name + ".y", y, tolerance);
            check(name + ".dq", dq, tolerance);
            check(name + ".dk", dk, 2 * tolerance);
            check(name + ".dv", dv, tolerance);
        }
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void embedding(Kernels kernels) {
        int[] ids = integers("embedding.repeated.ids"); // 3 0 3 10 7 3 0
        Floats y = poisoned(7 * 6), rows = poisoned(4 * 6), dtable = poisoned(11 * 6);
        kernels.gather(7, 6, get("embedding.repeated.table"), ids, y, false);
        check("embedding.repeated.y", y, 0);

        int[] distinct = {0, 3, 7, 10}, groups = {0, 2, 5, 6, 7}, order = {1, 6, 0, 2, 5, 4, 3};
        kernels.sumGroups(4, 6, get("embedding.repeated.dy"), groups, order, rows, false);
        kernels.fill(11 * 6, 0f, dtable);
        for (int g = 0; g < 4; g++) kernels.copy(6, rows.slice(g * 6, 6), dtable.slice(distinct[g] * 6, 6), true);
        check("embedding.repeated.dtable", dtable, 1e-6);
    }

    private static void check(String name, Floats actual, double tolerance) {
        Floats expected = get(name);
        assertEquals(expected.length, actual.length, name);
        assertClose(expected::get, actual, tolerance, name);
    }

    private static int[] shape(String name) {
        return FILE.get(name).shape;
    }

    private static Floats get(String name) {
        float[] values = FILE.get(name).values;
        Floats operand = poisoned(values.length);
        System.arraycopy(values, 0, operand.array, operand.offset, values.length);
        return operand;
    }

    private static int[] integers(String name) {
        float[] values = FILE.get(name).values;
        int[] integers = new int[values.length];
        for (int i = 0; i < integers.length; i++) integers[i] = (int) values[i];
        return integers;
    }

    /// Lines of `name dims… : values`.
    private static Map<String, Golden> read(String resource) {
        Map<String, Golden> golden = new HashMap<>();
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(GoldenOpsTest.class.getResourceAsStream(resource), StandardCharsets.UTF_8))) {
            for (String line; (line = lines.readLine()) != null; ) {
                if (line.startsWith("#")) continue;
                int colon = line.indexOf(" :");
                String[] head = line.substring(0, colon).split(" "),
                        tail = line.substring(colon + 2).strip().split(" ");
                int[] shape = new int[head.length - 1];
                for (int i = 0; i < shape.length; i++) shape[i] = Integer.parseInt(head[i + 1]);
                float[] values = new float[tail.length];
                for (int i = 0; i < values.length; i++) values[i] = Float.parseFloat(tail[i]);
                golden.put(head[0], new Golden(shape, values));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return golden;
    }
}
