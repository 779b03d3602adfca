package dev.merapi.tasks;

import dev.merapi.data.Example;
import dev.merapi.engine.Device;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.train.Inference;
import dev.merapi.train.SettingsException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// A model that reads two texts together and says in one number how well they fit, as sentence-transformers'
/// `CrossEncoder`.
///
///     CrossEncoder reranker = CrossEncoder.fromPretrained(Path.of("ms-marco-MiniLM-L6-v2"));
///     List<Ranked> best = reranker.rank("How tall is Merapi?", passages);     // best first
///
/// One instance serves all threads.
public final class CrossEncoder {
    private static final int BATCH_SIZE = 32;

    private final SequenceClassifier model;
    private final Tokenizer tokenizer;
    private final InputSettings input;
    private final boolean sigmoid;

    /// A document and its score.
    ///
    /// @param index of the document in the list that was ranked
    public record Ranked(int index, String document, float score) {}

    /// @throws SettingsException if the model has another number of outputs than one
    public CrossEncoder(SequenceClassifier model, Tokenizer tokenizer) {
        if (model.labels().size() != 1)
            throw new SettingsException("CrossEncoder: expected a model with one output, got one with "
                    + model.labels().size() + ", " + model.labels() + "; use TextClassifier for classes");
        this.model = model;
        this.tokenizer = tokenizer;
        this.input = InputSettings.DEFAULT.resolve(model, tokenizer);
        this.sigmoid = sigmoid(model.json());
    }

    /// Loads the folder of a sequence classifier with one output, on the best device there is.
    public static CrossEncoder fromPretrained(Path folder) {
        return fromPretrained(folder, LoadOptions.pretrained());
    }

    public static CrossEncoder fromPretrained(Path folder, Device device) {
        return fromPretrained(folder, LoadOptions.pretrained().device(device));
    }

    /// The same with options: its weights in bfloat16, for example.
    public static CrossEncoder fromPretrained(Path folder, LoadOptions options) {
        var loaded = Loaded.from(folder, () -> SequenceClassifier.fromPretrained(folder, options));
        return new CrossEncoder(loaded.model(), loaded.tokenizer());
    }

    /// Whether scores go through `σ(x) = 1 / (1 + e⁻ˣ)`: unless the config names `Identity`, under the name
    /// that sentence-transformers 4 gives it or under the older one.
    private static boolean sigmoid(Json.Obj config) {
        String name = config.string("sbert_ce_default_activation_function", "");
        if (config.has("sentence_transformers"))
            name = config.object("sentence_transformers").string("activation_fn", name);
        return !name.endsWith(".Identity");
    }

    public SequenceClassifier model() {
        return model;
    }

    /// How well the document answers the query.
    public float score(String query, String document) {
        return scores(query, List.of(document))[0];
    }

    /// The scores of documents in their order.
    public float[] scores(String query, List<String> documents) {
        List<Example> pairs =
                documents.stream().map(document -> Example.of(query, document)).toList();
        float[][] logits = Inference.logits(model, input.encode(pairs, tokenizer), BATCH_SIZE); // [documents][1]
        float[] scores = new float[logits.length];
        for (int i = 0; i < scores.length; i++)
            scores[i] = sigmoid ? (float) (1 / (1 + Math.exp(-logits[i][0]))) : logits[i][0];
        return scores;
    }

    /// The documents, the best first; equal ones in their order.
    public List<Ranked> rank(String query, List<String> documents) {
        float[] scores = scores(query, documents);
        return IntStream.range(0, scores.length)
                .mapToObj(i -> new Ranked(i, documents.get(i), scores[i]))
                .sorted(Comparator.comparing(Ranked::score).reversed())
                .toList();
    }
}
