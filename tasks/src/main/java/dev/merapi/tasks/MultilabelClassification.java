package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.Target;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.MultilabelCounts;
import dev.merapi.metrics.Probabilities;
import dev.merapi.nn.loss.BinaryCrossEntropy;
import dev.merapi.nn.model.ProblemType;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.train.BestBy;
import dev.merapi.train.SettingsException;
import java.util.Arrays;
import java.util.List;

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
    ///
    /// @throws SettingsException if settings, model and data do not go together
    public Trained train(FineTuning run) {
        BinaryCrossEntropy loss = BinaryCrossEntropy.of();
        return Trained.of(TaskRun.train(
                run,
                new ClassifierRecipe(
                        ProblemType.MULTI_LABEL_CLASSIFICATION,
                        Target.AnyOf.class,
                        ClassifierRecipe.CLASSIFICATION,
                        BestBy.MACRO_F1,
                        settings.input(),
                        settings.dropout(),
                        settings.freezeEncoder(),
                        names -> names,
                        (logits, batch) -> loss.of(logits, batch.targets()),
                        (logits, data) -> score(logits, data, settings.threshold()),
                        (logits, data) -> RowFindings.ofLabels(logits, data, settings.threshold()),
                        json -> json.with("threshold", Json.Num.of(settings.threshold())))));
    }

    /// How well a classifier does on examples whose labels are known.
    ///
    /// @param threshold a label holds from this probability on
    public static Evaluation evaluate(TextClassifier classifier, Dataset data, float threshold) {
        data.require(Target.AnyOf.class);
        return score(classifier.logits(data.examples()), data, threshold);
    }

    private static Evaluation score(float[][] logits, Dataset data, float threshold) {
        MultilabelCounts counts = new MultilabelCounts(data.labels().size());
        float[] thresholds = new float[data.labels().size()];
        Arrays.fill(thresholds, threshold);
        double loss = 0;
        for (int row = 0; row < logits.length; row++) {
            boolean[] holds = holds(data.examples().get(row).target());
            counts.update(holds, MultilabelCounts.decide(Probabilities.sigmoid(logits[row]), thresholds));
            loss += Probabilities.binaryCrossEntropy(logits[row], holds);
        }
        return Evaluation.of(counts, loss / logits.length, data.labels());
    }

    static boolean[] holds(Target target) {
        List<Boolean> labels = ((Target.AnyOf) target).labels();
        boolean[] holds = new boolean[labels.size()];
        for (int k = 0; k < holds.length; k++) holds[k] = labels.get(k);
        return holds;
    }
}
