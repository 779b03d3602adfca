package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.metrics.Evaluation;
import dev.merapi.train.SettingsException;

/// Any number of labels for a text: which emotions does it show?
///
/// @param settings what this task has beyond [dev.merapi.train.TrainingSettings]
public record MultilabelClassification(Settings settings) {
    /// @param input how text becomes tokens
    /// @param dropout of the whole model instead of its config's; null for the config's
    /// @param freezeEncoder trains the pooler and head alone
    /// @param threshold a label holds from this probability on
    public record Settings(InputSettings input, Float dropout, boolean freezeEncoder, float threshold) {
        public static final Settings DEFAULT = new Settings(InputSettings.DEFAULT, null, false, 0.5f);

        public Settings {
            if (dropout != null && !(dropout >= 0 && dropout < 1)) {
                throw new SettingsException("dropout: expected a number from 0 to below 1, got " + dropout);
            }
            if (!(threshold > 0 && threshold < 1)) {
                throw new SettingsException("threshold: expected a probability between 0 and 1, got " + threshold);
            }
        }
    }

    /// Fine-tunes; the best epoch is in the output folder and in the result.
    public Trained train(FineTuning run) {
        throw new UnsupportedOperationException();
    }

    /// How well a classifier does on examples whose labels are known.
    ///
    /// @param threshold a label holds from this probability on
    public static Evaluation evaluate(TextClassifier classifier, Dataset data, float threshold) {
        throw new UnsupportedOperationException();
    }
}
