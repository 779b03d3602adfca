package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.engine.Device;
import dev.merapi.train.Stop;
import dev.merapi.train.TrainListener;
import dev.merapi.train.TrainingSettings;
import java.nio.file.Path;
import java.util.List;

/// One fine-tuning: from what, on what, how, and where to.
///
/// @param start tokenizer and pretrained weights
/// @param train examples to learn from, all with targets
/// @param dev examples to evaluate on after each epoch, all with targets
/// @param training the settings that every task has
/// @param outputDir becomes the folder of the best model, with `log.csv`, `metrics.json` and `settings.json`
/// @param device that computes
/// @param stop ends the run early
/// @param listeners are told how it goes
public record FineTuning(
        Pretrained start,
        Dataset train,
        Dataset dev,
        TrainingSettings training,
        Path outputDir,
        Device device,
        Stop stop,
        List<TrainListener> listeners) {
    public FineTuning {
        listeners = List.copyOf(listeners);
    }
}
