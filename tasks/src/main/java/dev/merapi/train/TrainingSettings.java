package dev.merapi.train;

import dev.merapi.nn.Parameter;
import dev.merapi.nn.optim.LayerwiseDecay;
import dev.merapi.nn.optim.Optimizer;
import dev.merapi.nn.optim.Schedule;
import java.util.List;

/// How a model is trained, under the names that Hugging Face's `TrainingArguments` gave them. One starts from
/// the default and says what shall be different:
///
///     TrainingSettings.DEFAULT.numTrainEpochs(4).perDeviceTrainBatchSize(16).learningRate(1e-4).patience(2)
///
/// @param numTrainEpochs how often every example is seen
/// @param maxSteps ends the run after so many optimizer steps, without an evaluation if that is inside an
///     epoch; 0 for no such limit
/// @param batching how many rows go together
/// @param rate how large the steps are
/// @param optimization what changes the weights
/// @param tuning what is done to gradients and weights around it
/// @param computation how the passes are computed
/// @param metricForBestModel which evaluation's model is kept; null for the task's own metric
/// @param patience stops after so many evaluations that were not better than the best; 0 to run to the end
/// @param seed of the order of examples, dropout and new weights
/// @param pace when the run evaluates, saves its state and ends
/// @param trial whether it is only tried out
public record TrainingSettings(
        int numTrainEpochs,
        int maxSteps,
        Batching batching,
        Rate rate,
        Optimization optimization,
        Tuning tuning,
        Computation computation,
        BestBy metricForBestModel,
        int patience,
        long seed,
        Pace pace,
        Trial trial) {

    /// Three epochs of batches of 24 at 5e-5, a tenth of the steps to warm up, as is usual for fine-tuning a
    /// BERT, with AdamW; an evaluation after each epoch, no checkpoints.
    public static final TrainingSettings DEFAULT = new TrainingSettings(
            3,
            0,
            Batching.DEFAULT,
            Rate.DEFAULT,
            Optimization.DEFAULT,
            Tuning.DEFAULT,
            Computation.DEFAULT,
            null,
            0,
            42,
            Pace.DEFAULT,
            Trial.NONE);

    public TrainingSettings {
        Bounds.atLeast("num-train-epochs", numTrainEpochs, 1);
        Bounds.atLeast("max-steps", maxSteps, 0);
        Bounds.atLeast("patience", patience, 0);
    }

    /// Optimizer steps of an epoch over so many rows.
    int stepsPerEpoch(int rows) {
        return batching.stepsPerEpoch(rows);
    }

    /// Optimizer steps of the run.
    int totalSteps(int rows) {
        int steps = Math.multiplyExact(numTrainEpochs, stepsPerEpoch(rows));
        return maxSteps == 0 ? steps : Math.min(steps, maxSteps);
    }

    /// @param layers of the encoder, for rates that differ by layer
    Optimizer optimizer(List<Parameter> parameters, int layers) {
        Optimizer optimizer = optimization.optimizer(parameters);
        if (tuning.layerwiseLrDecay() < 1) optimizer.rateFactors(new LayerwiseDecay(layers, tuning.layerwiseLrDecay()));
        return optimizer;
    }

    Schedule schedule(int rows) {
        int total = totalSteps(rows);
        boolean larger =
                metricForBestModel == null || metricForBestModel.metric().largerIsBetter();
        return rate.lrSchedulerType()
                .schedule(
                        rate.learningRate(),
                        rate.warmup(total),
                        stepsPerEpoch(rows),
                        total,
                        larger,
                        rate.lrSchedulerKwargs());
    }

    /// These settings with the metric of a task, where none was chosen.
    public TrainingSettings orBestBy(BestBy metric) {
        return metricForBestModel != null ? this : metricForBestModel(metric);
    }

    public TrainingSettings numTrainEpochs(int epochs) {
        return with(epochs, maxSteps, metricForBestModel, patience, seed);
    }

    public TrainingSettings maxSteps(int steps) {
        return with(numTrainEpochs, steps, metricForBestModel, patience, seed);
    }

    public TrainingSettings metricForBestModel(BestBy metric) {
        return with(numTrainEpochs, maxSteps, metric, patience, seed);
    }

    public TrainingSettings patience(int evaluations) {
        return with(numTrainEpochs, maxSteps, metricForBestModel, evaluations, seed);
    }

    public TrainingSettings seed(long other) {
        return with(numTrainEpochs, maxSteps, metricForBestModel, patience, other);
    }

    public TrainingSettings perDeviceTrainBatchSize(int rows) {
        return batching(batching.perDeviceTrainBatchSize(rows));
    }

    public TrainingSettings perDeviceEvalBatchSize(int rows) {
        return batching(batching.perDeviceEvalBatchSize(rows));
    }

    public TrainingSettings gradientAccumulationSteps(int batches) {
        return batching(batching.gradientAccumulationSteps(batches));
    }

    public TrainingSettings groupByLength(boolean group) {
        return batching(batching.groupByLength(group));
    }

    public TrainingSettings learningRate(double highest) {
        return rate(new Rate(
                highest, rate.lrSchedulerType(), rate.warmupRatio(), rate.warmupSteps(), rate.lrSchedulerKwargs()));
    }

    /// With its usual options.
    public TrainingSettings lrSchedulerType(SchedulerType type) {
        return rate(new Rate(rate.learningRate(), type, rate.warmupRatio(), rate.warmupSteps()));
    }

    /// A share of all steps warms up.
    public TrainingSettings warmupRatio(double share) {
        return rate(new Rate(rate.learningRate(), rate.lrSchedulerType(), share, 0, rate.lrSchedulerKwargs()));
    }

    /// So many steps warm up.
    public TrainingSettings warmupSteps(int steps) {
        return rate(new Rate(rate.learningRate(), rate.lrSchedulerType(), 0, steps, rate.lrSchedulerKwargs()));
    }

    public TrainingSettings batching(Batching other) {
        return with(other, rate, optimization, tuning, pace, trial);
    }

    public TrainingSettings rate(Rate other) {
        return with(batching, other, optimization, tuning, pace, trial);
    }

    public TrainingSettings optimization(Optimization other) {
        return with(batching, rate, other, tuning, pace, trial);
    }

    public TrainingSettings tuning(Tuning other) {
        return with(batching, rate, optimization, other, pace, trial);
    }

    public TrainingSettings computation(Computation other) {
        return new TrainingSettings(
                numTrainEpochs,
                maxSteps,
                batching,
                rate,
                optimization,
                tuning,
                other,
                metricForBestModel,
                patience,
                seed,
                pace,
                trial);
    }

    public TrainingSettings pace(Pace other) {
        return with(batching, rate, optimization, tuning, other, trial);
    }

    public TrainingSettings trial(Trial other) {
        return with(batching, rate, optimization, tuning, pace, other);
    }

    private TrainingSettings with(int epochs, int maxSteps, BestBy metric, int patience, long seed) {
        return new TrainingSettings(
                epochs,
                maxSteps,
                batching,
                rate,
                optimization,
                tuning,
                computation,
                metric,
                patience,
                seed,
                pace,
                trial);
    }

    private TrainingSettings with(
            Batching batching, Rate rate, Optimization optimization, Tuning tuning, Pace pace, Trial trial) {
        return new TrainingSettings(
                numTrainEpochs,
                maxSteps,
                batching,
                rate,
                optimization,
                tuning,
                computation,
                metricForBestModel,
                patience,
                seed,
                pace,
                trial);
    }
}
