package dev.merapi.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.merapi.metrics.Metrics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardLogTest {
    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(1_700_000_000_250L), ZoneOffset.UTC);

    @TempDir
    Path folder;

    private static void run(TensorBoardLog log) {
        log.on(new TrainEvent.RunStart(100, 3, 300, 24, 100, 10));
        log.on(new TrainEvent.StepEnd(1, 1, 0.75, 5e-5, 3.5, 8, 40, 0.1));
        log.on(new TrainEvent.Resumed(299, Path.of("checkpoint-299")));
        log.on(new TrainEvent.StepEnd(100, 300, Double.NaN, 1e-300, 0, 8, 40, 4e-5));
        log.on(new TrainEvent.Evaluated(100, 300, new Metrics(10, 0.5, 1, 0.25, 0.125, 0.0625), true, 1));
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    /// The file that src/reference/golden_events.py made with TensorBoard's writer.
    @Test
    void writesTheBytesThatTensorBoardsWriterWrites() throws IOException {
        try (TensorBoardLog log = new TensorBoardLog(folder, CLOCK)) {
            run(log);
        }
        byte[] golden;
        try (InputStream in = TensorBoardLogTest.class.getResourceAsStream("events.out.tfevents")) {
            golden = in.readAllBytes();
        }
        assertArrayEquals(golden, Files.readAllBytes(files().getFirst()));
    }

    @Test
    void aResumedRunHasAFileOfItsOwnThatComesLater() throws IOException {
        for (int i = 0; i < 2; i++) {
            try (TensorBoardLog log = new TensorBoardLog(folder, CLOCK)) {
                run(log);
            }
        }
        String first = files().getFirst().getFileName().toString();
        assertEquals("events.out.tfevents.1700000000.", first.substring(0, 31));
        assertEquals(first + ".1", files().getLast().getFileName().toString());
    }

    @Test
    void aFolderThatCannotBeMadeIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        try (TensorBoardLog log = new TensorBoardLog(file, CLOCK)) {
            assertEquals(
                    "logging-dir: " + file + " cannot be written, java.nio.file.FileAlreadyExistsException: " + file
                            + "; make room, or name another folder",
                    assertThrows(TrainingException.class, () -> run(log)).getMessage());
        }
    }
}
