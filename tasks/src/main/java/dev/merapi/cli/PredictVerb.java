package dev.merapi.cli;

import dev.merapi.data.Dataset;
import dev.merapi.engine.Device;
import dev.merapi.tasks.Prediction;
import dev.merapi.tasks.TextClassifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `merapi predict TASK`: what one model, or the mean of several, says of a file.
@Command(
        name = "predict",
        description = "Writes a trained model's predictions; of several models, those of their mean logits.",
        footer = {"", "The ending of --output decides: .csv or .jsonl."})
final class PredictVerb extends Verb {
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
        task.task.require();
        PredictionFile file = PredictionFile.at(output, logits);
        try (Device device = this.device.open()) {
            List<TextClassifier> classifiers = open(device);
            TextClassifier first = classifiers.getFirst();
            List<String> labels = first.model().labels();
            Dataset examples = data.read(task.task, input, labels);
            float[][] mean = meanLogits(classifiers, examples);
            List<Prediction> predictions = first.predictions(examples.examples(), mean, use.threshold);
            file.write(labels, predictions, task.task == Task.MULTILABEL);
            console.print("%d predictions in %s".formatted(predictions.size(), output));
        }
    }

    private List<TextClassifier> open(Device device) {
        List<TextClassifier> classifiers = new ArrayList<>();
        for (String model : models) {
            TextClassifier next = use.open(HubCache.folder(model), device);
            List<String> labels = next.model().labels();
            if (!classifiers.isEmpty()
                    && !labels.equals(classifiers.getFirst().model().labels()))
                throw new UsageException("--model " + model + ": expected the labels of the first model, "
                        + classifiers.getFirst().model().labels() + ", got " + labels + "; average models of one task");
            classifiers.add(next);
        }
        return classifiers;
    }

    /// logits [rows][K], summed in the order of the models
    private static float[][] meanLogits(List<TextClassifier> classifiers, Dataset examples) {
        float[][] sum = classifiers.getFirst().logits(examples.examples());
        for (TextClassifier classifier : classifiers.subList(1, classifiers.size())) {
            float[][] more = classifier.logits(examples.examples());
            for (int i = 0; i < sum.length; i++) for (int k = 0; k < sum[i].length; k++) sum[i][k] += more[i][k];
        }
        for (float[] row : sum) for (int k = 0; k < row.length; k++) row[k] /= classifiers.size();
        return sum;
    }
}
