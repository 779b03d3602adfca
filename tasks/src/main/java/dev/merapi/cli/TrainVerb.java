package dev.merapi.cli;

import dev.merapi.data.Dataset;
import dev.merapi.engine.Device;
import dev.merapi.metrics.Evaluation;
import dev.merapi.tasks.FineTuning;
import dev.merapi.tasks.Trained;
import dev.merapi.train.Stop;
import dev.merapi.train.TrainListener;
import dev.merapi.train.TrainingSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `merapi train TASK`: fine-tunes, keeps the best epoch.
@Command(
        name = "train",
        description = "Fine-tunes a model and keeps its best epoch in --output-dir.",
        footer = {"", "Ctrl-C and SIGTERM finish the step at hand; the last complete model stays."})
final class TrainVerb extends Verb {
    @Mixin
    TaskArgument task;

    @Option(names = "--train", paramLabel = "FILE", required = true, description = "Examples to learn from.")
    Path train;

    @Option(
            names = "--dev",
            paramLabel = "FILE",
            required = true,
            description = "Examples to evaluate on after each epoch.")
    Path dev;

    @Option(names = "--test", paramLabel = "FILE", description = "Examples to evaluate the best epoch on.")
    Path test;

    @Option(
            names = "--output-dir",
            paramLabel = "FOLDER",
            required = true,
            description = "Becomes the folder of the best model.")
    Path outputDir;

    @Mixin
    ModelOption model;

    @Mixin
    DataOptions data;

    @Mixin
    TrainingOptions training;

    @Mixin
    TaskOptions options;

    @Mixin
    DeviceOptions device;

    @Option(names = "--logging-steps", paramLabel = "N", description = "A line after every so many steps; 0 for none.")
    int loggingSteps;

    @Option(names = "--json", description = "JSON lines instead of columns.")
    boolean json;

    @Spec
    CommandSpec spec;

    TrainVerb(Console console) {
        super(console);
    }

    @Option(
            names = {
                "--resume-from-checkpoint",
                "--folds",
                "--grid",
                "--eval-steps",
                "--fp16",
                "--bf16",
                "--gradient-checkpointing"
            },
            arity = "0..1",
            hidden = true)
    void later(String value) {
        throw new ParameterException(
                spec.commandLine(),
                "--resume-from-checkpoint, --folds, --grid, --eval-steps, --fp16, --bf16 and --gradient-checkpointing are"
                        + " not in this version; leave them out");
    }

    @Override
    public void run() {
        task.task.require();
        options.check(task.task);
        TrainingSettings settings = training.settings();
        Dataset examples = data.readTraining(task.task, train);
        Dataset development = data.read(task.task, dev, examples.labels());
        Dataset held = test == null ? null : data.read(task.task, test, examples.labels());
        List<TrainListener> listeners = new ArrayList<>();
        try (Stop stop = Stop.onTermination();
                Device device = this.device.open();
                ProgressBars bars = new ProgressBars(console.err())) {
            if (console.terminal()) listeners.add(bars);
            listeners.add(new TrainReport(console, json, loggingSteps));
            Trained trained = options.train(
                    task.task,
                    new FineTuning(
                            model.pretrained(), examples, development, settings, outputDir, device, stop, listeners));
            if (!json && trained.outcome().bestEpoch() > 0) {
                trained.evaluation()
                        .ifPresent(evaluation ->
                                new EvaluationReport(evaluation).table().forEach(console::print));
                console.print("the model is in " + outputDir);
            }
            if (held != null) {
                Evaluation evaluation = UseOptions.evaluate(task.task, trained.classifier(), held, options.threshold());
                EvaluationReport report = new EvaluationReport(evaluation);
                if (json) console.print(report.json().put("event", "test").toString());
                else report.table().forEach(console::print);
            }
        }
    }
}
