package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels.AdamStep;
import dev.merapi.engine.kernel.Kernels.AdamUpdate;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.RelativeBias;
import dev.merapi.engine.kernel.RelativePositions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Which kernels run in which grids, on sizes that fit no tile. The driver checks the number of arguments of
/// each launch against the PTX.
class CudaLaunchTest {
    private final HostDriver driver = new HostDriver();
    private final CudaKernels kernels = new CudaKernels(driver, true);

    private Floats floats(int n) {
        return kernels.memory().allocate(n);
    }

    private void assertLaunches(String... expected) {
        kernels.finish();
        assertEquals(
                List.of(expected),
                driver.launches.stream().map(Object::toString).toList());
        driver.launches.clear();
    }

    @Test
    void elementwiseKernelsHaveAThreadAnElement() {
        Floats x = floats(1000), y = floats(1000);
        kernels.fill(1000, 1f, x);
        kernels.copy(1, x, y, true);
        kernels.add(256, x, x, y);
        kernels.multiply(257, x, x, y, false);
        kernels.scale(1000, 2f, x, y, false);
        kernels.round(Precision.BF16, 1000, x, y, false);
        kernels.activation(Activation.GELU, 1000, x, y);
        kernels.activationBackward(Activation.TANH, 1000, x, y, x, y, true);
        kernels.dropout(1000, x, new Dropout(0.1f, 1, 2, 3), y, false); // four elements a thread
        assertLaunches(
                "fill 4x1",
                "copy 1x1",
                "add 1x1",
                "multiply 2x1",
                "scale 4x1",
                "round_to 4x1",
                "activation 4x1",
                "activation_backward 4x1",
                "dropout 1x1");
        kernels.fill(3_000_000, 1f, floats(3_000_000));
        assertLaunches("fill 4096x1"); // and the threads walk
    }

    @Test
    void dropoutTravelsAsFiveWords() {
        Floats x = floats(8);
        kernels.dropout(8, x, new Dropout(0.25f, -5L, 7, 9), x, false);
        kernels.finish();
        long[] words = driver.launches.getFirst().arguments();
        assertEquals(1L << 30, words[2]);
        assertEquals((float) (1 / 0.75), Float.intBitsToFloat((int) words[3]));
        assertEquals(-5L, words[4]);
        assertEquals(7, driver.at(words[5], 4).get(ValueLayout.JAVA_INT, 0)); // on the device
        assertEquals(9, words[6]);
        driver.launches.clear();
        kernels.dropout(8, x, Dropout.NONE, x, false);
        kernels.finish();
        assertEquals(0, driver.launches.getFirst().arguments()[2]);
    }

    /// The device has four multiprocessors.
    @Test
    void productsTakeLargeTilesWhereThereAreEnough() {
        Floats a = floats(300 * 300), b = floats(300 * 300), c = floats(300 * 300);
        kernels.matmulNT(300, 300, 7, a, b, null, c, false);
        kernels.matmulNN(100, 129, 7, a, b, c, true);
        kernels.matmulTN(1, 1, 1, a, b, c, true);
        kernels.matmulNT(129, 256, 3, a, b, floats(256), c, false);
        assertLaunches("matmul_nt_128 3x3", "matmul_nn_64 2x3", "matmul_tn_64 1x1", "matmul_nt_128 2x2");
    }

    /// Three stages of 128 bytes of k of both tiles lie in shared memory.
    @Test
    void productsOfLowPrecisionRunOnTensorCores() {
        Floats x = floats(300 * 300), bias = floats(300);
        kernels.lower(Precision.BF16, 3, 9, x, floats(kernels.loweredSize(Precision.BF16, 3, 9)));
        kernels.matmulNT(Precision.BF16, 300, 300, 7, x, x, bias, floats(300 * 300));
        kernels.matmulNN(Precision.FP16, 100, 129, 7, x, x, floats(100 * 129), true);
        kernels.matmulTN(Precision.TF32, 1, 1, 1, x, x, floats(1), false);
        kernels.sumRows(Precision.BF16, 300, 40, x, floats(40), true);
        assertLaunches(
                "lower 1x1",
                "product_nt_bf16_128 3x3 98304",
                "product_nn_fp16_64 2x3 49152",
                "product_tn_tf32_64 1x1 49152",
                "sum_lowered 2x2",
                "add_parts 1x1");
    }

