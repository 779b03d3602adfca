package dev.merapi.cli;

import dev.merapi.train.BestBy;
import dev.merapi.train.SchedulerType;
import dev.merapi.train.TrainingSettings;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/// The options of every training, under Hugging Face's names; see [TrainingSettings].
final class TrainingOptions {
    private static final TrainingSettings DEFAULT = TrainingSettings.DEFAULT;

    @Option(names = "--num-train-epochs", paramLabel = "N", description = "How often every example is seen.")
    int numTrainEpochs = DEFAULT.numTrainEpochs();

    @Option(names = "--max-steps", paramLabel = "N", description = "End after so many optimizer steps; 0 for no limit.")
    int maxSteps = DEFAULT.maxSteps();

    @Option(names = "--per-device-train-batch-size", paramLabel = "N", description = "Rows of a training batch.")
    int perDeviceTrainBatchSize = DEFAULT.perDeviceTrainBatchSize();

    @Option(names = "--per-device-eval-batch-size", paramLabel = "N", description = "Rows of an evaluation batch.")
    int perDeviceEvalBatchSize = DEFAULT.perDeviceEvalBatchSize();

    @Option(names = "--gradient-accumulation-steps", paramLabel = "N", description = "Batches an optimizer step.")
    int gradientAccumulationSteps = DEFAULT.gradientAccumulationSteps();

    @Option(names = "--learning-rate", paramLabel = "X", description = "The highest learning rate.")
    double learningRate = DEFAULT.learningRate();

    @Option(
            names = "--lr-scheduler-type",
            showDefaultValue = Visibility.NEVER,
            paramLabel = "HOW",
            description = "linear-warmup (from a third, then constant; the default), linear, cosine, constant.")
    SchedulerType lrSchedulerType = DEFAULT.lrSchedulerType();

    @Option(names = "--warmup-ratio", paramLabel = "X", description = "Share of all steps that warm up.")
    double warmupRatio = DEFAULT.warmupRatio();

    @Option(names = "--warmup-steps", paramLabel = "N", description = "Steps that warm up, instead of a share.")
    int warmupSteps = DEFAULT.warmupSteps();

    @Option(names = "--weight-decay", paramLabel = "X", description = "AdamW's decoupled decay.")
    double weightDecay = DEFAULT.weightDecay();

    @Option(
            names = "--decay-biases-and-norms",
            negatable = true,
            fallbackValue = "true",
            description = "Whether biases and layer norms decay too.")
    boolean decayBiasesAndNorms = DEFAULT.decayBiasesAndNorms();

    @Option(names = "--adam-beta1", paramLabel = "X", description = "Decay of the first moment.")
    double adamBeta1 = DEFAULT.adamBeta1();

    @Option(names = "--adam-beta2", paramLabel = "X", description = "Decay of the second moment.")
    double adamBeta2 = DEFAULT.adamBeta2();

    @Option(names = "--adam-epsilon", paramLabel = "X", description = "Added to the root of the second moment.")
    double adamEpsilon = DEFAULT.adamEpsilon();

    @Option(
            names = "--max-grad-norm",
            paramLabel = "X",
            description = "Gradients are scaled down to this norm; 0 for never.")
    double maxGradNorm = DEFAULT.maxGradNorm();

    @Option(
            names = "--metric-for-best-model",
            showDefaultValue = Visibility.NEVER,
            paramLabel = "METRIC",
            description = "accuracy, micro-f1, macro-f1 (the default) or loss; its best epoch is kept.")
    BestBy metricForBestModel = DEFAULT.metricForBestModel();

    @Option(
            names = "--patience",
            paramLabel = "N",
            description = "Stop after so many epochs without a better one; 0 for never.")
    int patience = DEFAULT.patience();

    @Option(names = "--seed", paramLabel = "N", description = "Of the order of examples, dropout and new weights.")
    long seed = DEFAULT.seed();

    TrainingSettings settings() {
        return new TrainingSettings(
                numTrainEpochs,
                maxSteps,
                perDeviceTrainBatchSize,
                perDeviceEvalBatchSize,
                gradientAccumulationSteps,
                learningRate,
                lrSchedulerType,
                warmupRatio,
                warmupSteps,
                weightDecay,
                decayBiasesAndNorms,
                adamBeta1,
                adamBeta2,
                adamEpsilon,
                maxGradNorm,
                metricForBestModel,
                patience,
                seed);
    }
}
