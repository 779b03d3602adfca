package dev.merapi.cli;

import dev.merapi.engine.Device;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.ProblemType;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.tasks.InputSettings;
import dev.merapi.tasks.OrdinalRegressor;
import dev.merapi.tasks.SpanExtractor;
import dev.merapi.tasks.TextClassifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// How a trained model is used. Where an option is left out, the model's folder says what it was trained with.
final class UseOptions {
    private static final double EVEN = 0.5;

    @Option(names = "--max-length", paramLabel = "N", description = "Most tokens of a row; without it, as in training.")
    Integer maxLength;

    @Option(
            names = "--normalize-text",
            negatable = true,
            description = "Normalize texts, or not; without it, as in training.")
    Boolean normalizeText;

    @Option(
            names = "--threshold",
            paramLabel = "P",
            description = "A label holds from this probability on (multilabel); without it, as in training.")
    Double threshold;

    @Option(
            names = "--thresholds",
            paramLabel = "FILE",
            description = "A probability a label: the thresholds.json of train multilabel --folds.")
    Path thresholds;

    @Mixin
    DtypeOption dtype;

    /// @param names of an ordinal model's labels, in place of its own; empty for its own
    TrainedModel open(Task task, Path folder, List<String> names, Device device) {
        if (task != Task.MULTILABEL && (threshold != null || thresholds != null))
            throw new UsageException("--threshold and --thresholds: not options of " + task + "; leave them out");
        if (threshold != null && thresholds != null)
            throw new UsageException("--threshold: expected no --thresholds beside it; leave one out");
        if (threshold != null && !(threshold > 0 && threshold < 1))
            throw new UsageException("--threshold: expected a probability between 0 and 1, got " + threshold);
        TrainedModel model = load(task, folder, names, dtype.load(device));
        if (task != Task.ORDINAL && !names.isEmpty() && !names.equals(model.labels()))
            throw new UsageException("--labels: expected those of the model, " + model.labels() + ", got " + names
                    + "; leave the option out");
        return model;
    }

    private TrainedModel load(Task task, Path folder, List<String> names, LoadOptions options) {
        return switch (task) {
            case PAIR_CLASSIFICATION ->
                new TrainedModel.Classes(
                        classifier(task, ProblemType.SINGLE_LABEL_CLASSIFICATION, folder, options), false);
            case MULTILABEL -> {
                TextClassifier classifier = classifier(task, ProblemType.MULTI_LABEL_CLASSIFICATION, folder, options);
                yield new TrainedModel.Classes(
                        classifier, true, thresholds(folder, classifier.model().labels()));
            }
            case SPAN_EXTRACTION -> {
                SpanExtractor saved = SpanExtractor.fromPretrained(folder, options);
                yield new TrainedModel.Spans(
                        new SpanExtractor(saved.model(), saved.tokenizer(), input(saved.input()), saved.wholeText()));
            }
            case ORDINAL -> {
                OrdinalRegressor saved = OrdinalRegressor.fromPretrained(folder, options);
                OrdinalRegressor regressor = new OrdinalRegressor(
                        saved.model(),
                        saved.tokenizer(),
                        input(saved.input()),
                        saved.labels(),
                        saved.method(),
                        saved.median());
                yield new TrainedModel.Ordered(
                        names.isEmpty() ? regressor : regressor.labels(names.toArray(String[]::new)));
            }
        };
    }

    /// One a label from the file, or one for all.
    private double[] thresholds(Path folder, List<String> labels) {
        if (threshold != null) return new double[] {threshold};
        if (thresholds == null) {
            Path settings = folder.resolve("settings.json");
            return new double[] {Files.exists(settings) ? Json.read(settings).number("threshold", EVEN) : EVEN};
        }
        Json.Obj file = Json.read(thresholds);
        double[] values = labels.stream().mapToDouble(file::number).toArray();
        for (double value : values)
            if (!(value > 0 && value < 1))
                throw new UsageException(
                        "--thresholds: expected probabilities between 0 and 1 in " + thresholds + ", got " + value);
        return values;
    }

    private TextClassifier classifier(Task task, ProblemType type, Path folder, LoadOptions options) {
        TextClassifier classifier = TextClassifier.fromPretrained(folder, options);
        ProblemType found = classifier.model().problemType();
        if (found != type)
            throw new UsageException("--model " + folder + ": expected a model for " + task + ", of problem_type "
                    + type.name().toLowerCase(Locale.ROOT) + ", got "
                    + found.name().toLowerCase(Locale.ROOT)
                    + "; use the task that it was trained for, or correct its config.json");
        return classifier.with(input(classifier.input()));
    }

    private InputSettings input(InputSettings saved) {
        return new InputSettings(
                maxLength == null ? saved.maxLength() : maxLength,
                normalizeText == null ? saved.normalizeText() : normalizeText);
    }
}