    /// On Hopper's instructions, where operands are of 16 bits.
    @Test
    void hopperMultipliesBlocksOf64Numbers() {
        HostDriver driver = new HostDriver(4, 90);
        CudaKernels kernels = new CudaKernels(driver, true);
        Floats x = kernels.memory().allocate(320 * 320), c = kernels.memory().allocate(300 * 300);
        kernels.lower(Precision.BF16, 65, 9, x, kernels.memory().allocate(kernels.loweredSize(Precision.BF16, 65, 9)));
        kernels.matmulNT(Precision.BF16, 300, 300, 7, x, x, null, c);
        kernels.matmulNN(Precision.FP16, 100, 129, 7, x, x, c, true);
        kernels.matmulTN(Precision.BF16, 64, 64, 1024, x, x, c, false);
        kernels.matmulTN(Precision.TF32, 1, 1, 1, x, x, c, false);
        kernels.sumRows(Precision.BF16, 300, 40, x, c, true);
        kernels.finish();
        assertEquals(
                List.of(
                        "lower_blocks 4x1",
                        "hopper_nt_bf16_128x128 3x3 98352",
                        "hopper_nn_fp16_64x64 2x3 65600",
                        "hopper_tn_bf16_64x64 1x2 65600",
                        "add_parts 16x1",
                        "product_tn_tf32_64 1x1 49152",
                        "sum_blocks 2x2",
                        "add_parts 1x1"),
                driver.launches.stream().map(Object::toString).toList());
        assertEquals(288, driver.launches.get(1).grid().threads()); // two warpgroups and a warp that copies
        assertEquals(160, driver.launches.get(2).grid().threads());
        assertEquals(2 * 64 * 64 / 2, kernels.loweredSize(Precision.BF16, 65, 9));
        assertEquals(65 * 12, kernels.loweredSize(Precision.TF32, 65, 9));
    }

