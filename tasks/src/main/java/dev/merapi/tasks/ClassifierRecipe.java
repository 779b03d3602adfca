package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.Target;
import dev.merapi.engine.Device;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.Metric;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.ProblemType;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.report.Findings;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.train.BestBy;
import dev.merapi.train.Objective;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/// The recipe of the tasks that give a text some outputs.
///
/// @param type what the outputs mean
/// @param target what every example must come with
/// @param metrics what evaluations say
/// @param bestBy which of them decides
/// @param input how text becomes tokens
/// @param dropout of the whole model; null for its config's
/// @param freezeEncoder trains the head alone
/// @param sharedWeight whether all outputs share one weight and differ in their biases
/// @param outputs names of the model's outputs, by the labels of the data
/// @param objective the loss
/// @param scoring how good outputs are
/// @param finding what they say row by row
/// @param settings adds the task's own settings to `settings.json`
record ClassifierRecipe(
        ProblemType type,
        Class<? extends Target> target,
        List<Metric> metrics,
        BestBy bestBy,
        InputSettings input,
        Float dropout,
        boolean freezeEncoder,
        boolean sharedWeight,
        Function<List<String>, List<String>> outputs,
        Objective objective,
        Scoring scoring,
        Finding finding,
        UnaryOperator<Json.Obj> settings)
        implements Recipe<SequenceClassifier> {

    static final List<Metric> CLASSIFICATION =
            List.of(Metric.LOSS, Metric.ACCURACY, Metric.MICRO_F1, Metric.MACRO_F1, Metric.WEIGHTED_F1);

    /// How good outputs are.
    @FunctionalInterface
    interface Scoring {
        /// @param logits [rows][K], in the order of the examples
        /// @param data examples that all have the task's target
        Evaluation score(float[][] logits, Dataset data);
    }

    /// What outputs say row by row.
    @FunctionalInterface
    interface Finding {
        /// @param logits [rows][K], in the order of the examples
        Findings find(float[][] logits, Dataset data);
    }

    @Override
    public String problemType() {
        return type.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public SequenceClassifier start(Pretrained start, Dataset train, Float dropout, Device device, long seed) {
        Json.Obj config = start.config().without(SequenceClassifier.SHARED_WEIGHT);
        if (sharedWeight) config = config.with(SequenceClassifier.SHARED_WEIGHT, true);
        return start.config(config)
                .classifier(new LoadOptions(
                        outputs.apply(train.labels()), type, dropout, device, seed, true, Precision.FP32));
    }

    @Override
    public SequenceClassifier saved(Path folder, LoadOptions options) {
        return SequenceClassifier.fromPretrained(folder, options);
    }

    @Override
    public Prepared prepare(Dataset data, Tokenizer tokenizer, InputSettings input) {
        return new Prepared(
                input.encode(data.examples(), tokenizer),
                objective,
                logits -> scoring.score(logits, data),
                logits -> finding.find(logits, data));
    }

    @Override
    public Json.Obj record(Json.Obj json) {
        return settings.apply(json);
    }
}
