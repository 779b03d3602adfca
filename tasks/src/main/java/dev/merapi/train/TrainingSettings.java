package dev.merapi.train;

import dev.merapi.nn.Parameter;
import dev.merapi.nn.optim.AdamW;
import dev.merapi.nn.optim.Schedule;
import java.util.List;

/// How a model is trained, under the names that Hugging Face's `TrainingArguments` gave them.
///
/// @param numTrainEpochs how often every example is seen
/// @param maxSteps ends the run after so many optimizer steps, without an evaluation if that is inside an epoch; 0
///     for no such limit
/// @param perDeviceTrainBatchSize rows of a training batch
/// @param perDeviceEvalBatchSize rows of an evaluation batch
/// @param gradientAccumulationSteps batches whose gradients are averaged in one optimizer step
/// @param learningRate the highest learning rate
/// @param lrSchedulerType how the learning rate moves
/// @param warmupRatio share of all steps that warm up; counts where `warmupSteps` is 0
/// @param warmupSteps steps that warm up; 0 to go by `warmupRatio`
/// @param weightDecay AdamW's decoupled decay
/// @param decayBiasesAndNorms whether biases and layer norms decay too, PyTorch's default; otherwise they are left
///     out, transformers' default
/// @param adamBeta1 decay of the first moment
/// @param adamBeta2 decay of the second moment
/// @param adamEpsilon added to the root of the second moment
/// @param maxGradNorm gradients are scaled down to this L2 norm; 0 leaves them as they are
/// @param metricForBestModel which epoch is kept
/// @param patience stops after so many epochs that were not better than the best; 0 to run them all
/// @param seed of the order of examples, dropout and new weights
public record TrainingSettings(
        int numTrainEpochs,
        int maxSteps,
        int perDeviceTrainBatchSize,
        int perDeviceEvalBatchSize,
        int gradientAccumulationSteps,
        double learningRate,
        SchedulerType lrSchedulerType,
        double warmupRatio,
        int warmupSteps,
        double weightDecay,
        boolean decayBiasesAndNorms,
        double adamBeta1,
        double adamBeta2,
        double adamEpsilon,
        double maxGradNorm,
        BestBy metricForBestModel,
        int patience,
        long seed) {

    /// Three epochs of batches of 24 at 5e-5, a tenth of the steps to warm up, as is usual for fine-tuning a BERT.
    public static final TrainingSettings DEFAULT = new TrainingSettings(
            3,
            0,
            24,
            32,
            1,
            5e-5,
            SchedulerType.LINEAR_WARMUP,
            0.1,
            0,
            0.01,
            true,
            0.9,
            0.999,
            1e-8,
            1.0,
            BestBy.MACRO_F1,
            0,
            42);

    public TrainingSettings {
        atLeast("num-train-epochs", numTrainEpochs, 1);
        atLeast("max-steps", maxSteps, 0);
        atLeast("per-device-train-batch-size", perDeviceTrainBatchSize, 1);
        atLeast("per-device-eval-batch-size", perDeviceEvalBatchSize, 1);
        atLeast("gradient-accumulation-steps", gradientAccumulationSteps, 1);
        between("learning-rate", learningRate, 0, Double.MAX_VALUE);
        between("warmup-ratio", warmupRatio, 0, 1);
        atLeast("warmup-steps", warmupSteps, 0);
        between("weight-decay", weightDecay, 0, Double.MAX_VALUE);
        between("adam-beta1", adamBeta1, 0, Math.nextDown(1.0));
        between("adam-beta2", adamBeta2, 0, Math.nextDown(1.0));
        between("adam-epsilon", adamEpsilon, 0, Double.MAX_VALUE);
        between("max-grad-norm", maxGradNorm, 0, Double.MAX_VALUE);
        atLeast("patience", patience, 0);
    }

    /// Optimizer steps of an epoch over so many rows.
    int stepsPerEpoch(int rows) {
        int batches = Math.ceilDiv(rows, perDeviceTrainBatchSize);
        return Math.ceilDiv(batches, gradientAccumulationSteps);
    }

    /// Optimizer steps of the run.
    int totalSteps(int rows) {
        int steps = Math.multiplyExact(numTrainEpochs, stepsPerEpoch(rows));
        return maxSteps == 0 ? steps : Math.min(steps, maxSteps);
    }

    AdamW optimizer(List<Parameter> parameters) {
        AdamW adam = AdamW.of(parameters)
                .betas(adamBeta1, adamBeta2)
                .eps(adamEpsilon)
                .weightDecay(weightDecay);
        return decayBiasesAndNorms ? adam : adam.noDecay(Parameter::isBiasOrNorm);
    }

    Schedule schedule(int totalSteps) {
        int warmup = warmupSteps > 0 ? warmupSteps : (int) Math.rint(warmupRatio * totalSteps);
        return switch (lrSchedulerType) {
            case LINEAR_WARMUP -> Schedule.linearWarmup(learningRate, warmup);
            case LINEAR -> Schedule.linear(learningRate, warmup, totalSteps);
            case COSINE -> Schedule.cosine(learningRate, warmup, totalSteps);
            case CONSTANT -> Schedule.constant(learningRate);
        };
    }

    private static void atLeast(String name, int value, int least) {
        if (value < least) {
            throw new SettingsException(name + ": expected at least " + least + ", got " + value);
        }
    }

    private static void between(String name, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw new SettingsException(name + ": expected a number "
                    + (most == Double.MAX_VALUE ? "of at least " + least : "from " + least + " to " + most) + ", got "
                    + value);
        }
    }
}
