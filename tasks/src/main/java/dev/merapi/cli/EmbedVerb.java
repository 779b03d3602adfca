package dev.merapi.cli;

import dev.merapi.engine.Device;
import dev.merapi.engine.Scope;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.Pooling;
import dev.merapi.nn.model.SentenceEncoder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `merapi embed`: a vector a text.
@Command(
        name = "embed",
        description = "Turns each line of standard input into a vector.",
        footer = {"", "In: as for forward. Out: {\"embedding\": […]}."})
final class EmbedVerb extends Verb {
    @Mixin
    ModelOption model;

    @Option(
            names = "--pooling",
            paramLabel = "HOW",
            description =
                    "mean, cls or max over the last hidden states; without it, as the folder's modules.json says, or"
                            + " mean.")
    Pooling.Mode pooling;

    @Option(
            names = "--normalize",
            negatable = true,
            description = "Scale each vector to length 1, or not; without it, as modules.json says, or not.")
    Boolean normalize;

    @Option(
            names = "--max-length",
            paramLabel = "N",
            description = "Most tokens of a text; without it, as many as the model can read.")
    Integer maxLength;

    @Mixin
    DtypeOption dtype;

    @Mixin
    DeviceOptions device;

    EmbedVerb(Console console) {
        super(console);
    }

    @Override
    public void run() {
        try (Device device = this.device.open()) {
            LoadOptions options = dtype.load(device);
            SentenceEncoder encoder = model.isBundled()
                    ? BundledEncoder.sentences(options, pooling(Pooling.MEAN))
                    : SentenceEncoder.fromPretrained(model.folder(), options, pooling(Pooling.of(model.folder())));
            ModelInput input = ModelInput.of(
                    model::tokenizer, encoder.config(), maxLength == null ? (Integer) encoder.maxLength() : maxLength);
            InputLines.forEach(console.in(), line -> {
                float[] embedding = embed(encoder, input.sequence(line.changed(encoder.text()::apply)));
                console.print(new JsonLine().put("embedding", embedding).toString());
            });
        }
    }

    /// The folder's, where the options leave it.
    private Pooling pooling(Pooling saved) {
        return new Pooling(pooling == null ? saved.mode() : pooling, normalize == null ? saved.normalize() : normalize);
    }

    private static float[] embed(SentenceEncoder encoder, Sequences sequence) {
        try (Scope _ = Scope.inference()) {
            return encoder.forward(sequence, Pass.INFERENCE).toArray(); // [1, C]
        }
    }
}
