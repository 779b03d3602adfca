package dev.merapi.cli;

import dev.merapi.metrics.Evaluation;
import dev.merapi.tasks.FineTuning;
import dev.merapi.tasks.InputSettings;
import dev.merapi.tasks.MultilabelClassification;
import dev.merapi.tasks.OrdinalRegression;
import dev.merapi.tasks.PairClassification;
import dev.merapi.tasks.PositiveWeights;
import dev.merapi.tasks.SpanExtraction;
import dev.merapi.train.TrainEvent.Outcome;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/// What the tasks have beyond [TrainingOptions].
final class TaskOptions {
    @Option(
            names = "--max-length",
            paramLabel = "N",
            description = "Most tokens of a row; 0 for as many as the model can read (span-extraction: 128).")
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
            names = "--focal-gamma",
            paramLabel = "X",
            description = "Focal loss instead of cross-entropy, with this gamma and the class weights as alphas"
                    + " (pair-classification); 0 for cross-entropy.")
    double focalGamma;

    @Option(
            names = "--pos-weight",
            paramLabel = "X,Y,…",
            split = ",",
            hideParamSyntax = true,
            showDefaultValue = Visibility.NEVER,
            description = "What each label weighs in the loss where it holds; auto: negatives / positives of the"
                    + " training examples (multilabel).")
    List<String> posWeight = List.of();

    @Option(
            names = "--threshold",
            paramLabel = "P",
            description = "A label holds from this probability on (multilabel).")
    Float threshold;

    @Option(
            names = "--distance-scale",
            paramLabel = "X",
            description = "Weight of the distance loss (span-extraction); 0 for none.")
    double distanceScale;

    @Option(
            names = "--distance-per-example",
            description = "Each example's distance counts, not the batch's mean (span-extraction).")
    boolean distancePerExample;

    @Option(
            names = "--whole-text",
            paramLabel = "A,B,…",
            split = ",",
            hideParamSyntax = true,
            showDefaultValue = Visibility.NEVER,
            description = "Contexts whose texts are taken whole, as neutral (span-extraction).")
    List<String> wholeText = List.of();

    @Option(
            names = "--method",
            paramLabel = "HOW",
            showDefaultValue = Visibility.NEVER,
            description = "corn (the default), coral or cross-entropy (ordinal).")
    OrdinalRegression.Method method;

    /// Refuses what the task has no use for.
    void check(Task task) {
        boolean spans = task == Task.SPAN_EXTRACTION;
        if (task != Task.PAIR_CLASSIFICATION && !classWeights.isEmpty()) throw notOf("--class-weights", task);
        if (task != Task.PAIR_CLASSIFICATION && labelSmoothingFactor != 0)
            throw notOf("--label-smoothing-factor", task);
        if (task != Task.PAIR_CLASSIFICATION && focalGamma != 0) throw notOf("--focal-gamma", task);
        if (task != Task.MULTILABEL && !posWeight.isEmpty()) throw notOf("--pos-weight", task);
        if (task != Task.MULTILABEL && threshold != null) throw notOf("--threshold", task);
        if (!spans && distanceScale != 0) throw notOf("--distance-scale", task);
        if (!spans && distancePerExample) throw notOf("--distance-per-example", task);
        if (!spans && !wholeText.isEmpty()) throw notOf("--whole-text", task);
        if (task != Task.ORDINAL && method != null) throw notOf("--method", task);
    }

    private static UsageException notOf(String option, Task task) {
        return new UsageException(option + ": not an option of " + task + "; leave it out");
    }

    /// @param model      of the best evaluation
    /// @param evaluation of it; empty where nothing was evaluated
    /// @param outcome    the run in numbers
    record Trained(TrainedModel model, Optional<Evaluation> evaluation, Outcome outcome) {}

    Trained train(Task task, FineTuning run) {
        return switch (task) {
            case PAIR_CLASSIFICATION -> {
                var done = new PairClassification(pairs()).train(run);
                yield new Trained(
                        new TrainedModel.Classes(done.classifier(), false), done.evaluation(), done.outcome());
            }
            case MULTILABEL -> {
                var done = new MultilabelClassification(multilabel()).train(run);
                yield new Trained(
                        new TrainedModel.Classes(done.classifier(), true, threshold()),
                        done.evaluation(),
                        done.outcome());
            }
            case SPAN_EXTRACTION -> {
                var done = new SpanExtraction(spans()).train(run);
                yield new Trained(new TrainedModel.Spans(done.extractor()), done.evaluation(), done.outcome());
            }
            case ORDINAL -> {
                var done = new OrdinalRegression(ordinal()).train(run);
                yield new Trained(new TrainedModel.Ordered(done.regressor()), done.evaluation(), done.outcome());
            }
        };
    }

    PairClassification.Settings pairs() {
        return new PairClassification.Settings(
                input(), dropout, freezeEncoder, classWeights, labelSmoothingFactor, focalGamma);
    }

    OrdinalRegression.Settings ordinal() {
        OrdinalRegression.Method usual = OrdinalRegression.Settings.DEFAULT.method();
        return new OrdinalRegression.Settings(input(), dropout, freezeEncoder, method == null ? usual : method);
    }

    MultilabelClassification.Settings multilabel() {
        return new MultilabelClassification.Settings(input(), dropout, freezeEncoder, threshold(), positiveWeights());
    }

    private PositiveWeights positiveWeights() {
        if (posWeight.equals(List.of("auto"))) return PositiveWeights.BALANCED;
        try {
            return new PositiveWeights(
                    false, posWeight.stream().map(Float::valueOf).toList());
        } catch (NumberFormatException e) {
            throw new UsageException(
                    "--pos-weight: expected auto, or a number a label as 3,1.5,2, got " + String.join(",", posWeight));
        }
    }

    SpanExtraction.Settings spans() {
        InputSettings input = maxLength == 0
                ? new InputSettings(SpanExtraction.Settings.DEFAULT.input().maxLength(), normalizeText)
                : input();
        return new SpanExtraction.Settings(input, dropout, freezeEncoder, distanceScale, distancePerExample, wholeText);
    }

    private InputSettings input() {
        return new InputSettings(maxLength, normalizeText);
    }

    /// The threshold given, or else a half.
    float threshold() {
        return threshold == null ? MultilabelClassification.Settings.DEFAULT.threshold() : threshold;
    }
}
