package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.nn.pretrained.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Grids and random searches.
class SearchTest {
    @TempDir
    Path folder;

    private Path model;
    private Path data;

    @BeforeEach
    void makeFiles() throws IOException {
        model = TinyModel.folder(folder.resolve("model"));
        data = Files.writeString(
                folder.resolve("data.csv"),
                "text,pair,label\nthe sun,is warm,yes\nthe sea,is cold,no\nthe sun,is cold,no\n");
    }

    private Path grid(String json) throws IOException {
        return Files.writeString(folder.resolve("grid.json"), json);
    }

    private Run train(String output, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "train",
                "pair-classification",
                "--model=" + model,
                "--train=" + data,
                "--dev=" + data,
                "--output-dir=" + folder.resolve(output),
                "--num-train-epochs=1",
                "--threads=1"));
        arguments.addAll(List.of(more));
        return Run.of("", arguments.toArray(String[]::new));
    }

    @Test
    void aLongerSearchBeginsWithTheSameTrials() throws IOException {
        Path file = grid("""
            {"weight-decay": {"uniform": [0, 0.1]}, "learning_rate": {"loguniform": [1e-5, 1e-3]},
             "seed": [1, 2, 3]}\
            """);
        List<Map<String, String>> trials = Grid.read(file, 40, 7).runs();
        assertEquals(40, trials.size());
        assertEquals(trials.subList(0, 5), Grid.read(file, 5, 7).runs());
        assertEquals(
                List.of("learning-rate", "seed", "weight-decay"),
                List.copyOf(trials.getFirst().keySet()));
        double[] logs = trials.stream()
                .mapToDouble(run -> Math.log10(Double.parseDouble(run.get("learning-rate"))))
                .sorted()
                .toArray();
        assertTrue(logs[0] >= -5 && logs[39] <= -3 && logs[20] > -4.4 && logs[20] < -3.6, () -> "median " + logs[20]);
        assertTrue(trials.stream()
                .map(run -> Double.parseDouble(run.get("weight-decay")))
                .allMatch(d -> d >= 0 && d < 0.1));
        assertEquals(3, trials.stream().map(run -> run.get("seed")).distinct().count());
        assertTrue(!trials.equals(Grid.read(file, 40, 8).runs()), "another seed, other trials");
    }

    @Test
    void trialsOfListsAreDifferentCombinations() throws IOException {
        Path file = grid("{\"a\": [1, 2, 3], \"b\": [true, false]}");
        List<Map<String, String>> all = Grid.read(file, 0, 7).runs();
        List<Map<String, String>> trials = Grid.read(file, 4, 7).runs();
        assertEquals(4, new HashSet<>(trials).size());
        assertTrue(all.containsAll(trials));
        assertEquals(trials.subList(0, 2), Grid.read(file, 2, 7).runs());
        assertEquals(all, Grid.read(file, 6, 7).runs());
    }

    @Test
    void domainsThatMakeNoSenseAreNamed() throws IOException {
        for (String domain : List.of("{\"loguniform\": [0, 1]}", "{\"uniform\": [1, 0]}", "{\"normal\": [0, 1]}", "3"))
            assertTrue(assertThrows(UsageException.class, () -> Grid.read(grid("{\"seed\": " + domain + "}"), 3, 1))
                    .getMessage()
                    .endsWith("; got "
                            + domain.replace("[", "[ ")
                                    .replace("]", " ]")
                                    .replace("{", "{ ")
                                    .replace("}", " }")));
        Path file = grid("{\"seed\": {\"uniform\": [0, 1]}}");
        assertEquals(
                "--grid: seed in " + file + " is a distribution, expected --trials N to say how many runs to draw from"
                        + " it; add it, or make it a list",
                assertThrows(UsageException.class, () -> Grid.read(file, 0, 1)).getMessage());
        assertEquals(2, train("output", "--trials=3").code());
        assertEquals(2, train("output", "--trials=0", "--grid=" + file).code());
    }

    @Test
    void aSearchIsMadeOnceAndSaysWhichRunIsTheBest() throws IOException {
        Path file = grid("{\"learning-rate\": {\"loguniform\": [1e-5, 1e-3]}}");
        Run search = train("output", "--grid=" + file, "--trials=2", "--metric-for-best-model=loss");
        assertEquals(0, search.code(), search.err());
        List<String> rows = Files.readAllLines(folder.resolve("output/grid.csv"));
        assertEquals(3, rows.size());
        assertTrue(rows.getFirst().startsWith("run,learning-rate,best_epoch,"), rows.getFirst());
        assertTrue(search.out().lines().toList().getLast().startsWith("best by loss: run-"), search.out());
        Run again = train(
                "output", "--grid=" + file, "--trials=3", "--metric-for-best-model=loss", "--resume-from-checkpoint");
        assertEquals(0, again.code(), again.err());
        assertTrue(!again.out().contains("run 2 of 3") && again.out().contains("run 3 of 3"), again.out());
        assertEquals(rows, Files.readAllLines(folder.resolve("output/grid.csv")).subList(0, 3));
    }

    /// All runs start from one copy of the weights, which none of them changes.
    @Test
    void theSecondRunStartsFromTheSameBitsAsOneOfItsOwn() throws IOException {
        Run both = train("grid", "--grid=" + grid("{\"seed\": [3, 4]}"), "--learning-rate=1e-2");
        assertEquals(0, both.code(), both.err());
        assertEquals(0, train("alone", "--seed=4", "--learning-rate=1e-2").code());
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("alone/model.safetensors")),
                Files.readAllBytes(folder.resolve("grid/run-1/model.safetensors")));
        assertEquals(
                Json.read(folder.resolve("alone/settings.json")).pretty(),
                Json.read(folder.resolve("grid/run-1/settings.json")).pretty());
    }
}
