package dev.merapi.cli;

import dev.merapi.tasks.FineTuning;
import dev.merapi.tasks.InputSettings;
import dev.merapi.tasks.MultilabelClassification;
import dev.merapi.tasks.PairClassification;
import dev.merapi.tasks.Trained;
import java.util.List;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/// What the tasks have beyond [TrainingOptions].
final class TaskOptions {
    @Option(
            names = "--max-length",
            paramLabel = "N",
            description = "Most tokens of a row; 0 for as many as the model can read.")
    int maxLength;

    @Option(
            names = "--normalize-text",
            description = "Make different spellings of quotes, dashes and spaces equal first.")
    boolean normalizeText;

    @Option(names = "--dropout", paramLabel = "P", description = "Dropout of the whole model, instead of its config's.")
    Float dropout;

    @Option(names = "--freeze-encoder", description = "Train the pooler and the head alone.")
    boolean freezeEncoder;

    @Option(
            names = "--class-weights",
            paramLabel = "X,Y,…",
            split = ",",
            hideParamSyntax = true,
            showDefaultValue = Visibility.NEVER,
            description = "Weights of the labels in the loss (pair-classification).")
    List<Float> classWeights = List.of();

    @Option(
            names = "--label-smoothing-factor",
            paramLabel = "X",
            description = "Share of the target spread over all labels (pair-classification).")
    double labelSmoothingFactor;

    @Option(
            names = "--threshold",
            paramLabel = "P",
            description = "A label holds from this probability on (multilabel).")
    Float threshold;

    /// Refuses what the task has no use for.
    void check(Task task) {
        if (task == Task.MULTILABEL && !classWeights.isEmpty()) throw notOf("--class-weights", task);
        if (task == Task.MULTILABEL && labelSmoothingFactor != 0) throw notOf("--label-smoothing-factor", task);
        if (task == Task.PAIR_CLASSIFICATION && threshold != null) throw notOf("--threshold", task);
    }

    private static UsageException notOf(String option, Task task) {
        return new UsageException(option + ": not an option of " + task + "; leave it out");
    }

    Trained train(Task task, FineTuning run) {
        return switch (task) {
            case MULTILABEL -> new MultilabelClassification(multilabel()).train(run);
            default -> new PairClassification(pairs()).train(run);
        };
    }

    private PairClassification.Settings pairs() {
        return new PairClassification.Settings(input(), dropout, freezeEncoder, classWeights, labelSmoothingFactor);
    }

    private MultilabelClassification.Settings multilabel() {
        return new MultilabelClassification.Settings(input(), dropout, freezeEncoder, threshold());
    }

    private InputSettings input() {
        return new InputSettings(maxLength, normalizeText);
    }

    /// The threshold given, or else a half.
    float threshold() {
        return threshold == null ? MultilabelClassification.Settings.DEFAULT.threshold() : threshold;
    }
}
