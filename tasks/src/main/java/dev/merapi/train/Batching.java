package dev.merapi.train;

/// How many rows go together.
///
/// @param perDeviceTrainBatchSize rows of a training batch
/// @param perDeviceEvalBatchSize rows of an evaluation batch
/// @param gradientAccumulationSteps batches whose gradients are averaged in one optimizer step
public record Batching(int perDeviceTrainBatchSize, int perDeviceEvalBatchSize, int gradientAccumulationSteps) {
    public static final Batching DEFAULT = new Batching(24, 32, 1);

    public Batching {
        Bounds.atLeast("per-device-train-batch-size", perDeviceTrainBatchSize, 1);
        Bounds.atLeast("per-device-eval-batch-size", perDeviceEvalBatchSize, 1);
        Bounds.atLeast("gradient-accumulation-steps", gradientAccumulationSteps, 1);
    }

    /// Optimizer steps of an epoch over so many rows.
    int stepsPerEpoch(int rows) {
        return Math.ceilDiv(Math.ceilDiv(rows, perDeviceTrainBatchSize), gradientAccumulationSteps);
    }
}
