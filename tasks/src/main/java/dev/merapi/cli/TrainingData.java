package dev.merapi.cli;

import dev.merapi.data.Dataset;
import dev.merapi.data.Example;
import dev.merapi.data.Split;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The examples of a training, from files of their own or cut from one.
///
/// @param train to learn from
/// @param dev to evaluate on
/// @param test to test the kept model on; null for none
/// @param isSplit whether they were cut from one file
record TrainingData(Dataset train, Dataset dev, Dataset test, boolean isSplit) {
    private static final List<Double> ORDINAL = List.of(0.7, 0.1, 0.2);

    static TrainingData read(
            Task task, DataOptions data, Path train, Path dev, Path test, List<Double> shares, long seed) {
        Dataset all = data.readTraining(task, train);
        Dataset held = test == null ? null : data.read(task, test, all.labels());
        if (dev != null) {
            if (!shares.isEmpty()) throw new UsageException("--split: expected no --dev beside it; leave one out");
            return new TrainingData(all, data.read(task, dev, all.labels()), held, false);
        }
        boolean asked = !shares.isEmpty();
        if (!asked && task != Task.ORDINAL)
            throw new UsageException("--dev: expected a file of examples to evaluate on, or --split 0.9,0.1 to cut some"
                    + " off, got neither");
        List<Double> parts = asked ? shares : test == null ? ORDINAL : List.of(0.9, 0.1);
        if (parts.size() < 2 || parts.size() > (test == null ? 3 : 2))
            throw new UsageException("--split: expected two shares, or three without --test, got " + parts);
        double[] sizes = parts.stream().mapToDouble(Double::doubleValue).toArray();
        List<int[]> rows = asked ? Split.stratified(all.strata(), seed, sizes) : Split.of(all.size(), seed, sizes);
        return new TrainingData(
                all.rows(all.source(), rows.get(0)),
                all.rows(all.source(), rows.get(1)),
                rows.size() == 3 ? all.rows(all.source(), rows.get(2)) : held,
                true);
    }

    /// `splits.csv` beside the model: which example was in which part.
    void writeDown(Path folder) {
        if (!isSplit) return;
        StringBuilder text = new StringBuilder("id,part\n");
        append(text, train, "train");
        append(text, dev, "dev");
        if (test != null) append(text, test, "test");
        try {
            Files.writeString(folder.resolve("splits.csv"), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void append(StringBuilder text, Dataset data, String part) {
        for (Example example : data.examples()) {
            String id = example.id();
            boolean plain = id.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
            text.append(plain ? id : '"' + id.replace("\"", "\"\"") + '"')
                    .append(',')
                    .append(part)
                    .append('\n');
        }
    }
}
