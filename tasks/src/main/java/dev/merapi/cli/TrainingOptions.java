package dev.merapi.cli;

import dev.merapi.engine.kernel.Precision;
import dev.merapi.train.Batching;
import dev.merapi.train.BestBy;
import dev.merapi.train.Computation;
import dev.merapi.train.Optimization;
import dev.merapi.train.OptimizerType;
import dev.merapi.train.Pace;
import dev.merapi.train.Rate;
import dev.merapi.train.ScheduleOptions;
import dev.merapi.train.SchedulerType;
import dev.merapi.train.TrainingSettings;
import dev.merapi.train.Trial;
import dev.merapi.train.Tuning;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
    int perDeviceTrainBatchSize = DEFAULT.batching().perDeviceTrainBatchSize();

    @Option(names = "--per-device-eval-batch-size", paramLabel = "N", description = "Rows of an evaluation batch.")
    int perDeviceEvalBatchSize = DEFAULT.batching().perDeviceEvalBatchSize();

    @Option(names = "--gradient-accumulation-steps", paramLabel = "N", description = "Batches an optimizer step.")
    int gradientAccumulationSteps = DEFAULT.batching().gradientAccumulationSteps();

    @Option(
            names = "--group-by-length",
            description = "Rows of like length make a batch; the longest batches then need the most memory.")
    boolean groupByLength = DEFAULT.batching().groupByLength();

    @Option(names = "--learning-rate", paramLabel = "X", description = "The highest learning rate.")
    double learningRate = DEFAULT.rate().learningRate();

    @Option(
            names = "--lr-scheduler-type",
            showDefaultValue = Visibility.NEVER,
            paramLabel = "HOW",
            description =
                    "linear-warmup (from a third, then constant; the default), linear, cosine, cosine-with-min-lr,"
                            + " cosine-warmup-with-min-lr,"
                            + " cosine-with-restarts, polynomial, inverse-sqrt, warmup-stable-decay, constant,"
                            + " constant-with-warmup, step, one-cycle, reduce-lr-on-plateau, greedy.")
    SchedulerType lrSchedulerType = DEFAULT.rate().lrSchedulerType();

    @Option(
            names = "--lr-scheduler-kwargs",
            paramLabel = "NAME=VALUE,…",
            split = ",",
            hideParamSyntax = true,
            showDefaultValue = Visibility.NEVER,
            description = "Options of the schedule under their names in PyTorch and transformers, as num_cycles=2.")
    Map<String, String> lrSchedulerKwargs = Map.of();

    @Option(names = "--warmup-ratio", paramLabel = "X", description = "Share of all steps that warm up.")
    double warmupRatio = DEFAULT.rate().warmupRatio();

    @Option(names = "--warmup-steps", paramLabel = "N", description = "Steps that warm up, instead of a share.")
    int warmupSteps = DEFAULT.rate().warmupSteps();

    @Option(
            names = "--weight-decay",
            paramLabel = "X",
            description = "Weight decay, decoupled in adamw and lamb: 0.01 there, else 0.")
    Double weightDecay;

    @Option(
            names = "--decay-biases-and-norms",
            negatable = true,
            fallbackValue = "true",
            description = "Whether biases and layer norms decay too.")
    boolean decayBiasesAndNorms = DEFAULT.optimization().decayBiasesAndNorms();

    @Option(names = "--adam-beta1", paramLabel = "X", description = "Decay of the first moment.")
    double adamBeta1 = DEFAULT.optimization().adamBeta1();

    @Option(names = "--adam-beta2", paramLabel = "X", description = "Decay of the second moment.")
    double adamBeta2 = DEFAULT.optimization().adamBeta2();

    @Option(names = "--adam-epsilon", paramLabel = "X", description = "Added to the root of the second moment.")
    double adamEpsilon = DEFAULT.optimization().adamEpsilon();

    @Option(
            names = "--max-grad-norm",
            paramLabel = "X",
            description = "Gradients are scaled down to this norm; 0 for never.")
    double maxGradNorm = DEFAULT.tuning().maxGradNorm();

    @Option(
            names = "--metric-for-best-model",
            showDefaultValue = Visibility.NEVER,
            paramLabel = "METRIC",
            description =
                    "accuracy, micro-f1, macro-f1, matthews, roc-auc, average-precision, jaccard, exact-match, mae,"
                            + " rmse, quadratic-kappa, pearson, spearman or loss, as the task has them; the best"
                            + " evaluation's model is kept. Default: macro-f1, jaccard or mae.")
    BestBy metricForBestModel = DEFAULT.metricForBestModel();

    @Option(
            names = "--patience",
            paramLabel = "N",
            description = "Stop after so many evaluations without a better one; 0 for never.")
    int patience = DEFAULT.patience();

    @Option(names = "--seed", paramLabel = "N", description = "Of the order of examples, dropout and new weights.")
    long seed = DEFAULT.seed();

    @Option(names = "--optim", paramLabel = "HOW", description = "adamw, adam, sgd, adafactor or lamb.")
    OptimizerType optim = DEFAULT.optimization().optim();

    @Option(names = "--momentum", paramLabel = "X", description = "Of sgd.")
    double momentum = DEFAULT.optimization().momentum();

    @Option(
            names = "--layerwise-lr-decay",
            paramLabel = "X",
            description = "A layer's learning rate as a share of that of the layer above.")
    double layerwiseLrDecay = DEFAULT.tuning().layerwiseLrDecay();

    @Option(
            names = "--ema-decay",
            paramLabel = "X",
            description = "Evaluate and keep the exponential average of the weights; 0 for the weights themselves.")
    double emaDecay = DEFAULT.tuning().emaDecay();

    @Option(
            names = "--r-drop-alpha",
            paramLabel = "X",
            description = "Weight of the divergence of two passes with other dropout (R-Drop); 0 for none.")
    double rDropAlpha = DEFAULT.tuning().rDropAlpha();

    @Option(
            names = "--fgm-epsilon",
            paramLabel = "X",
            description = "Learn each batch also with word embeddings moved so far uphill (FGM); 0 for none.")
    double fgmEpsilon = DEFAULT.tuning().fgmEpsilon();

    @Option(
            names = "--bf16",
            description = "Matrix products in bfloat16, summed in float32. Exact, but slower on a CPU than float32.")
    boolean bf16;

    @Option(
            names = "--fp16",
            description = "Matrix products in float16 with dynamic loss scaling. Exact, but slower on a CPU.")
    boolean fp16;

    @Option(names = "--tf32", description = "Operands of linear layers in TensorFloat-32: for a GPU; slower on a CPU.")
    boolean tf32;

    @Option(
            names = "--gradient-checkpointing",
            description = "Compute layers again in the backward pass instead of keeping them: less memory, same bits.")
    boolean gradientCheckpointing;

    @Option(names = "--eval-steps", paramLabel = "N", description = "Evaluate after every so many steps; 0 for never.")
    int evalSteps = DEFAULT.pace().evalSteps();

    @Option(names = "--evals-per-epoch", paramLabel = "N", description = "Evaluations an epoch.")
    int evalsPerEpoch = DEFAULT.pace().evalsPerEpoch();

    @Option(
            names = "--save-steps",
            paramLabel = "N",
            description = "A checkpoint after every so many steps; 0: only when the run is stopped.")
    int saveSteps = DEFAULT.pace().saveSteps();

    @Option(names = "--save-total-limit", paramLabel = "N", description = "Keep so many checkpoints; 0 for all.")
    int saveTotalLimit = DEFAULT.pace().saveTotalLimit();

    @Option(
            names = "--max-time",
            paramLabel = "DURATION",
            converter = Seconds.class,
            description = "Stop after so much time, in seconds or as 45m or 1h30m, and save the state; 0 for never.")
    double maxTime = DEFAULT.pace().maxSeconds();

    @Option(
            names = "--fast-dev-run",
            paramLabel = "N",
            arity = "0..1",
            fallbackValue = "1",
            description = "Try everything on so many batches, and save nothing.")
    int fastDevRun = DEFAULT.trial().fastDevRun();

    @Option(
            names = "--overfit-batches",
            paramLabel = "N",
            description = "Learn the first so many batches by heart, to see that it can; 0 for all rows.")
    int overfitBatches = DEFAULT.trial().overfitBatches();

    @Option(
            names = "--detect-anomaly",
            description = "Check every operation, and name the first that gives NaN or infinity; slow.")
    boolean detectAnomaly;

    private Precision precision() {
        List<String> asked = new ArrayList<>();
        if (bf16) asked.add("--bf16");
        if (fp16) asked.add("--fp16");
        if (tf32) asked.add("--tf32");
        if (asked.size() > 1)
            throw new UsageException(String.join(" and ", asked) + ": expected one of them; leave the others out");
        return bf16 ? Precision.BF16 : fp16 ? Precision.FP16 : tf32 ? Precision.TF32 : Precision.FP32;
    }

    TrainingSettings settings() {
        return new TrainingSettings(
                numTrainEpochs,
                maxSteps,
                new Batching(perDeviceTrainBatchSize, perDeviceEvalBatchSize, gradientAccumulationSteps, groupByLength),
                new Rate(
                        learningRate,
                        lrSchedulerType,
                        warmupRatio,
                        warmupSteps,
                        new ScheduleOptions(lrSchedulerKwargs)),
                new Optimization(
                        optim,
                        weightDecay != null ? weightDecay : optim.weightDecay(),
                        decayBiasesAndNorms,
                        adamBeta1,
                        adamBeta2,
                        adamEpsilon,
                        momentum),
                new Tuning(maxGradNorm, layerwiseLrDecay, emaDecay, rDropAlpha, fgmEpsilon),
                new Computation(precision(), gradientCheckpointing),
                metricForBestModel,
                patience,
                seed,
                new Pace(evalSteps, evalsPerEpoch, saveSteps, saveTotalLimit, maxTime),
                new Trial(fastDevRun, overfitBatches, detectAnomaly));
    }
}
