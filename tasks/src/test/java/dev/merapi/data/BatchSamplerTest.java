package dev.merapi.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.kernel.Philox;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchSamplerTest {
    private static final int[] LENGTHS =
            IntStream.range(0, 1003).map(row -> 5 + row * 7919 % 97).toArray();

    @Test
    void everyRowIsInOneBatch() {
        List<int[]> batches = BatchSampler.grouped(LENGTHS, 8, 1, 1);
        assertEquals(126, batches.size()); // ⌈1003 / 8⌉
        assertEquals(1, batches.stream().filter(batch -> batch.length == 3).count());
        assertEquals(125, batches.stream().filter(batch -> batch.length == 8).count());
        assertArrayEquals(
                IntStream.range(0, 1003).toArray(),
                batches.stream().flatMapToInt(Arrays::stream).sorted().toArray());
    }

    @Test
    void orderIsAFunctionOfSeedAndEpoch() {
        assertEquals(order(7, 2), order(7, 2));
        assertFalse(order(7, 2).equals(order(7, 3)));
        assertFalse(order(7, 2).equals(order(8, 2)));
    }

    private static List<List<Integer>> order(long seed, int epoch) {
        return BatchSampler.grouped(LENGTHS, 8, seed, epoch).stream()
                .map(batch -> Arrays.stream(batch).boxed().toList())
                .toList();
    }

    @Test
    void rowsOfABatchHaveLikeLengths() {
        double spread = BatchSampler.grouped(LENGTHS, 8, 1, 1).stream()
                .mapToInt(BatchSamplerTest::spread)
                .average()
                .orElseThrow();
        assertTrue(spread < 4, "lengths are from 5 to 101, the mean spread in a batch is " + spread);
    }

    private static int spread(int[] batch) {
        int[] lengths = Arrays.stream(batch).map(row -> LENGTHS[row]).sorted().toArray();
        return lengths[lengths.length - 1] - lengths[0];
    }

    @Test
    void shuffledRowsAreEachInOneBatchOfTheGivenSize() {
        List<int[]> batches = BatchSampler.shuffled(1003, 8, 1, 1);
        assertEquals(126, batches.size());
        assertEquals(3, batches.getLast().length);
        int[] order = batches.stream().flatMapToInt(Arrays::stream).toArray();
        assertArrayEquals(
                IntStream.range(0, 1003).toArray(),
                Arrays.stream(order).sorted().toArray());
        assertArrayEquals(Philox.permutation(1003, 1, 1), order);
    }

    @Test
    void shuffledBatchesHoldRowsOfAllLengths() {
        double spread = BatchSampler.shuffled(LENGTHS.length, 8, 1, 1).stream()
                .mapToInt(BatchSamplerTest::spread)
                .average()
                .orElseThrow();
        assertEquals(75, spread, 3); // 96 · 7/9, as of 8 numbers drawn from 97
    }

    @Test
    void longBatchesDoNotComeFirst() {
        List<int[]> batches = BatchSampler.grouped(LENGTHS, 8, 1, 1);
        double firstHalf = batches.subList(0, 63).stream()
                .flatMapToInt(Arrays::stream)
                .map(row -> LENGTHS[row])
                .average()
                .orElseThrow();
        assertEquals(Arrays.stream(LENGTHS).average().orElseThrow(), firstHalf, 8);
    }

    @Test
    void evaluationBeginsWithTheLongestRows() {
        List<int[]> batches = BatchSampler.byLength(new int[] {3, 9, 5, 9, 1}, 2);
        assertArrayEquals(new int[][] {{1, 3}, {2, 0}, {4}}, batches.toArray(int[][]::new));
    }

    @Test
    void oneRowIsOneBatch() {
        assertArrayEquals(
                new int[][] {{0}}, BatchSampler.grouped(new int[] {4}, 24, 0, 1).toArray(int[][]::new));
    }
}
