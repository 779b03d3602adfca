package dev.merapi.tasks;

import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.function.Function;

/// What a fine-tuning starts from: a tokenizer and the weights that go with it.
///
/// @param name for messages and `settings.json`
/// @param tokenizer that made the tokens the weights were trained on
/// @param classifier loads the weights under a new classification head
public record Pretrained(String name, Tokenizer tokenizer, Function<LoadOptions, SequenceClassifier> classifier) {
    /// A Hugging Face folder.
    public static Pretrained folder(Path folder) {
        return new Pretrained(
                folder.toString(),
                Tokenizer.fromPretrained(folder),
                options -> SequenceClassifier.fromPretrained(folder, options));
    }
}
