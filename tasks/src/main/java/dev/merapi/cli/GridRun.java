package dev.merapi.cli;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.train.BestBy;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// Runs a grid: a training for each combination, in folders `run-<i>`, and a row for each in `grid.csv`.
/// Resumed, runs that are done are not made again, and one that was stopped goes on. All start from one copy of
/// the pretrained weights in memory.
///
/// @param console  where runs report
/// @param grid     the combinations
/// @param given    the command line
/// @param folder   of all runs
/// @param logs     gets a folder of TensorBoard's files for each run; null for none
/// @param bestBy   the metric that says which run is the best
/// @param resume   whether an earlier grid goes on
record GridRun(Console console, Grid grid, List<String> given, Path folder, Path logs, BestBy bestBy, boolean resume) {
    private static final Set<String> DONE = Set.of("completed", "no_improvement");

    /// @throws UsageException if a run is refused: the grid names an option or a value that there is not
    void run() {
        List<Map<String, String>> runs = grid.runs();
        List<Json.Obj> results = new ArrayList<>();
        Encoders encoders = new Encoders();
        for (int i = 0; i < runs.size(); i++) {
            Path output = folder.resolve("run-" + i);
            Json.Obj done = resume ? done(output, runs.get(i)) : null;
            if (done == null) {
                console.print("run %d of %d: %s".formatted(i + 1, runs.size(), runs.get(i)));
                done = train(runs.get(i), output, encoders);
            }
            results.add(done);
            write(runs, results);
            if (!DONE.contains(done.string("end", ""))) return; // stopped
        }
        int best = 0;
        for (int i = 1; i < results.size(); i++) if (score(results.get(i)) > score(results.get(best))) best = i;
        console.print("best by %s: run-%d %s, %s"
                .formatted(
                        bestBy.metric().column(),
                        best,
                        runs.get(best),
                        results.get(best).number(bestBy.metric().column(), Double.NaN)));
    }

    private Json.Obj train(Map<String, String> run, Path output, Encoders encoders) {
        Path checkpoints = output.resolveSibling(output.getFileName() + "-run");
        boolean folds = Files.isRegularFile(output.resolve("folds.json"));
        boolean goesOn = resume && (folds || hasCheckpoint(checkpoints));
        Path log = logs == null ? null : logs.resolve(output.getFileName());
        List<String> arguments = Grid.arguments(given, run, output, log, goesOn);
        int code = Main.run(console, Merapi.commandLine(console, encoders), arguments.toArray(String[]::new));
        if (code != 0) throw new UsageException("--grid: the run " + run + " failed, see above; correct the grid");
        if (!Files.isRegularFile(output.resolve("metrics.json"))) // stopped before its first evaluation
        return Json.Obj.empty("metrics.json").with("end", "stopped");
        write(output.resolve("grid.json"), json(run).pretty() + "\n");
        return Json.read(output.resolve("metrics.json"));
    }

    private static boolean hasCheckpoint(Path folder) {
        if (!Files.isDirectory(folder)) return false;
        try (Stream<Path> files = Files.list(folder)) {
            return files.anyMatch(file -> file.getFileName().toString().startsWith("checkpoint-"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// What a run came to that was made before with the same options; null if it was not.
    private static Json.Obj done(Path output, Map<String, String> run) {
        Path made = output.resolve("grid.json");
        Path metrics = output.resolve("metrics.json");
        if (!Files.isRegularFile(made) || !Files.isRegularFile(metrics)) return null;
        if (!Json.read(made).pretty().equals(json(run).pretty())) return null;
        Json.Obj result = Json.read(metrics);
        return DONE.contains(result.string("end", "")) ? result : null;
    }

    private static Json.Obj json(Map<String, String> run) {
        Json.Obj json = Json.Obj.empty("grid.json");
        for (Map.Entry<String, String> option : run.entrySet()) json = json.with(option.getKey(), option.getValue());
        return json;
    }

    private double score(Json.Obj metrics) {
        double value = metrics.number(bestBy.metric().column(), Double.NaN);
        return Double.isNaN(value) ? Double.NEGATIVE_INFINITY : bestBy.metric().largerIsBetter() ? value : -value;
    }

    private void write(List<Map<String, String>> runs, List<Json.Obj> results) {
        List<String> names = List.copyOf(grid.values().keySet());
        List<String> scores = results.getFirst().members().entrySet().stream()
                .filter(member -> member.getValue() instanceof Json.Num)
                .map(Map.Entry::getKey)
                .toList();
        StringWriter text = new StringWriter();
        try (CsvWriter writer =
                CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text)) {
            List<String> header = new ArrayList<>(List.of("run"));
            header.addAll(names);
            header.addAll(scores);
            writer.writeRecord(header);
            for (int i = 0; i < results.size(); i++) {
                List<String> row = new ArrayList<>(List.of("run-" + i));
                for (String name : names) row.add(runs.get(i).get(name));
                for (String score : scores)
                    row.add(results.get(i).members().get(score) instanceof Json.Num number ? number.text() : "");
                writer.writeRecord(row);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        write(folder.resolve("grid.csv"), text.toString());
    }

    private static void write(Path file, String text) {
        Path temporary = file.resolveSibling("." + file.getFileName() + ".tmp");
        try {
            Files.writeString(temporary, text);
            Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
