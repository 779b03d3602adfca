package dev.merapi.tasks;

import dev.merapi.data.Example;
import dev.merapi.engine.Device;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.List;

/// A fine-tuned classifier, ready to use on text.
///
///     TextClassifier emotions = TextClassifier.fromPretrained(Path.of("my-emotions-model"));
///     List<Label> labels = emotions.classify("I can't believe we won!");            // [joy 0.97, surprise 0.81, …]
public final class TextClassifier {
    private final SequenceClassifier model;
    private final Tokenizer tokenizer;
    private final InputSettings input;

    public TextClassifier(SequenceClassifier model, Tokenizer tokenizer, InputSettings input) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.input = input;
    }

    /// Loads a folder that a task saved, or any Hugging Face folder of a sequence classifier, on the best device there is.
    public static TextClassifier fromPretrained(Path folder) {
        return fromPretrained(folder, Device.best());
    }

    public static TextClassifier fromPretrained(Path folder, Device device) {
        throw new UnsupportedOperationException();
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
        throw new UnsupportedOperationException();
    }

    /// What the model says of each example, in their order; a threshold of 0.5 where a row may have several labels.
    public List<Prediction> predict(List<Example> examples) {
        return predict(examples, 0.5f);
    }

    /// @param threshold a label holds from this probability on, where a row may have several
    public List<Prediction> predict(List<Example> examples, float threshold) {
        throw new UnsupportedOperationException();
    }

    /// The model's outputs [rows][K], in the order of the examples.
    public float[][] logits(List<Example> examples) {
        throw new UnsupportedOperationException();
    }

    /// The predictions that logits amount to, for example means over several models.
    public List<Prediction> predictions(List<Example> examples, float[][] logits, float threshold) {
        throw new UnsupportedOperationException();
    }
}
