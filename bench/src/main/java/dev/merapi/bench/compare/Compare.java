package dev.merapi.bench.compare;

import dev.merapi.engine.Limits;
import dev.merapi.nn.pretrained.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Measures whole models beside their peers: every side in a process of its own, by turns A B C C B A, with the
/// same number of threads and the same tokens. Writes `results.tsv`, and from it a table and a chart; cases
/// that are not measured keep their lines.
@Command(name = "compare", mixinStandardHelpOptions = true, showDefaultValues = true)
final class Compare implements Callable<Integer> {
    @Option(names = "--only", split = ",", paramLabel = "CASE", description = "Cases to measure; without it, all.")
    List<String> only;

    @Option(names = "--sides", split = ",", paramLabel = "SIDE", description = "Sides to measure; without it, all.")
    List<String> sides;

    @Option(names = "--models", required = true, description = "Folder of Hugging Face folders.")
    Path models;

    @Option(names = "--exports", required = true, description = "Folder of what export_peers.py made.")
    Path exports;

    @Option(names = "--data", required = true, description = "Folder of the claims.")
    Path data;

    @Option(names = "--python", required = true, description = "Interpreter of the training peer.")
    Path python;

    @Option(names = "--scripts", defaultValue = "src/reference", description = "Folder of peer_torch.py.")
    Path scripts;

    @Option(names = "--results", defaultValue = "bench/results", description = "Where the figures go.")
    Path results;

    @Option(names = "--threads", description = "Of each side; without it, one a processor.")
    int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--rounds", defaultValue = "1", description = "Of A B C C B A.")
    int rounds;

    @Option(names = "--warm", defaultValue = "10", description = "Seconds that each side computes before it counts.")
    double warm;

    @Option(names = "--attempts", defaultValue = "4", description = "At a visit that nobody disturbs.")
    int attempts;

    private static final double QUIET = 0.06;

    private Path log;

