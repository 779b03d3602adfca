package dev.merapi.train;

import dev.merapi.data.BatchSampler;
import java.util.List;

/// How many rows go together.
///
/// @param perDeviceTrainBatchSize rows of a training batch
/// @param perDeviceEvalBatchSize rows of an evaluation batch
/// @param gradientAccumulationSteps batches whose gradients are averaged in one optimizer step
/// @param groupByLength whether rows of like length make a training batch, which padded batches need for
///     speed; packed ones do not, and their largest is twice as large then
public record Batching(
        int perDeviceTrainBatchSize, int perDeviceEvalBatchSize, int gradientAccumulationSteps, boolean groupByLength) {
    public static final Batching DEFAULT = new Batching(24, 32, 1);

    /// Rows of any length together.
    public Batching(int perDeviceTrainBatchSize, int perDeviceEvalBatchSize, int gradientAccumulationSteps) {
        this(perDeviceTrainBatchSize, perDeviceEvalBatchSize, gradientAccumulationSteps, false);
    }

    public Batching {
        Bounds.atLeast("per-device-train-batch-size", perDeviceTrainBatchSize, 1);
        Bounds.atLeast("per-device-eval-batch-size", perDeviceEvalBatchSize, 1);
        Bounds.atLeast("gradient-accumulation-steps", gradientAccumulationSteps, 1);
    }

    public Batching perDeviceTrainBatchSize(int rows) {
        return new Batching(rows, perDeviceEvalBatchSize, gradientAccumulationSteps, groupByLength);
    }

    public Batching perDeviceEvalBatchSize(int rows) {
        return new Batching(perDeviceTrainBatchSize, rows, gradientAccumulationSteps, groupByLength);
    }

    public Batching gradientAccumulationSteps(int batches) {
        return new Batching(perDeviceTrainBatchSize, perDeviceEvalBatchSize, batches, groupByLength);
    }

    public Batching groupByLength(boolean group) {
        return new Batching(perDeviceTrainBatchSize, perDeviceEvalBatchSize, gradientAccumulationSteps, group);
    }

    /// The rows of an epoch's training batches.
    ///
    /// @param lengths tokens of each row
    List<int[]> epoch(int[] lengths, long seed, int epoch) {
        return groupByLength
                ? BatchSampler.grouped(lengths, perDeviceTrainBatchSize, seed, epoch)
                : BatchSampler.shuffled(lengths.length, perDeviceTrainBatchSize, seed, epoch);
    }

    /// Optimizer steps of an epoch over so many rows.
    int stepsPerEpoch(int rows) {
        return Math.ceilDiv(Math.ceilDiv(rows, perDeviceTrainBatchSize), gradientAccumulationSteps);
    }
}