    @Test
    void loweredRowsAreWholePiecesOf16Bytes() {
        assertEquals(3 * 2 * 4, kernels.loweredSize(Precision.BF16, 3, 9)); // 16 numbers a row
        assertEquals(3 * 4, kernels.loweredSize(Precision.FP16, 3, 8));
        assertEquals(3 * 12, kernels.loweredSize(Precision.TF32, 3, 9));
        Floats odd = floats(64).slice(1, 32);
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> kernels.lower(Precision.BF16, 1, 1, floats(1), odd));
        assertTrue(e.getMessage().endsWith(", expected a multiple of 16 bytes"), e.getMessage());
    }

    /// BERT-base's query: 36 tiles of 768 × 768, 4096 rows.
    @Test
    void theGradientOfAWeightIsSummedInPieces() {
        Floats dy = floats(4096 * 768 / 2), x = floats(4096 * 768 / 2), dw = floats(768 * 768);
        kernels.matmulTN(Precision.BF16, 768, 768, 4096, dy, x, dw, true);
        kernels.finish();
        assertEquals(640, driver.launches.getFirst().arguments()[3]);
        assertEquals(7, driver.launches.getLast().arguments()[1]);
        assertLaunches("product_tn_bf16_128 6x42 98304", "add_parts 2304x1");
        kernels.matmulNN(Precision.BF16, 768, 768, 4096, dy, x, dw, true); // but no row depends on the others' number
        assertLaunches("product_nn_bf16_128 6x6 98304");
    }

    @Test
    void sumsRunInTwoPasses() {
        Floats x = floats(700 * 33), out = floats(33);
        kernels.sumRows(700, 33, x, out, false);
        kernels.sumOfSquares(700 * 33, x);
        kernels.sumGroups(2, 33, x, new int[] {0, 3, 5}, new int[] {4, 3, 2, 1, 0}, floats(66), true);
        kernels.addRows(2, 33, x, new int[] {7, 3}, floats(330));
        assertLaunches(
                "sum_rows 2x3",
                "sum_parts 1x1",
                "sum_of_squares 2x1",
                "sum_doubles 1x1",
                "sum_groups 2x2",
                "add_rows 1x1");
    }

    @Test
    void aLongColumnIsSummedInLongerPieces() {
        int n = 20_000_000;
        kernels.sumRows(n, 1, kernels.memory().take(n), floats(1), false);
        kernels.finish();
        assertEquals(306, driver.launches.getFirst().arguments()[2]);
        assertLaunches("sum_rows 1x65360", "sum_parts 1x1");
    }

    @Test
    void layerNormalizationHasABlockARow() {
        Floats x = floats(5 * 33), parameter = floats(33), rows = floats(5);
        kernels.layerNorm(5, 33, x, Dropout.NONE, null, parameter, parameter, 1e-5f, null, x, null, null);
        kernels.layerNormBackward(
                5, 33, x, parameter, rows, rows, x, floats(5 * 33), false, floats(33), floats(33), true);
        assertLaunches(
                "layer_norm 5x1 132",
                "layer_norm_parameters 2x1",
                "sum_parts 1x1",
                "sum_parts 1x1",
                "layer_norm_backward 5x1");
    }

    @Test
    void attentionHasABlockATileAndHead() {
        int[] starts = {0, 1, 65, 130}; // tiles of 64: 1 + 1 + 2
        int n = 130 * 40;
        Floats q = floats(n), lse = floats(2 * 130);
        kernels.attention(2, 40, starts, 3, q, q, q, Dropout.NONE, floats(n), lse);
        kernels.attentionBackward(2, 40, starts, 3, q, q, q, Dropout.NONE, q, lse, q, floats(n), floats(n), floats(n));
        int operand = 64 * 32 * 4, scores = 64 * 68 * 4;
        assertLaunches(
                "attention_32 4x2 " + (2 * operand + scores),
                "attention_delta 2x1",
                "attention_backward_keys_32 4x2 " + (4 * operand + 2 * scores),
                "attention_backward_queries_32 4x2 " + (4 * operand + scores));
    }

    @Test
    void disentangledAttentionAddsUpTheTablesOfItsTiles() {
        int[] starts = {0, 1, 65, 130}; // tiles of 32: 1 + 2 + 3
        int n = 130 * 64;
        Floats q = floats(n), lse = floats(130), table = floats(9 * 64);
        int[] rows = new int[129];
        for (int i = 0; i < rows.length; i++) rows[i] = i % 9;
        var positions = new RelativePositions(table, null, rows);
        kernels.disentangledAttention(1, 64, starts, 3, q, q, q, positions, 0.1f, Dropout.NONE, floats(n), lse);
        kernels.disentangledAttentionBackward(
                1,
                64,
                starts,
                3,
                q,
                q,
                q,
                positions,
                0.1f,
                Dropout.NONE,
                q,
                lse,
                q,
                floats(n),
                floats(n),
                floats(n),
                floats(9 * 64),
                null);
        int operand = 32 * 64 * 4, scores = 32 * 36 * 4, tables = 2 * 63 * 64 * 4;
        assertLaunches(
                "disentangled_64 6x1 " + (2 * operand + scores + tables),
                "attention_delta 1x1",
                "disentangled_backward_keys_64 6x1 " + (4 * operand + 2 * scores + tables),
                "disentangled_backward_queries_64 6x1 " + (4 * operand + scores + tables),
                "attention_table 3x1");
    }

    /// Tiles of 64 queries leave sums by relative position, which become the gradient in a block a bucket and
    /// head.
    @Test
    void attentionWithABiasKeepsNoScores() {
        int[] starts = {0, 1, 65, 130}; // tiles of 64: 1 + 1 + 2
        int n = 130 * 40;
        Floats q = floats(n), x = floats(n), bias = floats(7 * 2);
        int[] buckets = new int[129];
        for (int i = 0; i < buckets.length; i++) buckets[i] = i % 7;
        var relative = new RelativeBias(bias, buckets);
        int operand = 64 * 64 * 4, scores = 64 * 68 * 4, near = 128 * 4;
        for (Precision p : new Precision[] {Precision.FP32, Precision.BF16}) {
            Floats kept = floats(kernels.biasedAttentionKeeps(p, 2, 40, 130));
            kernels.biasedAttention(p, 2, 40, starts, 3, q, q, q, relative, Dropout.NONE, x, kept);
            kernels.biasedAttentionBackward(
                    p, 2, 40, starts, 3, q, q, q, relative, Dropout.NONE, x, kept, q, x, x, x, floats(7 * 2));
            if (p == Precision.FP32)
                assertLaunches(
                        "attention_bias 2x1", // 2 heads of 2 × 128
                        "biased_64 4x2 " + (2 * operand + scores + near),
                        "attention_delta 2x1",
                        "attention_bias 2x1",
                        "biased_backward_keys_64 4x2 " + (4 * operand + 2 * scores + near),
                        "biased_backward_queries_64 4x2 " + (4 * operand + scores + near),
                        "attention_bias_backward 7x2");
            else
                assertLaunches(
                        "attention_lower 4x3",
                        "attention_bias 2x1",
                        "biased_bf16_64 4x2 " + (operand / 2 * 5 + 2 * near),
                        "attention_lower_delta 5x1",
                        "attention_bias 2x1",
                        "biased_backward_queries_bf16_64 4x2 " + (63 << 10),
                        "attention_bias_backward 7x2",
                        "biased_backward_keys_bf16_64 4x2 " + (63 << 10));
        }
        assertEquals(0, kernels.biasedAttentionKeeps(Precision.FP32, 1, 129, 5)); // written out
        assertEquals(0, kernels.biasedAttentionKeeps(Precision.FP16, 1, 129, 5));
        assertEquals(5, kernels.biasedAttentionKeeps(Precision.TF32, 1, 128, 5));
    }

    @Test
    void attentionOfLowPrecisionHasABlockATileOf64RowsAndHead() {
        int[] starts = {0, 1, 65, 130}; // tiles of 64: 1 + 1 + 2
        int n = 130 * 40, kept = kernels.attentionKeeps(Precision.BF16, 2, 40, 130, null);
        assertEquals(3 * 130 * 2 * 3 * 4 + 2 * 130, kept); // three pieces of 16 bytes a head
        Floats q = floats(n), memory = floats(kept);
        kernels.attention(Precision.BF16, 2, 40, starts, 3, q, q, q, null, 0.1f, Dropout.NONE, floats(n), memory);
        kernels.attentionBackward(
                Precision.BF16,
                2,
                40,
                starts,
                3,
                null,
                0.1f,
                Dropout.NONE,
                q,
                memory,
                q,
                floats(n),
                floats(n),
                floats(n),
                null,
                null);
        int line = 2 * 32, forward = (64 + 4 * 64) * line;
        assertLaunches(
                "attention_lower 4x3",
                "attention_bf16_32 4x2 " + forward,
                "attention_lower_delta 5x1",
                "attention_backward_queries_bf16_32 4x2 " + (forward + 64 * line),
                "attention_backward_keys_bf16_32 4x2 " + (forward + 64 * line));
    }

    @Test
    void attentionOfLowPrecisionIsWrittenOutWhereItDoesNotFit() {
        assertEquals(0, kernels.attentionKeeps(Precision.FP16, 1, 129, 5, null));
        assertEquals(0, kernels.attentionKeeps(Precision.TF32, 1, 64, 5, null));
        var positions = new RelativePositions(floats(80 * 3), null, new int[9]);
        assertEquals(0, kernels.attentionKeeps(Precision.BF16, 1, 80, 5, positions)); // 148 KB of shared memory
        assertEquals((15 + 3) * 10 * 4 + 5, kernels.attentionKeeps(Precision.BF16, 1, 80, 5, null) + 3 * 10 * 4);
    }

    @Test
    void wideHeadsAreRefusedWithTheRemedy() {
        Floats q = floats(129);
        CudaException e = assertThrows(
                CudaException.class,
                () -> kernels.attention(1, 129, new int[] {0, 1}, 1, q, q, q, Dropout.NONE, floats(129), null));
        assertEquals("cuda: attention heads of 129 channels, expected at most 128; use --device cpu", e.getMessage());
    }

    @Test
    void lossesRunOnTheDevice() {
        Floats logits = floats(15), loss = floats(1), d = floats(15);
        kernels.crossEntropy(5, 3, logits, new int[] {0, 1, 2, -100, 0}, null, 0f, loss, d);
        kernels.binaryCrossEntropy(5, 3, logits, floats(15), null, loss, d);
        assertLaunches(
                "cross_entropy_weights 1x1",
                "cross_entropy 5x1",
                "mean_of 1x1",
                "binary_cross_entropy 1x1",
                "mean_of 1x1");
    }

    @Test
    void adamWTakesNoGradientAsZeros() {
        Floats p = floats(1001);
        kernels.adamW(
                1001, p, null, floats(1001), floats(1001), new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0.01, 0.1, 0.001, 1f));
        kernels.finish();
        MemorySegment update = driver.at(driver.launches.getFirst().arguments()[2], 48);
        assertEquals(0, update.getAtIndex(ValueLayout.JAVA_LONG, 1)); // its g
        assertEquals(1001, update.getAtIndex(ValueLayout.JAVA_LONG, 4));
        assertLaunches("adamw 1x1");
    }

    /// The addresses travel once, the scalars in every step, and the norm waits for itself alone.
    @Test
    void allParametersAreOneLaunch() {
        List<AdamUpdate> updates = new ArrayList<>();
        AdamStep step = new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0.01, 0.1, 0.001, 1f);
        for (int n : new int[] {1, 5000, 40_000})
            updates.add(new AdamUpdate(floats(n), floats(n), floats(n), floats(n), step));
        List<Floats> gradients = updates.stream().map(AdamUpdate::g).toList();
        for (int i = 0; i < 3; i++) {
            int before = driver.synchronizations;
            kernels.sumOfSquares(gradients);
            assertEquals(before, driver.synchronizations);
            kernels.adamW(updates);
            assertLaunches("sum_of_squares 5x1", "sum_doubles 3x1", "adamw 13x1");
        }
        assertEquals("5 uploads, 0.0 MB; 3 downloads, 0.0 MB", ((CudaMemory) kernels.memory()).copies());
    }

    @Test
    void convolutionsUnfoldAndFold() {
        int[] starts = {0, 3, 10};
        Floats x = floats(10 * 6), windows = floats(10 * 18);
        kernels.unfold(2, 6, 3, starts, 2, x, windows);
        kernels.fold(2, 6, 3, starts, 2, windows, x, false);
        assertLaunches("unfold 1x1", "fold 1x1");
    }
}
