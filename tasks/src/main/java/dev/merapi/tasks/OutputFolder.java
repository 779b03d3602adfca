package dev.merapi.tasks;

import dev.merapi.nn.model.Model;
import dev.merapi.nn.pretrained.FolderWriter;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.train.TrainingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/// The folder that a fine-tuning leaves: a Hugging Face folder of the best model, with `log.csv`,
/// `metrics.json` and `settings.json` beside the weights. It is replaced as a whole, so what is in it belongs
/// together.
final class OutputFolder {
    static final String SETTINGS = "settings.json";
    static final String METRICS = "metrics.json";
    static final String LOG = "log.csv";
    static final String REPORT = "report.html";

    private final Path folder;
    private final Map<String, byte[]> tokenizerFiles;

    /// @throws dev.merapi.nn.pretrained.PretrainedException if a model cannot be saved there
    OutputFolder(Path folder, Tokenizer tokenizer) {
        FolderWriter.recover(folder);
        FolderWriter.open(folder).close(); // says now what would else be said after the first epoch
        this.folder = folder;
        this.tokenizerFiles = files(tokenizer);
    }

    Path path() {
        return folder;
    }

    /// Replaces the folder.
    void save(Model model, Map<String, String> texts) {
        Map<String, byte[]> files = new HashMap<>(tokenizerFiles);
        texts.forEach((name, text) -> files.put(name, text.getBytes(StandardCharsets.UTF_8)));
        model.savePretrained(folder, files);
    }

    /// Replaces one file of the folder.
    void write(String name, String text) {
        Path temporary = folder.resolve("." + name + ".tmp");
        try {
            Files.write(temporary, text.getBytes(StandardCharsets.UTF_8));
            Files.move(temporary, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new TrainingException(
                    folder.resolve(name) + " cannot be written, " + e + "; the model beside it is complete", e);
        }
    }

    private static Map<String, byte[]> files(Tokenizer tokenizer) {
        try {
            Path temporary = Files.createTempDirectory("merapi-tokenizer");
            tokenizer.save(temporary);
            Map<String, byte[]> files = new HashMap<>();
            try (Stream<Path> paths = Files.list(temporary)) {
                for (Path path : paths.toList()) {
                    files.put(path.getFileName().toString(), Files.readAllBytes(path));
                    Files.delete(path);
                }
            }
            Files.delete(temporary);
            return files;
        } catch (IOException e) {
            throw new TrainingException(
                    "the tokenizer's files cannot be written to the system's temporary folder, " + e
                            + "; make room there, or name another one with -Djava.io.tmpdir",
                    e);
        }
    }
}
