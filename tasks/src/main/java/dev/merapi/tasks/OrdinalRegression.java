package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.Target;
import dev.merapi.metrics.ClassCounts;
import dev.merapi.metrics.ConfusionMatrix;
import dev.merapi.metrics.Correlation;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.Metric;
import dev.merapi.metrics.Metrics;
import dev.merapi.metrics.NumberErrors;
import dev.merapi.metrics.Probabilities;
import dev.merapi.nn.loss.Coral;
import dev.merapi.nn.loss.Corn;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.nn.model.ProblemType;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.report.Findings;
import dev.merapi.train.BestBy;
import dev.merapi.train.Objective;
import dev.merapi.train.SettingsException;
import dev.merapi.train.TrainEvent.Outcome;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// One label of an order for a text: how many stars does this review give?
///
/// An error counts by how far it is off (MAE, in steps of the order), and is compared with that of who always
/// answers the median of the training labels.
///
/// @param settings what this task has beyond [dev.merapi.train.TrainingSettings]
public record OrdinalRegression(Settings settings) {
    /// How labels become the model's outputs.
    public enum Method {
        /// K − 1 conditional probabilities, [Corn].
        CORN,
        /// K − 1 binary questions asked of every row, [Coral]; they share one weight and differ in their
        /// biases, so that their answers are consistent.
        CORAL,
        /// K classes without an order.
        CROSS_ENTROPY
    }

    /// @param input how text becomes tokens
    /// @param dropout of the whole model instead of its config's; null for the config's
    /// @param freezeEncoder trains the head alone
    /// @param method how labels become outputs
    public record Settings(InputSettings input, Float dropout, boolean freezeEncoder, Method method) {
        public static final Settings DEFAULT = new Settings(InputSettings.DEFAULT, null, false, Method.CORN);
    }

    /// @param regressor of the best evaluation; of the last step where nothing was evaluated
    /// @param evaluation of the best; empty where nothing was evaluated
    /// @param outcome the run in numbers
    public record Trained(OrdinalRegressor regressor, Optional<Evaluation> evaluation, Outcome outcome) {}

    private static final List<Metric> METRICS = List.of(
            Metric.LOSS,
            Metric.ACCURACY,
            Metric.MACRO_F1,
            Metric.MAE,
            Metric.RMSE,
            Metric.QUADRATIC_KAPPA,
            Metric.PEARSON,
            Metric.SPEARMAN,
            Metric.BASELINE_MAE);

    /// Fine-tunes; the best evaluation's model is in the output folder and in the result.
    ///
    /// @throws SettingsException if settings, model and data do not go together
    public Trained train(FineTuning run) {
        TaskRun.Finished<SequenceClassifier> done = TaskRun.train(run, recipe(run.train()));
        OrdinalRegressor regressor = new OrdinalRegressor(
                done.model(),
                done.tokenizer(),
                done.input(),
                run.train().labels(),
                settings.method(),
                median(run.train()));
        return new Trained(regressor, done.evaluation(), done.outcome());
    }

    /// @param learned the examples to learn from
    Recipe<SequenceClassifier> recipe(Dataset learned) {
        Method method = settings.method();
        int median = median(learned);
        return new ClassifierRecipe(
                method == Method.CROSS_ENTROPY
                        ? ProblemType.SINGLE_LABEL_CLASSIFICATION
                        : ProblemType.MULTI_LABEL_CLASSIFICATION,
                Target.OneOf.class,
                METRICS,
                BestBy.MAE,
                settings.input(),
                settings.dropout(),
                settings.freezeEncoder(),
                method == Method.CORAL,
                labels -> outputs(labels, method),
                objective(method),
                (logits, data) -> score(logits, data, method, median),
                (logits, data) -> findings(logits, data, method),
                json -> json.with("method", method.name().toLowerCase(Locale.ROOT))
                        .with("median", median));
    }

    /// How well a regressor does on examples whose labels are known.
    public static Evaluation evaluate(OrdinalRegressor regressor, Dataset data) {
        return evaluate(regressor, regressor.logits(data.examples()), data);
    }

    /// How good logits are, those of a regressor or the means of several alike.
    public static Evaluation evaluate(OrdinalRegressor regressor, float[][] logits, Dataset data) {
        data.require(Target.OneOf.class);
        return score(logits, data, regressor.method(), regressor.median());
    }

