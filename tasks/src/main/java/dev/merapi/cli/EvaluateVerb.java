package dev.merapi.cli;

import dev.merapi.data.Dataset;
import dev.merapi.engine.Device;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `merapi evaluate TASK`: how good a trained model is on labelled data.
@Command(
        name = "evaluate",
        description = "Compares the predictions of a trained model, or of several together, with labelled data.")
final class EvaluateVerb extends Verb {
    @Mixin
    TaskArgument task;

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            required = true,
            description = "The folder of a trained model; several are averaged.")
    List<String> models;

    @Option(names = "--data", paramLabel = "FILE", required = true, description = "Labelled examples.")
    Path file;

    @Mixin
    DataOptions data;

    @Mixin
    UseOptions use;

    @Mixin
    DeviceOptions device;

    @Option(names = "--json", description = "One JSON line instead of a table.")
    boolean json;

    EvaluateVerb(Console console) {
        super(console);
    }

    @Override
    public void run() {
        try (Device device = this.device.open()) {
            Ensemble trained = Ensemble.open(console, task.task, models, use, data, device);
            Dataset examples = data.read(task.task, file, trained.first().labels());
            EvaluationReport report = new EvaluationReport(trained.first().evaluate(examples, trained::logits));
            if (json) console.print(report.json().toString());
            else report.table().forEach(console::print);
        }
    }
}
