package dev.merapi.cli;

import dev.merapi.data.Dataset;
import dev.merapi.engine.Device;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Trained models of one task that answer together: by the mean of their probabilities where a row may have
/// several labels, elsewhere by the mean of their logits.
///
/// @param models at least one; the first one says how means are read
record Ensemble(List<TrainedModel> models) {

    /// @param names folders or names on the hub
    static Ensemble open(
            Console console, Task task, List<String> names, UseOptions use, DataOptions data, Device device) {
        List<TrainedModel> models = new ArrayList<>();
        for (String name : names) {
            Path folder = ModelFolder.of(console, "--model", name);
            TrainedModel next = use.open(task, folder, data.labels, device);
            List<String> labels = next.labels();
            if (!models.isEmpty() && !labels.equals(models.getFirst().labels()))
                throw new UsageException("--model " + name + ": expected the labels of the first model, "
                        + models.getFirst().labels() + ", got " + labels + "; average models of one task");
            models.add(next);
        }
        models.getFirst().note().ifPresent(note -> console.err().println("merapi: " + note));
        return new Ensemble(models);
    }

    TrainedModel first() {
        return models.getFirst();
    }

    /// logits [rows][…]
    float[][] logits(Dataset examples) {
        if (models.size() == 1) return first().logits(examples);
        List<float[][]> all =
                models.stream().map(model -> model.logits(examples)).toList();
        float[][] mean = new float[examples.size()][];
        for (int row = 0; row < mean.length; row++) {
            int outputs = all.getFirst()[row].length;
            mean[row] = new float[outputs];
            for (float[][] logits : all)
                if (logits[row].length != outputs)
                    throw new UsageException("--model: expected models whose outputs can be averaged, got " + outputs
                            + " and " + logits[row].length + " outputs for example "
                            + examples.examples().get(row).id() + "; average models of one tokenizer and length");
            for (int k = 0; k < outputs; k++) mean[row][k] = first().mean(column(all, row, k));
        }
        return mean;
    }

    /// One output of one row, of all models.
    private static double[] column(List<float[][]> all, int row, int k) {
        return all.stream().mapToDouble(logits -> logits[row][k]).toArray();
    }
}
