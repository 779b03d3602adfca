package dev.merapi.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.merapi.engine.cuda.EmulatedCuda;
import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.Profile;
import dev.merapi.engine.kernel.ProfilingKernels;
import dev.merapi.engine.kernel.ScalarKernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Products in bfloat16 and float16 against PyTorch's autocast (golden/precision.txt, made by
/// src/reference/golden_precision.py), and attention written out against the fused kernels.
class LowPrecisionTest {
    private static final Path GOLDEN = Path.of("src/test/resources/dev/merapi/engine/golden/precision.txt");
    private static final int[] STARTS = {0, 1, 6, 9};
    private static final Dropout DROPOUT = new Dropout(0.3f, 5, 2, 1);

    private final Device device = Device.scalar();
    private final Map<String, Tensor> golden = new HashMap<>();

    LowPrecisionTest() throws IOException {
        for (String line : Files.readAllLines(GOLDEN)) {
            if (line.startsWith("#")) continue;
            String[] head = line.substring(0, line.indexOf(" : ")).split(" ");
            String[] words = line.substring(line.indexOf(" : ") + 3).split(" ");
            int[] sizes = new int[head.length - 1];
            for (int i = 0; i < sizes.length; i++) sizes[i] = Integer.parseInt(head[i + 1]);
            float[] values = new float[words.length];
            for (int i = 0; i < values.length; i++) values[i] = Float.parseFloat(words[i]);
            golden.put(head[0], Tensor.variable(device, Shape.of(sizes), values));
        }
    }

