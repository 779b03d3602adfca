package dev.merapi.cli;

import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.tasks.Pretrained;
import dev.merapi.tokenizer.Tokenizer;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `--model`: a Hugging Face folder, a name on the hub, or nothing for the encoder that comes with the
/// build.
final class ModelOption {
    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description = "A Hugging Face folder, or a name on the hub (downloaded once); without it, the bundled"
                    + " all-MiniLM-L6-v2.")
    String name;

    @Spec(Spec.Target.MIXEE)
    CommandSpec verb;

    boolean isBundled() {
        return name == null;
    }

    /// The folder that `--model` names.
    Path folder() {
        return ModelFolder.of(((Verb) verb.userObject()).console, "--model", name);
    }

    /// What a fine-tuning starts from.
    ///
    /// @param newWeights whether the folder's config alone counts
    Pretrained pretrained(boolean newWeights) {
        if (newWeights && isBundled())
            throw new UsageException(
                    "--from-config: expected --model FOLDER beside it, with config.json and tokenizer");
        if (newWeights) return Pretrained.newWeights(folder());
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
