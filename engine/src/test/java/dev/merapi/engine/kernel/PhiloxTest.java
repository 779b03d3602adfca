package dev.merapi.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PhiloxTest {
    /// The known answers that Salmon et al. publish with Random123 (kat_vectors, philox 4×32 10).
    @Test
    void givesTheKnownAnswers() {
        assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, block(0, 0, 0, 0, 0L));
        assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, block(-1, -1, -1, -1, -1L));
        assertArrayEquals(
                new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
                block(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0x299f31d0_a4093822L));
    }

    @Test
    void dropoutCountsFourElementsABlockBeyond32Bits() {
        Dropout dropout = new Dropout(0.1f, 0x0123456789abcdefL, 7, 3);
        int[] words = block(5, 1, 3, 7, 0x0123456789abcdefL);
        for (int j = 0; j < 4; j++) assertEquals(words[j], Philox.word(dropout, ((1L << 32) + 5) * 4 + j));
    }

    @Test
    void dropoutKeepsOneMinusPOfTheElementsAndTheirMean() {
        Dropout dropout = new Dropout(0.1f, 1, 2, 3);
        int n = 1_000_000, kept = 0;
        double sum = 0;
        for (int e = 0; e < n; e++) {
            float x = Philox.apply(dropout, e, 1f);
            if (x != 0) kept++;
            sum += x;
        }
        assertEquals(0.9, kept / (double) n, 4 * Math.sqrt(0.09 / n)); // 4 standard deviations
        assertEquals(1.0, sum / n, 4 * Math.sqrt(0.09 / n) / 0.9);
    }

    @Test
    void normalHasTheMomentsOfItsDistributionAndPrefixesAgree() {
        Floats x = Floats.allocate(100_003);
        Philox.normal(x, 42, 1, 3f, 0.5f);
        double mean = 0, variance = 0, fourth = 0;
        for (int i = 0; i < x.length; i++) mean += x.get(i) / x.length;
        for (int i = 0; i < x.length; i++) variance += Math.pow(x.get(i) - mean, 2) / x.length;
        for (int i = 0; i < x.length; i++) fourth += Math.pow(x.get(i) - mean, 4) / x.length;
        assertEquals(3, mean, 4 * 0.5 / Math.sqrt(x.length));
        assertEquals(0.25, variance, 4 * 0.25 * Math.sqrt(2.0 / x.length));
        assertEquals(3, fourth / (variance * variance), 4 * Math.sqrt(24.0 / x.length));

        Floats prefix = Floats.allocate(7);
        Philox.normal(prefix, 42, 1, 3f, 0.5f);
        assertArrayEquals(x.slice(0, 7).toArray(), prefix.toArray());
    }

    @Test
    void uniformStaysInsideItsBounds() {
        Floats x = Floats.allocate(100_001);
        Philox.uniform(x, 7, 0, -2f, 6f);
        double mean = 0;
        for (int i = 0; i < x.length; i++) {
            assertTrue(x.get(i) >= -2f && x.get(i) < 6f, "got " + x.get(i));
            mean += x.get(i) / x.length;
        }
        assertEquals(2, mean, 4 * 8 / Math.sqrt(12.0 * x.length));
    }

    @Test
    void streamsAndSeedsDiffer() {
        Floats a = Floats.allocate(8), b = Floats.allocate(8), c = Floats.allocate(8);
        Philox.uniform(a, 1, 0, 0f, 1f);
        Philox.uniform(b, 1, 1, 0f, 1f);
        Philox.uniform(c, 1L << 32 | 1, 0, 0f, 1f);
        assertTrue(!Arrays.equals(a.array, b.array) && !Arrays.equals(a.array, c.array));
    }

    @Test
    void permutationHoldsEveryNumberOnceAndDependsOnSeedAndEpoch() {
        int[] order = Philox.permutation(1000, 5, 0);
        assertArrayEquals(
                IntStream.range(0, 1000).toArray(),
                Arrays.stream(order).sorted().toArray());
        assertArrayEquals(order, Philox.permutation(1000, 5, 0));
        assertTrue(!Arrays.equals(order, Philox.permutation(1000, 5, 1)));
        assertTrue(!Arrays.equals(order, Philox.permutation(1000, 6, 0)));
        assertArrayEquals(new int[0], Philox.permutation(0, 5, 0));
    }

    @Test
    void everyPermutationOfThreeIsEquallyLikely() {
        int[] counts = new int[27];
        int n = 60_000;
        for (int epoch = 0; epoch < n; epoch++) {
            int[] order = Philox.permutation(3, 11, epoch);
            counts[order[0] * 9 + order[1] * 3 + order[2]]++;
        }
        assertEquals(6, Arrays.stream(counts).filter(c -> c > 0).count());
        for (int count : counts) if (count > 0) assertEquals(n / 6.0, count, 4 * Math.sqrt(n / 6.0 * 5 / 6));
    }

    private static int[] block(int c0, int c1, int c2, int c3, long key) {
        int[] words = new int[4];
        Philox.block(c0, c1, c2, c3, key, words);
        return words;
    }
}
