package dev.merapi.nn.model;

import dev.merapi.engine.Tensor;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.pretrained.Checkpoint;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import java.nio.file.Path;
import java.util.Map;

/// The bare encoder, as transformers' `…Model`, and a vector a sequence by pooling, as sentence-transformers.
///
///     hidden [N, C]    embeddings [B, C]
public final class SentenceEncoder extends Model {
    private final Pooling pooling;
    private final SentenceText text;

    private SentenceEncoder(
            Json.Obj json, Checkpoint checkpoint, LoadOptions options, Pooling pooling, SentenceText text) {
        super(json, options, true);
        this.pooling = pooling;
        this.text = text;
        load(checkpoint, options, _ -> false);
    }

    /// Loads a folder of sentence-transformers, or the encoder of any Hugging Face folder with mean pooling.
    ///
    /// @throws PretrainedException if a file is missing, damaged or does not fit
    public static SentenceEncoder fromPretrained(Path folder, LoadOptions options) {
        return fromPretrained(folder, options, Pooling.of(folder));
    }

    /// The same with a pooling that the folder may not name.
    public static SentenceEncoder fromPretrained(Path folder, LoadOptions options, Pooling pooling) {
        Json.Obj config = readConfig(folder);
        SentenceText text = SentenceText.of(folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return new SentenceEncoder(config, checkpoint, options, pooling, text);
        }
    }

    /// From a config and weights that come from elsewhere: a jar's resource, say.
    public static SentenceEncoder of(Json.Obj config, Checkpoint checkpoint, LoadOptions options, Pooling pooling) {
        return new SentenceEncoder(config, checkpoint, options, pooling, SentenceText.PLAIN);
    }

    public Pooling pooling() {
        return pooling;
    }

    /// What happens to a text before the tokenizer sees it.
    public SentenceText text() {
        return text;
    }

    /// How many tokens of a text count: what the folder says, or all that the encoder reads.
    public int maxLength() {
        return Math.min(text.maxLength(), config().maxLength());
    }

    @Override
    public Tensor head(Tensor hidden, Sequences batch, Pass pass) {
        return pooling.forward(hidden, batch); // [B, C]
    }

    @Override
    String architecture() {
        return "Model";
    }

    @Override
    Json.Obj configToSave(Json.Obj config) {
        return config;
    }

    @Override
    Map<String, Json> companions() {
        SentenceText saved = new SentenceText(true, text.prompt(), text.lowerCase(), maxLength());
        return Map.of(
                "modules.json",
                pooling.modules(),
                "1_Pooling/config.json",
                pooling.config(config().hiddenSize()),
                SentenceText.LENGTHS,
                saved.lengths(),
                SentenceText.PROMPTS,
                saved.prompts());
    }
}
