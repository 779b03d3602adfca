package dev.merapi.tasks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// What a run writes while it goes on, beside the folder of its best model: `<output-dir>-run` with `log.csv`
/// and the checkpoints to resume from. The model's folder is replaced as a whole, so nothing else can live in
/// it.
record RunFolder(Path path) {
    static RunFolder beside(Path outputDir) {
        Path name = outputDir.toAbsolutePath().normalize().getFileName();
        return new RunFolder(outputDir.toAbsolutePath().normalize().resolveSibling(name + "-run"));
    }

    Path log() {
        return path.resolve(OutputFolder.LOG);
    }

    /// Whether there may be something to resume from.
    boolean hasCheckpoint() {
        if (!Files.isDirectory(path)) return false;
        try (Stream<Path> files = Files.list(path)) {
            return files.anyMatch(file -> file.getFileName().toString().startsWith("checkpoint-"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A finished run's log is in the model's folder too: without checkpoints nothing here is worth keeping.
    void discardIfWithoutCheckpoints() {
        try (Stream<Path> files = Files.list(path)) {
            if (!files.toList().equals(List.of(log()))) return;
            Files.delete(log());
            Files.delete(path);
        } catch (IOException e) {
            System.getLogger(RunFolder.class.getName())
                    .log(System.Logger.Level.WARNING, path + " could not be deleted: " + e);
        }
    }
}
