package dev.merapi.tasks;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.merapi.train.TrainingException;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/// Files beside the models of several runs, each whole or not at all.
record ResultFiles(Path folder) {
    void text(String name, String content) {
        Path temporary = folder.resolve("." + name + ".tmp");
        try {
            Files.createDirectories(folder);
            Files.writeString(temporary, content);
            Files.move(temporary, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new TrainingException(
                    folder.resolve(name) + " cannot be written, " + e
                            + "; check the path and the room on the disk, models that are trained are complete",
                    e);
        }
    }

    void csv(String name, List<List<String>> rows) {
        StringWriter text = new StringWriter();
        try (CsvWriter writer =
                CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text)) {
            for (List<String> row : rows) writer.writeRecord(row);
        } catch (IOException e) {
            throw new IllegalStateException("a text in memory can be written", e);
        }
        text(name, text.toString());
    }
}
