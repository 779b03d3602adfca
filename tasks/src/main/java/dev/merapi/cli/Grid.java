package dev.merapi.cli;

import dev.merapi.engine.kernel.Philox;
import dev.merapi.nn.pretrained.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// Options and the values that they shall have, as JSON:
/// `{"label-smoothing-factor": [0, 0.1], "class-weights": [[1, 1, 1], [2, 1, 1]]}`. Every combination is a run,
/// in the order of scikit-learn's `ParameterGrid`: names sorted, the last one changes fastest.
///
/// With `trials` so many runs are drawn by chance, as scikit-learn's `ParameterSampler` does: different
/// combinations where all options have lists, else each value by itself, out of lists and out of distributions,
/// `{"learning-rate": {"loguniform": [1e-5, 1e-3]}, "weight-decay": {"uniform": [0, 0.1]}}`. What trial i gets
/// depends on the seed, on i and on the options alone, so that a longer search begins with the same trials.
///
/// @param values by the option's name without dashes before it; a list of lists as `1,1,1`
/// @param trials how many runs; 0 for every combination
/// @param seed of the trials
record Grid(TreeMap<String, Domain> values, int trials, long seed) {

    static Grid read(Path file, int trials, long seed) {
        TreeMap<String, Domain> values = new TreeMap<>();
        for (Map.Entry<String, Json> member : Json.read(file).members().entrySet()) {
            String where = "--grid: " + member.getKey() + " in " + file;
            Domain domain = Domain.read(where, member.getValue());
            if (trials == 0 && domain instanceof Domain.Range)
                throw new UsageException(where + " is a distribution, expected --trials N to say how many runs to draw"
                        + " from it; add it, or make it a list");
            values.put(member.getKey().replace('_', '-'), domain);
        }
        if (values.isEmpty()) throw new UsageException("--grid: " + file + " names no option; expected at least one");
        return new Grid(values, trials, seed);
    }

    /// Option and value of each run.
    List<Map<String, String>> runs() {
        boolean lists = values.values().stream().allMatch(Domain.Choice.class::isInstance);
        if (!lists) return IntStream.range(0, trials).mapToObj(this::drawn).toList();
        List<Map<String, String>> all = combinations();
        if (trials == 0 || trials >= all.size()) return all;
        return Arrays.stream(Philox.permutation(all.size(), seed, 0))
                .limit(trials)
                .mapToObj(all::get)
                .toList();
    }

    private Map<String, String> drawn(int trial) {
        Map<String, String> run = new LinkedHashMap<>();
        values.forEach((option, domain) -> run.put(option, domain.draw(seed, trial, run.size())));
        return run;
    }

    private List<Map<String, String>> combinations() {
        List<Map<String, String>> runs = new ArrayList<>(List.of(Map.of()));
        for (Map.Entry<String, Domain> option : values.entrySet()) {
            List<Map<String, String>> longer = new ArrayList<>();
            for (Map<String, String> run : runs)
                for (String value : ((Domain.Choice) option.getValue()).values()) {
                    Map<String, String> next = new LinkedHashMap<>(run);
                    next.put(option.getKey(), value);
                    longer.add(next);
                }
            runs = longer;
        }
        return runs;
    }

    /// The command line of one run: the one that was given, without the grid and what it decides, then its own
    /// options.
    ///
    /// @param loggingDir null for none
    static List<String> arguments(
            List<String> given, Map<String, String> run, Path outputDir, Path loggingDir, boolean resume) {
        List<String> decided = new ArrayList<>(List.of("--grid", "--trials", "--output-dir", "--logging-dir"));
        run.keySet().forEach(name -> decided.add("--" + name));
        List<String> arguments = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            String argument = given.get(i);
            if (decided.contains(argument)) i++; // and its value
            else if (decided.stream().noneMatch(name -> argument.startsWith(name + "="))
                    && !argument.equals("--resume-from-checkpoint")) arguments.add(argument);
        }
        run.forEach((name, value) -> arguments.add("--" + name + "=" + value));
        arguments.addAll(List.of("--output-dir", outputDir.toString()));
        if (loggingDir != null) arguments.addAll(List.of("--logging-dir", loggingDir.toString()));
        if (resume) arguments.add("--resume-from-checkpoint");
        return arguments;
    }
}
