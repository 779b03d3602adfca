package dev.merapi.tasks;

import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.QuestionAnswering;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.pretrained.Checkpoint;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import dev.merapi.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Supplier;

/// What a fine-tuning starts from: a tokenizer and the weights that go with it.
///
/// @param name where they come from, a folder's path for example; for messages and `settings.json`
/// @param tokenizer that made the tokens the weights were trained on
/// @param config of the encoder
/// @param weights opens them; they are closed after use
public record Pretrained(String name, Tokenizer tokenizer, Json.Obj config, Supplier<Checkpoint> weights) {
    /// A Hugging Face folder.
    public static Pretrained folder(Path folder) {
        Path config = folder.resolve("config.json");
        if (!Files.isRegularFile(config))
            throw new PretrainedException(folder
                    + (Files.isDirectory(folder) ? ": config.json is missing" : ": no such folder")
                    + "; expected a Hugging Face model folder with config.json and model.safetensors");
        return new Pretrained(
                folder.toString(), Tokenizer.fromPretrained(folder), Json.read(config), () -> Checkpoint.open(folder));
    }

    /// The same with the weights read once, now, and kept: many models then start from one copy in memory.
    public Pretrained inMemory() {
        Checkpoint copy;
        try (Checkpoint checkpoint = weights.get()) {
            copy = checkpoint.inMemory();
        }
        return new Pretrained(name, tokenizer, config, () -> copy);
    }

    /// A model as `config.json` describes it, with random weights by the run's seed, and the tokenizer of the
    /// same folder.
    public static Pretrained newWeights(Path folder) {
        Pretrained described = folder(folder);
        String name = folder + " (new weights)";
        return new Pretrained(name, described.tokenizer(), described.config(), () -> Checkpoint.newWeights(name));
    }

    /// The weights under a classification head.
    public SequenceClassifier classifier(LoadOptions options) {
        try (Checkpoint checkpoint = weights.get()) {
            return SequenceClassifier.of(config, checkpoint, options);
        }
    }

    /// The weights under a head that finds a part of a text.
    public QuestionAnswering questionAnswering(LoadOptions options) {
        try (Checkpoint checkpoint = weights.get()) {
            return QuestionAnswering.of(config, checkpoint, options);
        }
    }

    /// The same with another config.
    Pretrained config(Json.Obj other) {
        return new Pretrained(name, tokenizer, other, weights);
    }

    /// Whether they lie in this folder, so that saving there would replace them.
    boolean liesIn(Path folder) {
        try {
            Path own = Path.of(name);
            return Files.exists(own) && Files.exists(folder) && Files.isSameFile(own, folder);
        } catch (IOException | InvalidPathException e) {
            return false; // a name that is no path
        }
    }
}
