package dev.merapi.cli;

// README example begins
import dev.merapi.data.*;
import dev.merapi.engine.Device;
import dev.merapi.tasks.*;
import dev.merapi.train.*;
import java.nio.file.Path;
import java.util.List;

class ReadmeExample {
    static List<Label> fineTune(Path pretrained, Path train, Path dev, Path output) {
        List<String> labels = List.of("anger", "joy", "surprise"); // columns of 0 and 1 beside the column "text"
        Pretrained start = Pretrained.folder(pretrained); // config.json, model.safetensors, vocab.txt or tokenizer.json
        Dataset learn = MultilabelTable.read(train, labels);
        Dataset check = MultilabelTable.read(dev, labels);
        try (Device device = Device.best();
                Stop stop = new Stop()) {
            var run = new FineTuning(start, learn, check, TrainingSettings.DEFAULT, output, device, stop, List.of());
            var task = new MultilabelClassification(MultilabelClassification.Settings.DEFAULT);
            return task.train(run).classifier().classify("We won!"); // [joy 0.97, surprise 0.81, anger 0.02]
        }
    }
}
// README example ends
