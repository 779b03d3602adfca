package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.Target;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.Metric;
import dev.merapi.metrics.MultilabelCounts;
import dev.merapi.metrics.Probabilities;
import dev.merapi.metrics.Thresholds;
import dev.merapi.nn.loss.BinaryCrossEntropy;
import dev.merapi.nn.model.ProblemType;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.train.BestBy;
import dev.merapi.train.SettingsException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Any number of labels for a text: which emotions does it show?
///
/// @param settings what this task has beyond [dev.merapi.train.TrainingSettings]
public record MultilabelClassification(Settings settings) {
    /// @param input how text becomes tokens
    /// @param dropout of the whole model instead of its config's; null for the config's
    /// @param freezeEncoder trains the pooler and head alone
    /// @param threshold a label holds from this probability on
    /// @param positiveWeights what labels that hold weigh in the loss
    public record Settings(
            InputSettings input,
            Float dropout,
            boolean freezeEncoder,
            float threshold,
            PositiveWeights positiveWeights) {
        public static final Settings DEFAULT =
                new Settings(InputSettings.DEFAULT, null, false, 0.5f, PositiveWeights.EQUAL);

        public Settings {
            if (dropout != null && !(dropout >= 0 && dropout < 1)) {
                throw new SettingsException("dropout: expected a number from 0 to below 1, got " + dropout);
            }
            if (!(threshold > 0 && threshold < 1)) {
                throw new SettingsException("threshold: expected a probability between 0 and 1, got " + threshold);
            }
        }
    }

    private static final List<Metric> METRICS = Stream.concat(
                    ClassifierRecipe.CLASSIFICATION.stream(), Stream.of(Metric.ROC_AUC, Metric.AVERAGE_PRECISION))
            .toList();

    /// Fine-tunes; the best epoch is in the output folder and in the result.
    ///
    /// @throws SettingsException if settings, model and data do not go together
    public Trained train(FineTuning run) {
        return Trained.of(TaskRun.train(run, recipe(run.train())));
    }

    /// @param learned the examples to learn from
    Recipe<SequenceClassifier> recipe(Dataset learned) {
        learned.require(Target.AnyOf.class);
        float[] weights = settings.positiveWeights().of(learned);
        BinaryCrossEntropy loss = new BinaryCrossEntropy(weights);
        return new ClassifierRecipe(
                ProblemType.MULTI_LABEL_CLASSIFICATION,
                Target.AnyOf.class,
                METRICS,
                BestBy.MACRO_F1,
                settings.input(),
                settings.dropout(),
                settings.freezeEncoder(),
                false,
                names -> names,
                (logits, batch) -> loss.of(logits, batch.targets()),
                (logits, data) -> score(logits, data, settings.threshold()),
                (logits, data) -> RowFindings.ofLabels(logits, data, settings.threshold()),
                json -> json.with("threshold", Json.Num.of(settings.threshold()))
                        .with("pos_weight", weights(weights)));
    }

    private static Json weights(float[] weights) {
        List<Json> numbers = new ArrayList<>();
        if (weights != null) for (float weight : weights) numbers.add(Json.Num.of(weight));
        return new Json.Arr(numbers);
    }

    /// How well a classifier does on examples whose labels are known.
    ///
    /// @param threshold a label holds from this probability on
    public static Evaluation evaluate(TextClassifier classifier, Dataset data, float threshold) {
        return evaluate(classifier.logits(data.examples()), data, threshold);
    }

    /// How good logits are, those of a classifier or the means of several.
    ///
    /// @param thresholds a label holds from its probability on; one for all, or one a label
    public static Evaluation evaluate(float[][] logits, Dataset data, double... thresholds) {
        data.require(Target.AnyOf.class);
        return score(logits, data, thresholds);
    }

    private static Evaluation score(float[][] logits, Dataset data, double... thresholds) {
        MultilabelCounts counts = new MultilabelCounts(data.labels().size());
        int labels = data.labels().size();
        boolean[][] answers = new boolean[labels][logits.length];
        double[][] order = new double[labels][logits.length];
        double loss = 0;
        for (int row = 0; row < logits.length; row++) {
            boolean[] holds = holds(data.examples().get(row).target());
            for (int k = 0; k < labels; k++) {
                answers[k][row] = holds[k];
                order[k][row] = logits[row][k];
            }
            counts.update(holds, Thresholds.decide(Probabilities.sigmoid(logits[row]), thresholds));
            loss += Probabilities.binaryCrossEntropy(logits[row], holds);
        }
        return Evaluation.of(counts, loss / logits.length, data.labels(), answers, order);
    }

    static boolean[] holds(Target target) {
        List<Boolean> labels = ((Target.AnyOf) target).labels();
        boolean[] holds = new boolean[labels.size()];
        for (int k = 0; k < holds.length; k++) holds[k] = labels.get(k);
        return holds;
    }
}
