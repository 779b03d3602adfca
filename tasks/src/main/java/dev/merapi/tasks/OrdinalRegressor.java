package dev.merapi.tasks;

import dev.merapi.data.Example;
import dev.merapi.engine.Device;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.tasks.OrdinalRegression.Method;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.train.Inference;
import dev.merapi.train.SettingsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// A model that gives texts labels of an order, ready to use.
///
///     OrdinalRegressor stars = OrdinalRegressor.fromPretrained(Path.of("my-model"));
///     String rating = stars.label("The room was clean and the staff friendly.");     // "5"
///
/// One instance serves all threads.
///
/// @param model gives the outputs
/// @param tokenizer it was trained with
/// @param input how text becomes tokens
/// @param labels K, in their order
/// @param method how outputs become labels
/// @param median index of the training labels' median, the baseline
public record OrdinalRegressor(
        SequenceClassifier model,
        Tokenizer tokenizer,
        InputSettings input,
        List<String> labels,
        Method method,
        int median) {
    private static final int BATCH_SIZE = 32;

    /// @throws SettingsException if the model's outputs are too few for the labels, or its inputs too short
    public OrdinalRegressor {
        input = input.resolve(model, tokenizer);
        labels = List.copyOf(labels);
        int needed = method == Method.CROSS_ENTROPY ? labels.size() : labels.size() - 1;
        int outputs = model.labels().size();
        if (outputs != needed && outputs != labels.size())
            throw new SettingsException("ordinal: " + labels.size() + " labels by "
                    + method.name().toLowerCase(Locale.ROOT) + " need a model with " + needed + " outputs, got "
                    + outputs + "; name the labels that it was trained on");
    }

    /// Loads a folder that [OrdinalRegression] saved, or a Hugging Face folder of a sequence classifier with K
    /// outputs: its labels are then those of the config, in their order, decoded as CORN.
    public static OrdinalRegressor fromPretrained(Path folder) {
        return fromPretrained(folder, LoadOptions.pretrained());
    }

    public static OrdinalRegressor fromPretrained(Path folder, Device device) {
        return fromPretrained(folder, LoadOptions.pretrained().device(device));
    }

    /// The same with options: its weights in bfloat16, for example.
    public static OrdinalRegressor fromPretrained(Path folder, LoadOptions options) {
        var loaded = Loaded.from(folder, () -> SequenceClassifier.fromPretrained(folder, options));
        SequenceClassifier model = loaded.model();
        Path file = folder.resolve(OutputFolder.SETTINGS);
        Json.Obj settings = Files.exists(file) ? Json.read(file) : Json.Obj.empty(OutputFolder.SETTINGS);
        boolean ours = settings.has("method");
        if (!ours && settings.has("problem_type"))
            throw new SettingsException("ordinal: expected a model that was trained for it, got " + folder
                    + ", trained for " + settings.string("problem_type") + "; use it for that task");
        List<String> labels = ours ? settings.strings("labels") : model.labels();
        Method method = ours ? Method.valueOf(settings.string("method").toUpperCase(Locale.ROOT)) : Method.CORN;
        return new OrdinalRegressor(
                model,
                loaded.tokenizer(),
                InputSettings.of(folder),
                labels,
                method,
                settings.integer("median", (labels.size() - 1) / 2));
    }

    /// The same with other names for the labels, those of the data for example.
    ///
    /// @throws SettingsException if there are not as many
    public OrdinalRegressor labels(String... names) {
        if (names.length != labels.size())
            throw new SettingsException("labels: expected " + labels.size() + " names, in the order of the model's "
                    + labels + ", got " + names.length);
        return new OrdinalRegressor(model, tokenizer, input, List.of(names), method, median);
    }

    /// What people should know of a head with more outputs than its labels need: CORN and CORAL use K − 1.
    public Optional<String> note() {
        if (method == Method.CROSS_ENTROPY || model.labels().size() < labels.size()) return Optional.empty();
        return Optional.of(
                "the head has " + labels.size() + " outputs, " + method.name().toLowerCase(Locale.ROOT)
                        + " uses the first " + (labels.size() - 1) + " of them; the last is ignored");
    }

    /// The label of a text.
    public String label(String text) {
        return labels(List.of(Example.of(text))).getFirst();
    }

    /// The labels of many texts, in their order.
    public List<String> labels(List<Example> examples) {
        return labels(logits(examples));
    }

    /// The model's outputs [rows][K − 1], or [rows][K].
    public float[][] logits(List<Example> examples) {
        return Inference.logits(model, input.encode(examples, tokenizer), BATCH_SIZE);
    }

    /// The labels that logits amount to, those of [#logits] or their means over several models.
    public List<String> labels(float[][] logits) {
        return Arrays.stream(logits)
                .map(row -> labels.get(OrdinalRegression.label(row, method, labels.size())))
                .toList();
    }
}
