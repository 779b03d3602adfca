package dev.merapi.cli;

import dev.merapi.data.Dataset;
import dev.merapi.engine.Device;
import dev.merapi.metrics.Evaluation;
import dev.merapi.tasks.InputSettings;
import dev.merapi.tasks.MultilabelClassification;
import dev.merapi.tasks.PairClassification;
import dev.merapi.tasks.TextClassifier;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/// How a trained model is used. Where an option is left out, the model's folder says what it was trained with.
final class UseOptions {
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
            defaultValue = "0.5",
            description = "A label holds from this probability on (multilabel).")
    float threshold;

    TextClassifier open(Path folder, Device device) {
        TextClassifier classifier = TextClassifier.fromPretrained(folder, device);
        InputSettings saved = classifier.input();
        return classifier.with(new InputSettings(
                maxLength == null ? saved.maxLength() : maxLength,
                normalizeText == null ? saved.normalizeText() : normalizeText));
    }

    Evaluation evaluate(Task task, TextClassifier classifier, Dataset examples) {
        return evaluate(task, classifier, examples, threshold);
    }

    static Evaluation evaluate(Task task, TextClassifier classifier, Dataset examples, float threshold) {
        return task == Task.MULTILABEL
                ? MultilabelClassification.evaluate(classifier, examples, threshold)
                : PairClassification.evaluate(classifier, examples);
    }
}
