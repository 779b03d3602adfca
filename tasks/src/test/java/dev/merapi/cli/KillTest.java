package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.data.Example;
import dev.merapi.data.Target;
import dev.merapi.tasks.Colours;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// Trainings in a process of their own that is killed, or that finds no room to save. More kills:
/// `-Dmerapi.kills=20`, and `src/reference/disk_full.sh` for a disk that is really full.
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "ulimit and SIGKILL are of Unix")
class KillTest {
    private static final int KILLS = Integer.getInteger("merapi.kills", 2);
    private static final int STEPS = 36; // 12 epochs of 3
    private static final int BLOCKS = 100; // of 1024 bytes: room for the model's 46 kB, not for a state's 140 kB

    @TempDir
    Path folder;

    private Path encoder;
    private Path data;

    @BeforeEach
    void makeFiles() throws IOException {
        encoder = Colours.encoder(folder.resolve("encoder"));
        StringBuilder rows = new StringBuilder("id,text,label\n");
        for (Example example : Colours.dataset("train", 24, 0).examples())
            rows.append(example.id())
                    .append(',')
                    .append(example.text())
                    .append(',')
                    .append(Colours.LABELS.get(((Target.OneOf) example.target()).label()))
                    .append('\n');
        data = Files.writeString(folder.resolve("data.csv"), rows);
    }

    private List<String> training(String output, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "train",
                "pair-classification",
                "--model=" + encoder,
                "--train=" + data,
                "--dev=" + data,
                "--output-dir=" + folder.resolve(output),
                "--num-train-epochs=12",
                "--per-device-train-batch-size=8",
                "--learning-rate=5e-3",
                "--ema-decay=0.5",
                "--metric-for-best-model=loss",
                "--save-steps=1",
                "--logging-steps=1",
                "--threads=1",
                "--json"));
        arguments.addAll(List.of(more));
        return arguments;
    }

    /// @param blocks most blocks of 1024 bytes of a file; 0 for no limit
    private Process start(int blocks, List<String> training) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-Xmx200m",
                "--add-modules=jdk.incubator.vector",
                "-cp",
                everything(),
                "dev.merapi.cli.Main"));
        command.addAll(training);
        if (blocks > 0) command.addAll(0, List.of("bash", "-c", "ulimit -f " + blocks + "; exec \"$@\"", "bash"));
        return new ProcessBuilder(command).start();
    }

    /// What these tests run with, as a class path, whether it is one here or a module path.
    private static String everything() {
        return Stream.of("jdk.module.path", "java.class.path")
                .map(System::getProperty)
                .filter(Objects::nonNull)
                .collect(Collectors.joining(File.pathSeparator));
    }

    private byte[] weights(String output) throws IOException {
        return Files.readAllBytes(folder.resolve(output).resolve("model.safetensors"));
    }

    private boolean hasCheckpoint(String output) throws IOException {
        return !checkpoints(output).isEmpty();
    }

    private List<String> checkpoints(String output) throws IOException {
        Path run = folder.resolve(output + "-run");
        if (!Files.isDirectory(run)) return List.of();
        try (Stream<Path> files = Files.list(run)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("checkpoint-"))
                    .toList();
        }
    }

    @Test
    void aRunThatIsKilledAgainAndAgainEndsWithTheSameBits() throws Exception {
        assertEquals(0, Run.of("", training("whole").toArray(String[]::new)).code());
        Random random = new Random(20);
        for (int kill = 0; kill < KILLS; kill++) {
            List<String> training =
                    hasCheckpoint("parts") ? training("parts", "--resume-from-checkpoint") : training("parts");
            killed(training, 1 + random.nextInt(Math.max(4, 2 * STEPS / KILLS)), random.nextInt(12));
        }
        resume("parts");
        assertArrayEquals(weights("whole"), weights("parts"));
        assertEquals(List.of(), leftovers(folder));
        assertEquals(List.of(), leftovers(folder.resolve("parts-run")));
    }

    /// Hidden files and folders: what a save that was killed leaves, until the next one.
    private static List<String> leftovers(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("."))
                    .toList();
        }
    }

    @Test
    void aSaveThatFindsNoRoomIsOneLineAndKeepsTheOlderCheckpoint() throws Exception {
        assertEquals(0, Run.of("", training("whole").toArray(String[]::new)).code());
        killed(training("full"), 3, 0);
        List<String> older = checkpoints("full");
        Process full = start(BLOCKS, training("full", "--resume-from-checkpoint"));
        full.inputReader().readAllAsString();
        assertEquals(1, full.waitFor());
        List<String> lines = full.errorReader()
                .lines()
                .filter(line -> line.startsWith("merapi: "))
                .toList();
        assertEquals(1, lines.size(), lines::toString);
        assertTrue(
                lines.getFirst()
                        .matches("merapi: .*/full-run/checkpoint-[0-9]+ cannot be saved, .* \\(File too large\\); .*"
                                + "; older checkpoints are whole: make room, and go on with --resume-from-checkpoint"),
                lines.getFirst());
        assertEquals(older, checkpoints("full"));
        assertEquals(List.of(), leftovers(folder.resolve("full-run")));
        resume("full");
        assertArrayEquals(weights("whole"), weights("full"));
    }

    /// Kills a training so many milliseconds after so many lines, of which each step writes one.
    private void killed(List<String> training, int lines, int millis) throws Exception {
        Process process = start(0, training);
        try (BufferedReader out = process.inputReader()) {
            for (int i = 0; i < lines && out.readLine() != null; i++) {}
            Thread.sleep(millis);
            process.destroyForcibly().waitFor();
        }
    }

    private void resume(String output) {
        Run run = Run.of("", training(output, "--resume-from-checkpoint").toArray(String[]::new));
        assertEquals(0, run.code(), run.err());
    }
}
