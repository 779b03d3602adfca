package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.Target;
import dev.merapi.metrics.ConfusionMatrix;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.Metric;
import dev.merapi.metrics.Probabilities;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.nn.loss.Focal;
import dev.merapi.nn.model.ProblemType;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.train.BestBy;
import dev.merapi.train.Objective;
import dev.merapi.train.SettingsException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// One label for a text, or for a pair of texts read together (a cross-encoder): does this passage support the
/// claim?
///
///     PairClassification task = new PairClassification(Settings.DEFAULT);
///     Trained trained = task.train(fineTuning);
///     Evaluation evaluation = PairClassification.evaluate(trained.classifier(), test);
///     List<Prediction> predictions = trained.classifier().predict(test.examples());
///
/// @param settings what this task has beyond [dev.merapi.train.TrainingSettings]
public record PairClassification(Settings settings) {
    /// @param input how text becomes tokens
    /// @param dropout of the whole model instead of its config's; null for the config's
    /// @param freezeEncoder trains the pooler and head alone
    /// @param classWeights weights of the K labels in the loss; empty for equal weights
    /// @param labelSmoothingFactor share of the target that is spread over all labels, in [0, 1)
    /// @param focalGamma [Focal] loss with this gamma, and the class weights as its alphas; 0 for cross-entropy
    public record Settings(
            InputSettings input,
            Float dropout,
            boolean freezeEncoder,
            List<Float> classWeights,
            double labelSmoothingFactor,
            double focalGamma) {
        public static final Settings DEFAULT = new Settings(InputSettings.DEFAULT, null, false, List.of(), 0);

        /// By cross-entropy.
        public Settings(
                InputSettings input,
                Float dropout,
                boolean freezeEncoder,
                List<Float> classWeights,
                double labelSmoothingFactor) {
            this(input, dropout, freezeEncoder, classWeights, labelSmoothingFactor, 0);
        }

        public Settings {
            classWeights = List.copyOf(classWeights);
            if (dropout != null && !(dropout >= 0 && dropout < 1)) {
                throw new SettingsException("dropout: expected a number from 0 to below 1, got " + dropout);
            }
            if (!(labelSmoothingFactor >= 0 && labelSmoothingFactor < 1)) {
                throw new SettingsException(
                        "label-smoothing-factor: expected a number from 0 to below 1, got " + labelSmoothingFactor);
            }
            if (!(focalGamma >= 0 && focalGamma < Double.POSITIVE_INFINITY))
                throw new SettingsException("focal-gamma: expected a number of at least 0, got " + focalGamma);
            if (focalGamma > 0 && labelSmoothingFactor > 0)
                throw new SettingsException("focal-gamma: focal loss has no label smoothing; leave one out");
            for (float weight : classWeights) {
                if (!(weight > 0 && weight < Float.POSITIVE_INFINITY)) {
                    throw new SettingsException("class-weights: expected numbers over 0, got " + classWeights);
                }
            }
        }
    }

    private static final List<Metric> METRICS = Stream.concat(
                    ClassifierRecipe.CLASSIFICATION.stream(), Stream.of(Metric.MATTHEWS))
            .toList();

    /// Fine-tunes; the best epoch is in the output folder and in the result.
    ///
    /// @throws SettingsException if settings, model and data do not go together
    public Trained train(FineTuning run) {
        return Trained.of(TaskRun.train(run, recipe(run.train())));
    }

    /// @param learned the examples to learn from
    Recipe<SequenceClassifier> recipe(Dataset learned) {
        List<String> labels = learned.labels();
        if (labels.size() < 2)
            throw new SettingsException("pair-classification: expected at least 2 labels, got " + labels + " in "
                    + learned.source() + "; add examples of others, or name them all by --labels");
        List<Float> weights = settings.classWeights();
        if (!weights.isEmpty() && weights.size() != labels.size()) {
            throw new SettingsException("class-weights: expected " + labels.size() + " numbers, one for each of "
                    + labels + ", got " + weights.size() + ", " + weights);
        }
        return new ClassifierRecipe(
                ProblemType.SINGLE_LABEL_CLASSIFICATION,
                Target.OneOf.class,
                METRICS,
                BestBy.MACRO_F1,
                settings.input(),
                settings.dropout(),
                settings.freezeEncoder(),
                false,
                names -> names,
                objective(),
                PairClassification::score,
                RowFindings::ofClasses,
                this::record);
    }

    private Objective objective() {
        float[] weights = settings.classWeights().isEmpty() ? null : unboxed(settings.classWeights());
        Focal focal = new Focal(settings.focalGamma(), weights);
        CrossEntropy plain = new CrossEntropy(weights, (float) settings.labelSmoothingFactor());
        return settings.focalGamma() > 0
                ? (logits, batch) -> focal.of(logits, batch.labels())
                : (logits, batch) -> plain.of(logits, batch.labels());
    }

    /// How well a classifier does on examples whose labels are known.
    public static Evaluation evaluate(TextClassifier classifier, Dataset data) {
        return evaluate(classifier.logits(data.examples()), data);
    }

    /// How good logits are, those of a classifier or the means of several.
    public static Evaluation evaluate(float[][] logits, Dataset data) {
        data.require(Target.OneOf.class);
        return score(logits, data);
    }

    private static Evaluation score(float[][] logits, Dataset data) {
        int[] labels = data.examples().stream()
                .mapToInt(example -> ((Target.OneOf) example.target()).label())
                .toArray();
        int[] predictions =
                Arrays.stream(logits).mapToInt(Probabilities::argmax).toArray();
        ConfusionMatrix confusion = new ConfusionMatrix(data.labels().size());
        confusion.update(labels, predictions);
        double loss = IntStream.range(0, labels.length)
                .mapToDouble(row -> Probabilities.crossEntropy(logits[row], labels[row]))
                .sum();
        return Evaluation.of(confusion, loss / labels.length, data.labels());
    }

    private Json.Obj record(Json.Obj json) {
        List<Json> weights = settings.classWeights().stream()
                .<Json>map(weight -> Json.Num.of((float) weight))
                .toList();
        return json.with("class_weights", new Json.Arr(weights))
                .with("label_smoothing_factor", settings.labelSmoothingFactor())
                .with("focal_gamma", settings.focalGamma());
    }

    private static float[] unboxed(List<Float> values) {
        float[] array = new float[values.size()];
        for (int i = 0; i < array.length; i++) array[i] = values.get(i);
        return array;
    }
}
