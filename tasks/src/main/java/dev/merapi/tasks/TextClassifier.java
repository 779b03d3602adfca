package dev.merapi.tasks;

import dev.merapi.data.Example;
import dev.merapi.engine.Device;
import dev.merapi.metrics.Probabilities;
import dev.merapi.metrics.Thresholds;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.ProblemType;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.train.Inference;
import dev.merapi.train.SettingsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// A fine-tuned classifier, ready to use on text.
///
///     TextClassifier emotions = TextClassifier.fromPretrained(Path.of("my-emotions-model"));
///     List<Label> labels = emotions.classify("I can't believe we won!");     // [joy 0.97, surprise 0.81, …]
///
/// One instance serves all threads.
public final class TextClassifier {
    private static final int BATCH_SIZE = 32;
    private static final double EVEN = 0.5;

    private final SequenceClassifier model;
    private final Tokenizer tokenizer;
    private final InputSettings input;

    /// @throws SettingsException if the model cannot read inputs as long as the settings say
    public TextClassifier(SequenceClassifier model, Tokenizer tokenizer, InputSettings input) {
        if (model.problemType() == ProblemType.REGRESSION) {
            throw new SettingsException("TextClassifier: expected a model that classifies, got one of problem type "
                    + model.problemType() + "; use SequenceClassifier for its outputs");
        }
        this.model = model;
        this.tokenizer = tokenizer;
        this.input = input.resolve(model, tokenizer);
    }

    /// Loads a folder that a task saved, or any Hugging Face folder of a sequence classifier, on the best
    /// device there is.
    public static TextClassifier fromPretrained(Path folder) {
        return fromPretrained(folder, LoadOptions.pretrained());
    }

    public static TextClassifier fromPretrained(Path folder, Device device) {
        return fromPretrained(folder, LoadOptions.pretrained().device(device));
    }

    /// The same with options: its weights in bfloat16, for example.
    public static TextClassifier fromPretrained(Path folder, LoadOptions options) {
        var loaded = Loaded.from(folder, () -> SequenceClassifier.fromPretrained(folder, options));
        return new TextClassifier(loaded.model(), loaded.tokenizer(), InputSettings.of(folder));
    }

    public SequenceClassifier model() {
        return model;
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    public InputSettings input() {
        return input;
    }

    /// This classifier with other input settings than those it was saved with.
    public TextClassifier with(InputSettings other) {
        return new TextClassifier(model, tokenizer, other);
    }

    /// All labels of a text, the most probable first.
    public List<Label> classify(String text) {
        return classify(text, null);
    }

    /// All labels of a pair of texts, the most probable first.
    public List<Label> classify(String text, String pair) {
        Prediction prediction = predict(List.of(Example.of(text, pair))).getFirst();
        return IntStream.range(0, model.labels().size())
                .mapToObj(k -> new Label(
                        model.labels().get(k), prediction.probabilities().get(k)))
                .sorted(Comparator.comparingDouble(label -> -label.probability()))
                .toList();
    }

    /// What the model says of each example, in their order; a threshold of 0.5 where a row may have several
    /// labels.
    public List<Prediction> predict(List<Example> examples) {
        return predict(examples, EVEN);
    }

    /// @param thresholds a label holds from its probability on, where a row may have several; one for all, or
    ///     one a label
    public List<Prediction> predict(List<Example> examples, double... thresholds) {
        return predictions(examples, logits(examples), thresholds);
    }

    /// The model's outputs [rows][K], in the order of the examples.
    public float[][] logits(List<Example> examples) {
        return Inference.logits(model, input.encode(examples, tokenizer), BATCH_SIZE);
    }

    /// The predictions that logits amount to, those of [#logits] or their means over several models.
    ///
    ///     logits [rows][K]
    public List<Prediction> predictions(List<Example> examples, float[][] logits, double... thresholds) {
        return IntStream.range(0, logits.length)
                .mapToObj(row -> prediction(examples.get(row), logits[row], thresholds))
                .toList();
    }

    private Prediction prediction(Example example, float[] logits, double... thresholds) {
        boolean several = model.problemType() == ProblemType.MULTI_LABEL_CLASSIFICATION;
        float[] probabilities = several ? Probabilities.sigmoid(logits) : Probabilities.softmax(logits);
        boolean[] decided = several ? Thresholds.decide(probabilities, thresholds) : new boolean[logits.length];
        if (!several) decided[Probabilities.argmax(logits)] = true;
        List<String> labels = new ArrayList<>();
        for (int k = 0; k < decided.length; k++)
            if (decided[k]) labels.add(model.labels().get(k));
        return new Prediction(example, boxed(logits), boxed(probabilities), labels);
    }

    private static List<Float> boxed(float[] values) {
        List<Float> list = new ArrayList<>(values.length);
        for (float value : values) list.add(value);
        return list;
    }
}
