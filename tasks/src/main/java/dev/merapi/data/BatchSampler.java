package dev.merapi.data;

import dev.merapi.engine.kernel.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Says which rows make a batch. Which rows meet, and when, is a function of seed and epoch alone.
public final class BatchSampler {
    private static final int LARGEST_GROUP = 50; // batches, as in transformers' LengthGroupedSampler

    private BatchSampler() {}

    /// The batches of a training epoch: all rows in random order, cut; the last batch takes the rest.
    public static List<int[]> shuffled(int rows, int batchSize, long seed, int epoch) {
        List<int[]> batches = new ArrayList<>();
        cut(Philox.permutation(rows, seed, epoch), batchSize, batches);
        return batches;
    }

    /// The batches of a training epoch, each of rows of like length; all of `batchSize` rows but for one that
    /// takes the rest.
    ///
    /// 1. All rows are shuffled, then cut into groups of up to 50 batches (fewer where there would be less than
    ///    four groups).
    /// 2. Each group is sorted by length, longest first, and cut into batches.
    /// 3. The batches are shuffled.
    ///
    /// @param lengths tokens of each row
    public static List<int[]> grouped(int[] lengths, int batchSize, long seed, int epoch) {
        int[] order = Philox.permutation(lengths.length, seed, epoch);
        int group = batchSize * Math.clamp(lengths.length / (4 * batchSize), 1, LARGEST_GROUP);
        List<int[]> batches = new ArrayList<>();
        for (int from = 0; from < order.length; from += group) {
            int[] rows = Arrays.copyOfRange(order, from, Math.min(order.length, from + group));
            cut(longestFirst(rows, lengths), batchSize, batches);
        }
        // The complement of the seed: else the order of batches would follow from that of rows.
        return Arrays.stream(Philox.permutation(batches.size(), ~seed, epoch))
                .mapToObj(batches::get)
                .toList();
    }

    /// Batches for evaluation: the longest rows first, so that memory is at its largest from the start.
    ///
    /// @param lengths tokens of each row
    public static List<int[]> byLength(int[] lengths, int batchSize) {
        List<int[]> batches = new ArrayList<>();
        cut(longestFirst(IntStream.range(0, lengths.length).toArray(), lengths), batchSize, batches);
        return batches;
    }

    /// Rows of equal length stay in their order.
    private static int[] longestFirst(int[] rows, int[] lengths) {
        return Arrays.stream(rows)
                .boxed()
                .sorted(Comparator.comparingInt(row -> -lengths[row]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static void cut(int[] rows, int batchSize, List<int[]> batches) {
        for (int from = 0; from < rows.length; from += batchSize) {
            batches.add(Arrays.copyOfRange(rows, from, Math.min(rows.length, from + batchSize)));
        }
    }
}
