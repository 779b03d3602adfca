package dev.merapi.cli;

import dev.merapi.data.Dataset;
import dev.merapi.data.Example;
import dev.merapi.data.MultilabelTable;
import dev.merapi.engine.Device;
import dev.merapi.tasks.FineTuning;
import dev.merapi.tasks.MultilabelClassification;
import dev.merapi.tasks.Prediction;
import dev.merapi.tasks.Trained;
import dev.merapi.train.BestBy;
import dev.merapi.train.SchedulerType;
import dev.merapi.train.Stop;
import dev.merapi.train.TrainEvent.End;
import dev.merapi.train.TrainListener;
import dev.merapi.train.TrainingSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `merapi demo`: the main job on what the build brings. Fine-tunes the bundled encoder to find emotions in
/// sentences, reports on held-out ones, saves the model, and predicts.
@Command(
        name = "demo",
        description = "Fine-tunes the bundled encoder on the bundled sample of emotions, reports, saves, predicts.")
final class DemoVerb extends Verb {
    private static final List<String> EMOTIONS = List.of("anger", "fear", "joy", "sadness", "surprise");
    private static final List<String> SENTENCES = List.of(
            "I can't believe we won!",
            "Someone was standing in the dark hallway, and I froze.",
            "He broke his promise again, and I am furious.",
            "The house has been so quiet since she died.",
            "The library opens at nine on weekdays.");

    private static final TrainingSettings TRAINING = TrainingSettings.DEFAULT
            .numTrainEpochs(5)
            .perDeviceTrainBatchSize(16)
            .learningRate(1e-4)
            .lrSchedulerType(SchedulerType.LINEAR)
            .metricForBestModel(BestBy.MACRO_F1);

    @Option(names = "--output-dir", paramLabel = "FOLDER", description = "Becomes the model's folder.")
    Path outputDir = Path.of("merapi-demo");

    @Mixin
    DeviceOptions device;

    @Option(names = "--json", description = "JSON lines instead of columns.")
    boolean json;

    DemoVerb(Console console) {
        super(console);
    }

    @Override
    public void run() {
        long start = System.nanoTime();
        Dataset train = sample("emotions-train.csv");
        Dataset dev = sample("emotions-dev.csv");
        say("Fine-tuning " + BundledEncoder.NAME + " on " + train.size() + " sentences, any of "
                + String.join(", ", EMOTIONS));
        try (Stop stop = Stop.onTermination();
                Device device = this.device.open().warmUp();
                ProgressBars bars = new ProgressBars(console.err())) {
            say("Computing on " + device);
            List<TrainListener> listeners = new ArrayList<>();
            if (console.terminal()) listeners.add(bars);
            listeners.add(new TrainReport(console, json, 0));
            FineTuning run = new FineTuning(
                    BundledEncoder.pretrained(), train, dev, TRAINING, outputDir, device, stop, listeners);
            Trained trained = new MultilabelClassification(MultilabelClassification.Settings.DEFAULT).train(run);
            if (trained.outcome().end() == End.STOPPED) return;
            report(trained, dev);
            say(String.format(Locale.ROOT, "%nAll of it took %.0f s.", (System.nanoTime() - start) / 1e9));
        }
    }

    private void report(Trained trained, Dataset dev) {
        trained.evaluation().ifPresent(evaluation -> {
            EvaluationReport report = new EvaluationReport(evaluation);
            if (json) console.print(report.json().put("event", "evaluation").toString());
            say("\nOn " + dev.size() + " held-out sentences:");
            if (!json) report.table().forEach(console::print);
        });
        say("\nThe model is in " + outputDir + ", for Merapi and for transformers. It says:");
        List<Example> sentences = SENTENCES.stream().map(Example::of).toList();
        for (Prediction prediction : trained.classifier().predict(sentences)) {
            String text = prediction.example().text();
            List<String> labels = prediction.labels();
            if (json)
                console.print(new JsonLine()
                        .put("event", "prediction")
                        .put("text", text)
                        .put("labels", labels)
                        .toString());
            say("  %-56s %s".formatted(text, labels.isEmpty() ? "none" : String.join(", ", labels)));
        }
        say("\nMore of it:\n  echo 'What a lovely surprise!' | ./merapi forward --model " + outputDir);
    }

    /// For people only.
    private void say(String text) {
        if (!json) text.lines().forEach(console::print);
    }

    /// A table among this package's resources. The readers of data read files, so it becomes one.
    private static Dataset sample(String name) {
        try (InputStream in = DemoVerb.class.getResourceAsStream("demo/" + name)) {
            Path folder = Files.createTempDirectory("merapi");
            Path file = folder.resolve(name);
            try {
                Files.copy(in, file);
                return MultilabelTable.read(file, EMOTIONS);
            } finally {
                Files.deleteIfExists(file);
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
