package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.metrics.Evaluation;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.train.SettingsException;
import java.util.List;

/// One label for a text, or for a pair of texts read together (a cross-encoder): does this passage support the claim?
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
    public record Settings(
            InputSettings input,
            Float dropout,
            boolean freezeEncoder,
            List<Float> classWeights,
            double labelSmoothingFactor) {
        public static final Settings DEFAULT = new Settings(InputSettings.DEFAULT, null, false, List.of(), 0);

        public Settings {
            classWeights = List.copyOf(classWeights);
            if (dropout != null && !(dropout >= 0 && dropout < 1)) {
                throw new SettingsException("dropout: expected a number from 0 to below 1, got " + dropout);
            }
            if (!(labelSmoothingFactor >= 0 && labelSmoothingFactor < 1)) {
                throw new SettingsException(
                        "label-smoothing-factor: expected a number from 0 to below 1, got " + labelSmoothingFactor);
            }
            for (float weight : classWeights) {
                if (!(weight > 0 && weight < Float.POSITIVE_INFINITY)) {
                    throw new SettingsException("class-weights: expected numbers over 0, got " + classWeights);
                }
            }
        }
    }

    /// Fine-tunes; the best epoch is in the output folder and in the result.
    public Trained train(FineTuning run) {
        throw new UnsupportedOperationException();
    }

    /// How well a classifier does on examples whose labels are known.
    public static Evaluation evaluate(TextClassifier classifier, Dataset data) {
        throw new UnsupportedOperationException();
    }
}