    static void main(String[] arguments) {
        System.exit(new CommandLine(new Compare()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        Files.createDirectories(results);
        log = Files.createTempFile("compare", ".log");
        List<Figure> figures = Figure.read(results.resolve("results.tsv"));
        for (Case c : Case.ALL) {
            if (only != null && !only.contains(c.name())) continue;
            List<Figure> measured = measure(c);
            figures.removeIf(figure -> figure.name().equals(c.name())
                    && measured.stream().anyMatch(now -> now.side().equals(figure.side())));
            figures.addAll(measured);
            figures.sort(Comparator.comparingInt(figure -> Case.index(figure.name())));
            write(figures); // after each case: a run may be stopped
            measured.forEach(figure -> System.out.printf(
                    "%-16s %-14s %9.2f ms  (%.2f … %.2f, %d runs)  %.0f tokens/s  %s%n",
                    figure.name(),
                    figure.side(),
                    1e3 * figure.median(),
                    1e3 * figure.low(),
                    1e3 * figure.high(),
                    figure.runs(),
                    figure.tokensPerSecond(),
                    figure.floor() == 0
                            ? ""
                            : "%.0f %% of the limit".formatted(100 * figure.floor() / figure.median())));
        }
        write(figures);
        Files.delete(log);
        return 0;
    }

    private void write(List<Figure> figures) throws IOException {
        Figure.write(results.resolve("results.tsv"), figures);
        Files.writeString(results.resolve("table.md"), Table.of(figures, jars()));
        Files.writeString(results.resolve("chart.svg"), Chart.of(figures));
    }

    /// Bytes of the jars of engine, nn and tokenizer, which the build has put side by side; 0 if it has not.
    private static long jars() throws IOException {
        long bytes = 0;
        for (String module : List.of("engine", "nn", "tokenizer")) {
            Path jar = Path.of(module, "target", "merapi-" + module + "-0.1.0-SNAPSHOT.jar");
            if (Files.exists(jar)) bytes += Files.size(jar);
        }
        return bytes;
    }

    private List<Figure> measure(Case c) throws Exception {
        Workload workload = c.input().workload(models.resolve(c.model()), data);
        Path input = Files.createTempFile("workload", ".txt");
        try {
            workload.write(input);
            Map<String, List<String>> commands =
                    new Programs(models, exports, python, scripts, threads(c)).sides(c, input);
            if (sides != null) commands.keySet().retainAll(sides);
            return c.work() == Case.Work.START ? starts(c, workload, commands) : passes(c, workload, commands);
        } finally {
            Files.delete(input);
        }
    }

    /// Times of processes from their start to their first result.
    private List<Figure> starts(Case c, Workload workload, Map<String, List<String>> commands) throws IOException {
        List<String> names = List.copyOf(commands.keySet());
        List<List<Double>> times =
                names.stream().map(_ -> (List<Double>) new ArrayList<Double>()).toList();
        String[] versions = new String[names.size()];
        for (int turn : turns(names.size(), rounds + 1)) {
            try (Child child = new Child(names.get(turn), commands.get(names.get(turn)), log)) {
                times.get(turn).add(child.startSeconds());
                versions[turn] = child.version();
            }
        }
        List<Figure> figures = new ArrayList<>();
        for (int i = 0; i < names.size(); i++)
            figures.add(figure(c, names.get(i), i == 0 ? "Merapi" : versions[i], times.get(i), workload, 0, 0));
        return figures;
    }

    /// Times of passes over the workload, in processes that stay.
    private List<Figure> passes(Case c, Workload workload, Map<String, List<String>> commands) throws IOException {
        Limits limits = Limits.measure(threads(c));
        List<Child> children = new ArrayList<>();
        try {
            for (Map.Entry<String, List<String>> side : commands.entrySet()) {
                Child child = new Child(side.getKey(), side.getValue(), log);
                children.add(child);
                child.run(warm);
            }
            agree(c, children);
            List<List<Double>> times = children.stream()
                    .map(_ -> (List<Double>) new ArrayList<Double>())
                    .toList();
            for (int turn : turns(children.size(), rounds)) {
                limits = limits.or(Limits.measure(threads(c)));
                for (double seconds : quietVisit(children.get(turn), c))
                    times.get(turn).add(seconds);
            }
            double floor = Floor.seconds(
                    c, workload, Json.read(models.resolve(c.model()).resolve("config.json")), limits);
            List<Figure> figures = new ArrayList<>();
            for (int i = 0; i < children.size(); i++) {
                Child child = children.get(i);
                figures.add(figure(c, child.name(), child.version(), times.get(i), workload, floor, child.memory()));
            }
            return figures;
        } finally {
            children.forEach(Child::close);
        }
    }

    /// A visit that others disturb is made again, a few times; the least disturbed one counts.
    private double[] quietVisit(Child child, Case c) throws IOException {
        Child.Visit best = null;
        for (int attempt = 0; attempt < attempts && (best == null || best.disturbed() > QUIET); attempt++) {
            pause();
            Child.Visit visit = child.run(c.visit());
            if (best == null || visit.disturbed() < best.disturbed()) best = visit;
        }
        if (best.disturbed() > QUIET)
            System.err.printf(
                    "%s: others had %.0f %% of the processors beside %s%n",
                    c.name(), 100 * best.disturbed(), child.name());
        return best.times();
    }

    /// Threads of the last side go to sleep: some spin a while.
    private static void pause() {
        try {
            Thread.sleep(300);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// 0 1 2 2 1 0, as often as there are rounds.
    private static int[] turns(int sides, int rounds) {
        int[] turns = new int[2 * sides * rounds];
        for (int i = 0; i < turns.length; i++) {
            int at = i % (2 * sides);
            turns[i] = at < sides ? at : 2 * sides - 1 - at;
        }
        return turns;
    }

    /// Sides that compute something else are not compared.
    private static void agree(Case c, List<Child> children) throws IOException {
        double[] expected = children.getFirst().values();
        for (Child child : children) {
            double[] got = child.values();
            double largest = 0;
            for (int i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(got[i] - expected[i]));
            if (c.work() == Case.Work.FORWARD && !(largest < 1e-3))
                throw new IOException(c.name() + ": " + child.name() + " differs by " + largest + " from "
                        + children.getFirst().name()
                        + ", expected less than 1e-3; are the exports those of these models?");
        }
    }

    private int threads(Case c) {
        return c.threads() > 0 ? c.threads() : threads;
    }

    private Figure figure(
            Case c, String side, String version, List<Double> seconds, Workload workload, double floor, long memory) {
        double[] times = seconds.stream().mapToDouble(Double::doubleValue).toArray();
        return new Figure(
                c.name(),
                side,
                version,
                threads(c),
                times.length,
                Figure.percentile(times, 0.5),
                Figure.percentile(times, 0.1),
                Figure.percentile(times, 0.9),
                workload.tokens(),
                floor,
                memory,
                Environment.describe());
    }
}
