package dev.merapi.engine.kernel;

import static dev.merapi.engine.kernel.Operands.SIZES;
import static dev.merapi.engine.kernel.Operands.assertClose;
import static dev.merapi.engine.kernel.Operands.assertSame;
import static dev.merapi.engine.kernel.Operands.before;
import static dev.merapi.engine.kernel.Operands.copy;
import static dev.merapi.engine.kernel.Operands.normal;
import static dev.merapi.engine.kernel.Operands.output;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Rounding to bfloat16 and float16, bit for bit as PyTorch does it (golden/rounding.txt, made by
/// src/reference/golden_precision.py, where the lists are described).
class RoundingTest {
    private static final String KERNELS = "dev.merapi.engine.kernel.Implementations#all";
    private static final int[] LOWER = {
        0x0000, 0x0001, 0x0FFF, 0x1000, 0x1001, 0x1FFF, 0x3000, 0x7FFF, 0x8000, 0x8001, 0xFFFF
    };

    /// All bfloat16, what lies half-way between them, and neighbours of both.
    private static Floats neighbours() {
        Floats x = Floats.allocate(0x10000 * LOWER.length);
        for (int i = 0; i < x.length; i++)
            x.set(i, Float.intBitsToFloat(i / LOWER.length << 16 | LOWER[i % LOWER.length]));
        return x;
    }

    /// All finite float16, subnormal ones too, the ties behind them, and the floats next to these.
    private static Floats halves() {
        Floats x = Floats.allocate(4 * 2 * 0x7C00);
        int at = 0;
        for (int half = 0; half < 0x10000; half++) {
            float low = Float.float16ToFloat((short) half), high = Float.float16ToFloat((short) (half + 1));
            if ((half & 0x7C00) == 0x7C00) continue;
            if (Float.isInfinite(high)) high = Math.copySign(65536, low);
            float middle = (low + high) / 2;
            for (float value : new float[] {low, middle, Math.nextDown(middle), Math.nextUp(middle)})
                x.set(at++, value);
        }
        assertEquals(x.length, at);
        return x;
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void everyCaseIsRoundedAsPyTorchRoundsIt(Kernels kernels) throws IOException {
        Map<String, String> golden = read();
        assertEquals(golden.get("neighbours.bf16"), digest(kernels, Precision.BF16, neighbours()));
        assertEquals(golden.get("neighbours.fp16"), digest(kernels, Precision.FP16, neighbours()));
        assertEquals(golden.get("halves.bf16"), digest(kernels, Precision.BF16, halves()));
        assertEquals(golden.get("halves.fp16"), digest(kernels, Precision.FP16, halves()));
    }

    @Test
    void hardCases() {
        assertEquals(1f, Precision.BF16.round(1 + 0x1p-8f), "a tie goes to even, down");
        assertEquals(1 + 0x1p-6f, Precision.BF16.round(1 + 0x1.8p-7f), "a tie goes to even, up");
        assertEquals(Float.POSITIVE_INFINITY, Precision.BF16.round(Float.MAX_VALUE));
        assertEquals(Float.NEGATIVE_INFINITY, Precision.BF16.round(Float.NEGATIVE_INFINITY));
        assertEquals(-0f, Precision.BF16.round(-Float.MIN_VALUE));
        assertTrue(Float.isNaN(Precision.BF16.round(Float.intBitsToFloat(0x7F800001))), "a NaN stays one");
        assertEquals(65504, Precision.FP16.round(Math.nextDown(65520f)));
        assertEquals(Float.POSITIVE_INFINITY, Precision.FP16.round(65520));
        assertEquals(0x1p-24f, Precision.FP16.round(Math.nextUp(0x1p-25f)), "the smallest subnormal");
        assertEquals(0f, Precision.FP16.round(0x1p-25f));
        assertEquals(1 / 3f, Precision.FP32.round(1 / 3f));
        assertEquals(1 + 0x1p-10f, Precision.TF32.round(1 + 0x1p-11f), "a tie goes away from zero");
        assertEquals(-1f, Precision.TF32.round(-Math.nextDown(1 + 0x1p-11f)));
        assertEquals(Float.POSITIVE_INFINITY, Precision.TF32.round(Float.MAX_VALUE));
    }

    @ParameterizedTest
    @MethodSource(KERNELS)
    void roundWritesOrAddsAlsoInPlace(Kernels kernels) {
        for (Precision precision : Precision.values()) {
            for (int n : SIZES) {
                for (boolean accumulate : new boolean[] {false, true}) {
                    Floats x = normal(n, 1), out = output(n, accumulate), before = copy(out);
                    kernels.round(precision, n, x, out, accumulate);
                    assertClose(
                            i -> precision.round(x.get(i)) + (float) before(i, before, accumulate),
                            out,
                            accumulate ? 1e-7 : 0,
                            "round");
                }
                Floats x = normal(n, 1), inPlace = copy(x), again = copy(x);
                kernels.round(precision, n, inPlace, inPlace, false);
                kernels.round(precision, n, inPlace, again, false);
                assertSame(inPlace, again, "rounded twice");
            }
        }
    }

    /// SHA-256 of the bits of the rounded values, every NaN the same.
    private static String digest(Kernels kernels, Precision precision, Floats x) {
        Floats rounded = Floats.allocate(x.length);
        kernels.round(precision, x.length, x, rounded, false);
        ByteBuffer bits = ByteBuffer.allocate(4 * x.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : rounded.array) bits.putInt(Float.floatToIntBits(value));
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bits.array()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, String> read() throws IOException {
        Map<String, String> golden = new HashMap<>();
        try (InputStream in = RoundingTest.class.getResourceAsStream("/dev/merapi/engine/golden/rounding.txt")) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n"))
                if (!line.startsWith("#")) golden.put(line.split(" : ")[0], line.split(" : ")[1]);
        }
        return golden;
    }
}
