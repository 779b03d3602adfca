package dev.merapi.cli;

import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.tasks.Pretrained;
import dev.merapi.tokenizer.Tokenizer;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/// `--model`: a Hugging Face folder, a name in the local hub cache, or nothing for the encoder that comes with the
/// build.
final class ModelOption {
    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description =
                    "A Hugging Face folder, or a hub name found in the local cache; without it, the bundled all-MiniLM-L6-v2.")
    String name;

    boolean isBundled() {
        return name == null;
    }

    /// The folder that `--model` names.
    Path folder() {
        return HubCache.folder(name);
    }

    /// What a fine-tuning starts from.
    Pretrained pretrained() {
        return isBundled() ? BundledEncoder.pretrained() : Pretrained.folder(folder());
    }

    SequenceClassifier load(LoadOptions options) {
        return isBundled() ? BundledEncoder.load(options) : SequenceClassifier.fromPretrained(folder(), options);
    }

    Tokenizer tokenizer() {
        return isBundled() ? BundledEncoder.tokenizer() : Tokenizer.fromPretrained(folder());
    }

    /// What messages call the model.
    @Override
    public String toString() {
        return isBundled() ? BundledEncoder.NAME : name;
    }
}