    private static Tensor x(int stream, int... sizes) {
        return GradCheck.variable(Device.scalar(), stream, sizes);
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "FP16"})
    void aLinearLayerAndItsGradientsEqualAutocast(Precision precision) {
        Tensor x = golden.get("linear.x"), w = golden.get("linear.w"), b = golden.get("linear.b");
        equalsAutocast("linear", precision, () -> Matmul.linear(x, w, b), Map.of("x", x, "w", w, "b", b));
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "FP16"})
    void attentionAndItsGradientsEqualAutocast(Precision precision) {
        Tensor q = golden.get("attention.q"), k = golden.get("attention.k"), v = golden.get("attention.v");
        int[] starts = {0, 1, 6, 17};
        equalsAutocast(
                "attention",
                precision,
                () -> Attention.attention(q, k, v, 3, starts, Dropout.NONE),
                Map.of("q", q, "k", k, "v", v));
    }

    /// The 16 bits that the kernels of a GPU read, and their sums in another order, against the same numbers.
    @ParameterizedTest
    @EnumSource(names = {"BF16", "FP16"})
    void aLinearLayerOnTensorCoresEqualsAutocastToo(Precision precision) {
        for (Optional<Kernels> emulated : List.of(EmulatedCuda.kernels(), EmulatedCuda.hopper(1))) {
            assumeTrue(emulated.isPresent(), "g++ is not here: the CUDA kernels are not emulated");
            try (Device cuda = Device.of(emulated.get())) {
                golden.replaceAll((name, x) -> Tensor.variable(cuda, x.shape(), x.toArray()));
                aLinearLayerAndItsGradientsEqualAutocast(precision);
            }
        }
    }

    /// Of the result and of all gradients; where nothing learns, the product is not kept.
    @ParameterizedTest
    @EnumSource
    void aLayerThatEndsInItsActivationHasTheBitsOfBoth(Precision precision) {
        Optional<Kernels> emulated = EmulatedCuda.hopper(132);
        assumeTrue(emulated.isPresent(), "g++ is not here: the CUDA kernels are not emulated");
        try (Device cuda = Device.of(emulated.get())) {
            float[][] fused = layer(cuda, precision, true), apart = layer(cuda, precision, false);
            for (int i = 0; i < fused.length; i++) assertArrayEquals(apart[i], fused[i], precision + " " + i);
        }
    }

    /// One kernel rounds in fewer places than autocast, and so agrees as far as both are near the exact values.
    @ParameterizedTest
    @EnumSource(names = {"BF16", "FP16"})
    void attentionOnTensorCoresIsNearAutocast(Precision precision) {
        Optional<Kernels> emulated = EmulatedCuda.kernels();
        assumeTrue(emulated.isPresent(), "g++ is not here: the CUDA kernels are not emulated");
        try (Device cuda = Device.of(emulated.get())) {
            golden.replaceAll((name, x) -> Tensor.variable(cuda, x.shape(), x.toArray()));
            Tensor q = golden.get("attention.q"), k = golden.get("attention.k"), v = golden.get("attention.v");
            String at = "attention." + precision.name().toLowerCase(Locale.ROOT) + ".";
            try (Scope _ = Scope.open(precision, false)) {
                Tensor y = Attention.attention(q, k, v, 3, new int[] {0, 1, 6, 17}, Dropout.NONE);
                assertNear(at + "y", precision, y.toArray());
                Reduce.sum(Elementwise.multiply(y, golden.get("attention.dy"))).backward();
            }
            for (String name : List.of("q", "k", "v"))
                assertNear(
                        at + "d" + name,
                        precision,
                        golden.get("attention." + name).gradientToArray());
        }
    }

    private void assertNear(String name, Precision precision, float[] actual) {
        float[] expected = golden.get(name).toArray();
        float largest = 0;
        for (float value : expected) largest = Math.max(largest, Math.abs(value));
        assertArrayEquals(expected, actual, (precision == Precision.BF16 ? 1.6e-2f : 1e-3f) * largest, name);
    }

    /// y with and without gradients, dx, dW and db.
    private static float[][] layer(Device cuda, Precision precision, boolean fused) {
        Tensor x = values(cuda, Shape.of(5, 7), 1),
                w = values(cuda, Shape.of(6, 7), 2),
                b = values(cuda, Shape.of(6), 3);
        Tensor dy = values(cuda, Shape.of(5, 6), 4);
        float[] alone, y;
        try (Scope _ = Scope.inference(precision)) {
            alone = layer(x, w, b, fused).toArray();
        }
        try (Scope _ = Scope.open(precision, false)) {
            Tensor result = layer(x, w, b, fused);
            y = result.toArray();
            result.backward(dy.data());
        }
        return new float[][] {
            alone,
            y,
            x.gradient().toArray(),
            w.gradient().toArray(),
            b.gradient().toArray()
        };
    }

    private static Tensor layer(Tensor x, Tensor w, Tensor b, boolean fused) {
        return fused
                ? Matmul.linear(x, w, b, Activation.GELU)
                : Elementwise.activation(Activation.GELU, Matmul.linear(x, w, b));
    }

    private static Tensor values(Device device, Shape shape, int seed) {
        float[] values = new float[shape.count()];
        Random random = new Random(seed);
        for (int i = 0; i < values.length; i++) values[i] = (float) random.nextGaussian();
        return Tensor.variable(device, shape, values);
    }

    /// x, W and dy have 11 bits of significand, nothing else is rounded.
    @Test
    void tf32RoundsTheOperandsOfLinearLayersAlone() {
        Tensor x = Tensor.variable(device, Shape.of(1, 1), 1 + 0x1p-11f);
        Tensor w = Tensor.variable(device, Shape.of(1, 1), 3 + 0x1p-12f),
                b = Tensor.variable(device, Shape.of(1), 0x1p-20f);
        try (Scope _ = Scope.open(Precision.TF32, false)) {
            Tensor y = Matmul.linear(x, w, b);
            assertEquals((1 + 0x1p-10f) * 3 + 0x1p-20f, y.item()); // a tie goes away from zero
            y.backward(1 + 0x1p-12f);
        }
        assertEquals(3f, x.gradient().get(0));
        assertEquals(1 + 0x1p-10f, w.gradient().get(0));
        assertEquals(1 + 0x1p-12f, b.gradient().get(0));
    }

    /// Three layers that share x round it once; what W was before it changed is forgotten.
    @Test
    void operandsAreRoundedOnceAScopeAndAnewWhenTheyChanged() {
        ProfilingKernels kernels = new ProfilingKernels(new ScalarKernels());
        Device counted = Device.of(kernels);
        Tensor x = Tensor.variable(counted, Shape.of(2, 3), 1, 2, 3, 4, 5, 6),
                w = Tensor.variable(counted, Shape.of(1, 3), 1, 1, 1);
        try (Scope _ = Scope.open(Precision.BF16, false)) {
            Tensor h = Elementwise.scale(x, 1);
            for (int layer = 0; layer < 3; layer++) Matmul.linear(h, w, null);
        }
        assertEquals(2, lowered(kernels));
        for (int pass = 0; pass < 2; pass++)
            try (Scope _ = Scope.inference(Precision.BF16)) {
                assertEquals(6, Matmul.linear(x, w, null).toArray()[0]);
            }
        assertEquals(4, lowered(kernels)); // x and W, once for both passes
        w.data().set(0, 5);
        w.modified();
        try (Scope _ = Scope.inference(Precision.BF16)) {
            assertEquals(10, Matmul.linear(x, w, null).toArray()[0]);
        }
        assertEquals(5, lowered(kernels));
    }

    private static long lowered(ProfilingKernels kernels) {
        return kernels.profile().lines().stream()
                .filter(line -> line.method().equals("lower"))
                .mapToLong(Profile.Line::calls)
                .sum();
    }

    /// Sums are rounded to so few digits that, where they are added in another order, few differ, and those by
    /// one unit in the last place, of the largest value that went into them.
    private void equalsAutocast(String op, Precision precision, Supplier<Tensor> y, Map<String, Tensor> operands) {
        String at = op + "." + precision.name().toLowerCase(Locale.ROOT) + ".";
        try (Scope _ = Scope.open(precision, false)) {
            Tensor result = y.get();
            assertEqualsButFew(at + "y", precision, result.toArray());
            Reduce.sum(Elementwise.multiply(result, golden.get(op + ".dy"))).backward();
        }
        operands.forEach((name, x) -> assertEqualsButFew(at + "d" + name, precision, x.gradientToArray()));
    }

    private void assertEqualsButFew(String name, Precision precision, float[] actual) {
        float[] expected = golden.get(name).toArray();
        float unit = precision == Precision.BF16 ? 0x1p-8f : 0x1p-11f, largest = 0;
        for (float value : expected) largest = Math.max(largest, Math.abs(value));
        assertArrayEquals(expected, actual, unit * largest, name);
        int differ = 0;
        for (int i = 0; i < actual.length; i++) {
            assertEquals(precision.round(actual[i]), actual[i], name + " is rounded");
            if (actual[i] != expected[i]) differ++;
        }
        assertTrue(differ <= 0.02 * actual.length, name + ": " + differ + " of " + actual.length + " values differ");
    }

    @Test
    void theScopeSaysThePrecision() {
        Tensor x = Tensor.of(device, Shape.of(1, 1), 1.01f), w = Tensor.of(device, Shape.of(1, 1), 1);
        assertEquals(1.01f, Matmul.linear(x, w, null).item());
        try (Scope _ = Scope.inference(Precision.BF16)) {
            assertEquals(1.0078125f, Matmul.linear(x, w, null).item());
            assertEquals(
                    1.0078125f, Scope.keepOnly(() -> Matmul.linear(x, w, null)).item());
            try (Scope _ = Scope.inference()) {
                assertEquals(1.01f, Matmul.linear(x, w, null).item());
            }
            assertEquals(1.01f, Elementwise.scale(x, 1).item()); // products alone
        }
        try (Scope _ = Scope.open(Precision.FP16, false)) {
            assertEquals(1.009765625f, Matmul.linear(x, w, null).item());
        }
    }

    @Test
    void gradientsAreRoundedAndOverflowToInfinity() {
        Tensor x = Tensor.variable(device, Shape.of(1, 1), 1), w = Tensor.variable(device, Shape.of(1, 1), 1);
        try (Scope _ = Scope.open(Precision.FP16, false)) {
            Matmul.linear(x, w, null).backward(1e6f);
        }
        assertEquals(Float.POSITIVE_INFINITY, x.gradient().get(0));
        assertEquals(Float.POSITIVE_INFINITY, w.gradient().get(0));
    }

    @Test
    void aConvolutionIsRoundedToo() {
        Tensor x = x(0, 9, 6), w = x(1, 4, 3, 3), b = x(2, 4);
        float[] exact = Convolution.overTokens(x, w, b, 2, STARTS).toArray();
        try (Scope _ = Scope.inference(Precision.BF16)) {
            float[] low = Convolution.overTokens(x, w, b, 2, STARTS).toArray();
            for (int i = 0; i < low.length; i++) {
                assertEquals(Precision.BF16.round(low[i]), low[i]);
                assertEquals(exact[i], low[i], 0.1);
            }
        }
    }

    @Test
    void attentionWrittenOutIsTheFusedOne() {
        Tensor q = x(0, 9, 6), k = x(1, 9, 6), v = x(2, 9, 6);
        assertSameOp(
                () -> Attention.attention(q, k, v, 2, STARTS, DROPOUT),
                () -> Attention.writtenOut(q, k, v, 2, STARTS, DROPOUT, Precision.FP32),
                q,
                k,
                v);
    }

    @Test
    void disentangledAttentionWrittenOutIsTheFusedOne() {
        Tensor q = x(0, 9, 6), k = x(1, 9, 6), v = x(2, 9, 6), keys = x(3, 5, 6), queries = x(4, 5, 6);
        int[] rows = {0, 0, 1, 2, 2, 3, 4, 4, 4}; // of −4 … 4
        assertSameOp(
                () -> DisentangledAttention.attention(q, k, v, keys, queries, rows, 0.3f, 2, STARTS, DROPOUT),
                () -> DisentangledAttention.writtenOut(
                        q, k, v, keys, queries, rows, 0.3f, 2, STARTS, DROPOUT, Precision.FP32),
                q,
                k,
                v,
                keys,
                queries);
    }

    /// The same value and the same gradients of all operands.
    private void assertSameOp(Supplier<Tensor> one, Supplier<Tensor> other, Tensor... operands) {
        float[][] gradients = new float[operands.length][];
        float[] value = run(one);
        for (int i = 0; i < operands.length; i++) {
            gradients[i] = operands[i].gradientToArray();
            operands[i].clearGradient();
        }
        assertArrayEquals(value, run(other), 1e-5f);
        for (int i = 0; i < operands.length; i++)
            assertArrayEquals(gradients[i], operands[i].gradientToArray(), 1e-5f, "gradient of operand " + i);
    }

    private float[] run(Supplier<Tensor> op) {
        try (Scope _ = Scope.open()) {
            Tensor y = op.get();
            Reduce.sum(Elementwise.multiply(y, x(9, 9, 6))).backward();
            return y.toArray();
        }
    }
}
