package dev.merapi.cli;

import dev.merapi.data.Dataset;
import dev.merapi.engine.Device;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `merapi predict TASK`: what one model, or the mean of several, says of a file.
@Command(
        name = "predict",
        description =
                "Writes a trained model's predictions; of several models those of their mean logits, of multilabel"
                        + " ones of their mean probabilities.",
        footer = {"", "The ending of --output decides: .csv or .jsonl."})
final class PredictVerb extends Verb {
    private static final int ROWS = 1024; // in memory at a time

    @Mixin
    TaskArgument task;

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            required = true,
            description = "The folder of a trained model; several are averaged.")
    List<String> models;

    @Option(names = "--input", paramLabel = "FILE", required = true, description = "Examples to predict.")
    Path input;

    @Option(names = "--output", paramLabel = "FILE", required = true, description = "Becomes the file of predictions.")
    Path output;

    @Option(names = "--logits", description = "Write the logits too.")
    boolean logits;

    @Mixin
    DataOptions data;

    @Mixin
    UseOptions use;

    @Mixin
    DeviceOptions device;

    PredictVerb(Console console) {
        super(console);
    }

    @Override
    public void run() {
        try (PredictionFile file = PredictionFile.at(output, logits);
                Device device = this.device.open()) {
            Ensemble trained = Ensemble.open(console, task.task, models, use, data, device);
            Dataset examples = data.read(task.task, input, trained.first().labels());
            for (Dataset some : examples.parts(ROWS)) trained.first().write(file, some, trained.logits(some));
            file.commit();
            console.print("%d predictions in %s".formatted(examples.size(), output));
        }
    }
}
