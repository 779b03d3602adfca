package dev.merapi.cli;

// README example begins
import dev.merapi.data.MultilabelTable;
import dev.merapi.engine.Device;
import dev.merapi.tasks.*;
import dev.merapi.train.*;
import java.nio.file.Path;
import java.util.List;

class ReadmeExample {
    static List<Label> fineTune(Path pretrained, Path train, Path dev, Path output) {
        List<String> emotions = List.of("anger", "joy", "surprise"); // columns of 0 and 1 beside the column "text"
        try (Device device = Device.best();
                Stop stop = new Stop()) {
            FineTuning run = new FineTuning(
                    Pretrained.folder(pretrained), // config.json, model.safetensors, vocab.txt or tokenizer.json
                    MultilabelTable.read(train, emotions),
                    MultilabelTable.read(dev, emotions),
                    TrainingSettings.DEFAULT,
                    output, device, stop, List.of(System.out::println));
            Trained trained = new MultilabelClassification(MultilabelClassification.Settings.DEFAULT).train(run);
            return trained.classifier().classify("I can't believe we won!"); // [joy 0.97, surprise 0.81, anger 0.02]
        }
    }
}
// README example ends
