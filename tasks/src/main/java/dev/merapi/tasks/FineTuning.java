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
/// @param dev examples to evaluate on, all with targets
/// @param training the settings that every task has
/// @param outputDir becomes the folder of the best model, with `log.csv`, `metrics.json` and `settings.json`;
///     beside it, `<outputDir>-run` holds the checkpoints
/// @param resume whether to go on from the newest checkpoint
/// @param device that computes
/// @param stop ends the run early
/// @param listeners are told how it goes
/// @param loggingDir gets TensorBoard's event files; null for none
public record FineTuning(
        Pretrained start,
        Dataset train,
        Dataset dev,
        TrainingSettings training,
        Path outputDir,
        boolean resume,
        Device device,
        Stop stop,
        List<TrainListener> listeners,
        Path loggingDir) {
    public FineTuning {
        listeners = List.copyOf(listeners);
    }

    /// Without TensorBoard's files.
    public FineTuning(
            Pretrained start,
            Dataset train,
            Dataset dev,
            TrainingSettings training,
            Path outputDir,
            boolean resume,
            Device device,
            Stop stop,
            List<TrainListener> listeners) {
        this(start, train, dev, training, outputDir, resume, device, stop, listeners, null);
    }

    /// From the beginning.
    public FineTuning(
            Pretrained start,
            Dataset train,
            Dataset dev,
            TrainingSettings training,
            Path outputDir,
            Device device,
            Stop stop,
            List<TrainListener> listeners) {
        this(start, train, dev, training, outputDir, false, device, stop, listeners);
    }

    /// The same with other data and settings.
    FineTuning with(Dataset train, Dataset dev, TrainingSettings training) {
        return new FineTuning(start, train, dev, training, outputDir, resume, device, stop, listeners, loggingDir);
    }

    /// One fold of many, in a folder of its own.
    FineTuning fold(Dataset train, Dataset dev, TrainingSettings training, Path outputDir, boolean resume) {
        Path logs = loggingDir == null ? null : loggingDir.resolve(outputDir.getFileName());
        return new FineTuning(start, train, dev, training, outputDir, resume, device, stop, listeners, logs);
    }

    /// The same with the pretrained weights read once and kept in memory, for many runs.
    FineTuning inMemory() {
        return new FineTuning(
                start.inMemory(), train, dev, training, outputDir, resume, device, stop, listeners, loggingDir);
    }
}
