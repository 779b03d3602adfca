package dev.merapi.cli;

import dev.merapi.cli.InputLines.Line;
import dev.merapi.engine.Device;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.model.Model;
import dev.merapi.nn.model.SentenceEncoder;
import dev.merapi.nn.model.SequenceClassifier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `merapi forward`: the bare model, a line at a time.
@Command(
        name = "forward",
        description = "Runs a model, of the kind that its config names, on each line of standard input.",
        footer = {
            "",
            "In: a text a line, {\"text\": …, \"pair\": …} or {\"ids\": […], \"type_ids\": […]}.",
            "Out: {\"logits\": […]}, with all the digits of a float, a row a token where the head has one for each;",
            "of a bare encoder {\"last_hidden_state\": […]}. Texts are truncated to the model's length; ids are not."
        })
final class ForwardVerb extends Verb {
    @Option(
            names = "--model",
            paramLabel = "MODEL",
            required = true,
            description = "The folder of a model; lines of ids need no tokenizer in it.")
    String model;

    @Option(
            names = "--max-length",
            paramLabel = "N",
            description = "Most tokens of a text; without it, as many as the model can read.")
    Integer maxLength;

    @Option(names = "--hidden-states", description = "Also \"last_hidden_state\", a row a token.")
    boolean hiddenStates;

    @Mixin
    DtypeOption dtype;

    @Mixin
    DeviceOptions device;

    ForwardVerb(Console console) {
        super(console);
    }

    @Override
    public void run() {
        try (Device device = this.device.open()) {
            Model loaded = Model.fromPretrained(ModelFolder.of(console, "--model", model), dtype.load(device));
            ModelInput input = ModelInput.of(ModelFolder.of(console, "--model", model), loaded.config(), maxLength);
            InputLines.forEach(console.in(), line -> console.print(forward(loaded, input, line)));
        }
    }

    private String forward(Model model, ModelInput input, Line line) {
        Sequences batch = input.sequence(line);
        JsonLine json = new JsonLine();
        try (Scope _ = Scope.inference()) {
            Tensor hidden = model.encoder().forward(batch, Pass.INFERENCE); // [N, C]
            boolean bare = model instanceof SentenceEncoder;
            if (!bare) {
                Tensor logits = model.head(hidden, batch, Pass.INFERENCE); // [1, K] or [N, K]
                boolean one = model instanceof SequenceClassifier;
                json.put("logits", one ? logits.toArray() : rows(logits, batch.tokens()));
            }
            if (hiddenStates || bare) json.put("last_hidden_state", rows(hidden, batch.tokens()));
        }
        return json.toString();
    }

    /// The rows of a matrix.
    static float[][] rows(Tensor matrix, int rows) {
        float[] values = matrix.toArray();
        int columns = values.length / rows;
        float[][] result = new float[rows][columns];
        for (int i = 0; i < rows; i++) System.arraycopy(values, i * columns, result[i], 0, columns);
        return result;
    }
}