    /// Names of the outputs: the labels, or the questions `> 1`, `> 2`, … that K − 1 of them answer.
    private static List<String> outputs(List<String> labels, Method method) {
        if (labels.size() < 2) throw new SettingsException("ordinal: expected at least 2 labels, got " + labels);
        return method == Method.CROSS_ENTROPY
                ? labels
                : labels.subList(0, labels.size() - 1).stream()
                        .map(label -> "> " + label)
                        .toList();
    }

    private static Objective objective(Method method) {
        return switch (method) {
            case CORN -> (logits, batch) -> new Corn().of(logits, batch.labels());
            case CORAL -> (logits, batch) -> new Coral().of(logits, batch.labels());
            case CROSS_ENTROPY -> (logits, batch) -> CrossEntropy.of().of(logits, batch.labels());
        };
    }

    /// The label that a row's outputs amount to. With K outputs where K − 1 are needed, the last is ignored.
    static int label(float[] logits, Method method, int labels) {
        float[] tasks = Arrays.copyOf(logits, labels - 1);
        return switch (method) {
            case CORN -> Corn.label(tasks);
            case CORAL -> Coral.label(tasks);
            case CROSS_ENTROPY -> Probabilities.argmax(logits);
        };
    }

    private static Evaluation score(float[][] logits, Dataset data, Method method, int median) {
        int[] labels = labels(data);
        int classes = data.labels().size();
        int[] predictions = Arrays.stream(logits)
                .mapToInt(row -> label(row, method, classes))
                .toArray();
        ConfusionMatrix confusion = new ConfusionMatrix(classes);
        confusion.update(labels, predictions);
        double[] targets = IntStream.of(labels).asDoubleStream().toArray();
        double[] numbers = IntStream.of(predictions).asDoubleStream().toArray();
        NumberErrors errors = NumberErrors.of(targets, numbers);
        double[] baseline = new double[targets.length];
        Arrays.fill(baseline, median);
        double loss = IntStream.range(0, labels.length)
                .mapToDouble(row -> loss(logits[row], labels[row], method, classes))
                .sum();
        double weight =
                IntStream.of(labels).mapToDouble(y -> pairs(y, method, classes)).sum();
        ClassCounts scores = confusion.scores();
        return new Evaluation(
                new Metrics(
                                labels.length,
                                Map.of(
                                        Metric.LOSS, loss / weight,
                                        Metric.ACCURACY, confusion.accuracy(),
                                        Metric.MACRO_F1, scores.f1(dev.merapi.metrics.Average.MACRO),
                                        Metric.MAE, errors.meanAbsolute(),
                                        Metric.RMSE, errors.rootMeanSquared(),
                                        Metric.QUADRATIC_KAPPA, confusion.quadraticKappa(),
                                        Metric.BASELINE_MAE,
                                                NumberErrors.of(targets, baseline)
                                                        .meanAbsolute()))
                        .with(Metric.PEARSON, Correlation.pearson(targets, numbers))
                        .with(Metric.SPEARMAN, Correlation.spearman(targets, numbers)),
                scores.report(data.labels()),
                Optional.of(confusion));
    }

    private static Findings findings(float[][] logits, Dataset data, Method method) {
        int[] labels = labels(data);
        int classes = data.labels().size();
        int[] predictions = Arrays.stream(logits)
                .mapToInt(row -> label(row, method, classes))
                .toArray();
        return RowFindings.ofOrder(predictions, data, row -> loss(logits[row], labels[row], method, classes));
    }

    /// A row's part of the loss, before it is divided by [#pairs] of all.
    private static double loss(float[] logits, int y, Method method, int classes) {
        if (method == Method.CROSS_ENTROPY) return Probabilities.crossEntropy(logits, y);
        int asked = method == Method.CORN ? Math.min(y + 1, classes - 1) : classes - 1;
        boolean[] over = new boolean[asked];
        for (int i = 0; i < asked; i++) over[i] = y > i;
        return asked * Probabilities.binaryCrossEntropy(Arrays.copyOf(logits, asked), over);
    }

    /// What CORN divides by: the questions that a row is asked; the others divide by the rows.
    private static double pairs(int y, Method method, int classes) {
        return method == Method.CORN ? Math.min(y + 1, classes - 1) : 1;
    }

    /// The middle label of the training data, the lower of two.
    private static int median(Dataset train) {
        train.require(Target.OneOf.class);
        int[] sorted = labels(train);
        Arrays.sort(sorted);
        return sorted[(sorted.length - 1) / 2];
    }

    private static int[] labels(Dataset data) {
        return data.examples().stream()
                .mapToInt(example -> ((Target.OneOf) example.target()).label())
                .toArray();
    }
}
