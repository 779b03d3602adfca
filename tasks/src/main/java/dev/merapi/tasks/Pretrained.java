package dev.merapi.tasks;

import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Function;

/// What a fine-tuning starts from: a tokenizer and the weights that go with it.
///
/// @param name where they come from, a folder's path for example; for messages and `settings.json`
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
