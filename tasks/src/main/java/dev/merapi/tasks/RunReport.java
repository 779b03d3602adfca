package dev.merapi.tasks;

import dev.merapi.engine.kernel.Precision;
import dev.merapi.metrics.ClassScore;
import dev.merapi.metrics.ConfusionMatrix;
import dev.merapi.metrics.Evaluation;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.train.ScheduleOptions;
import dev.merapi.train.TrainEvent.Outcome;
import dev.merapi.train.TrainingSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The texts of `settings.json` and `metrics.json`.
final class RunReport {
    private RunReport() {}

    static Json.Obj settings(FineTuning run, TrainingSettings training, Recipe<?> recipe, InputSettings input) {
        Json.Obj settings = Json.Obj.empty(OutputFolder.SETTINGS)
                .with("problem_type", recipe.problemType())
                .with("start", run.start().name())
                .with("train", run.train().source())
                .with("dev", run.dev().source())
                .with("labels", Json.Arr.of(run.train().labels().toArray(String[]::new)));
        settings = input.writeTo(settings);
        if (recipe.dropout() != null) settings = settings.with("dropout", Json.Num.of(recipe.dropout()));
        settings = recipe.record(settings.with("freeze_encoder", recipe.freezeEncoder()));
        return training(settings, training);
    }

    private static Json.Obj training(Json.Obj settings, TrainingSettings training) {
        return settings.with("num_train_epochs", training.numTrainEpochs())
                .with("max_steps", training.maxSteps())
                .with("per_device_train_batch_size", training.batching().perDeviceTrainBatchSize())
                .with("per_device_eval_batch_size", training.batching().perDeviceEvalBatchSize())
                .with("gradient_accumulation_steps", training.batching().gradientAccumulationSteps())
                .with("group_by_length", training.batching().groupByLength())
                .with("learning_rate", training.rate().learningRate())
                .with(
                        "lr_scheduler_type",
                        training.rate().lrSchedulerType().name().toLowerCase(Locale.ROOT))
                .with("lr_scheduler_kwargs", options(training.rate().lrSchedulerKwargs()))
                .with("warmup_ratio", training.rate().warmupRatio())
                .with("warmup_steps", training.rate().warmupSteps())
                .with("weight_decay", training.optimization().weightDecay())
                .with("decay_biases_and_norms", training.optimization().decayBiasesAndNorms())
                .with("adam_beta1", training.optimization().adamBeta1())
                .with("adam_beta2", training.optimization().adamBeta2())
                .with("adam_epsilon", training.optimization().adamEpsilon())
                .with("max_grad_norm", training.tuning().maxGradNorm())
                .with(
                        "metric_for_best_model",
                        training.metricForBestModel().name().toLowerCase(Locale.ROOT))
                .with("patience", training.patience())
                .with("seed", training.seed())
                .with("optim", training.optimization().optim().name().toLowerCase(Locale.ROOT))
                .with("momentum", training.optimization().momentum())
                .with("layerwise_lr_decay", training.tuning().layerwiseLrDecay())
                .with("ema_decay", training.tuning().emaDecay())
                .with("r_drop_alpha", training.tuning().rDropAlpha())
                .with("fgm_epsilon", training.tuning().fgmEpsilon())
                .with("bf16", training.computation().precision() == Precision.BF16)
                .with("fp16", training.computation().precision() == Precision.FP16)
                .with("tf32", training.computation().precision() == Precision.TF32)
                .with("eval_steps", training.pace().evalSteps())
                .with("evals_per_epoch", training.pace().evalsPerEpoch());
    }

    private static Json options(ScheduleOptions options) {
        Json.Obj json = Json.Obj.empty(OutputFolder.SETTINGS);
        for (Map.Entry<String, String> option : options.values().entrySet())
            json = json.with(option.getKey(), option.getValue());
        return json;
    }

    /// Of the model that is kept, while the run goes on.
    static String metrics(int epoch, Evaluation evaluation) {
        return evaluation(Json.Obj.empty(OutputFolder.METRICS).with("best_epoch", epoch), evaluation)
                        .pretty() + "\n";
    }

    /// Of the model that is kept, and of the run.
    ///
    /// @param evaluation null where no epoch was evaluated
    static String metrics(Outcome outcome, Evaluation evaluation) {
        Json.Obj metrics = Json.Obj.empty(OutputFolder.METRICS)
                .with("best_epoch", outcome.bestEpoch())
                .with("epochs", outcome.epochs())
                .with("steps", outcome.steps())
                .with("end", outcome.end().name().toLowerCase(Locale.ROOT))
                .with("train_loss", outcome.loss())
                .with("train_seconds", outcome.speed().seconds())
                .with("train_rows_per_second", outcome.speed().rowsPerSecond())
                .with("train_tokens_per_second", outcome.speed().tokensPerSecond());
        return (evaluation == null ? metrics : evaluation(metrics, evaluation)).pretty() + "\n";
    }

    /// Adds what an evaluation found.
    static Json.Obj evaluation(Json.Obj json, Evaluation evaluation) {
        json = json.with("rows", evaluation.metrics().rows());
        for (Map.Entry<String, Double> metric : evaluation.metrics().values().entrySet()) {
            json = json.with(metric.getKey(), metric.getValue());
        }
        if (evaluation.classes().isEmpty()) return json;
        json = json.with(
                "classes",
                new Json.Arr(evaluation.classes().stream().map(RunReport::score).toList()));
        return evaluation.confusion().isEmpty()
                ? json
                : json.with("confusion", confusion(evaluation.confusion().get()));
    }

    private static Json score(ClassScore score) {
        return Json.Obj.empty(OutputFolder.METRICS)
                .with("label", score.label())
                .with("precision", score.precision())
                .with("recall", score.recall())
                .with("f1", score.f1())
                .with("support", score.support());
    }

    /// [K, K], a list for each expected class.
    private static Json confusion(ConfusionMatrix matrix) {
        List<Json> rows = new ArrayList<>();
        for (int label = 0; label < matrix.classes(); label++) {
            List<Json> row = new ArrayList<>();
            for (int prediction = 0; prediction < matrix.classes(); prediction++) {
                row.add(Json.Num.of(matrix.count(label, prediction)));
            }
            rows.add(new Json.Arr(row));
        }
        return new Json.Arr(rows);
    }
}
