package dev.merapi.train;

import dev.merapi.metrics.Metric;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/// The run as CSV, a line a step (`step`), an epoch (`epoch`: the mean loss) and an evaluation (`eval`: on the
/// development
/// data); a cell that does not apply is empty. It is written as the run goes on, so that a run that is killed
/// leaves its log.
public final class CsvLog implements TrainListener, AutoCloseable {
    private static final String COMMON = "event,epoch,step,loss,learning_rate,grad_norm,rows,tokens,seconds";

    /// The header of the log of a classification with one label a row, names in transformers' words.
    public static final String HEADER = COMMON + ",accuracy,micro_f1,macro_f1,weighted_f1,matthews";

    private final List<Metric> metrics;
    private final List<String> lines = new ArrayList<>();
    private final Path file; // null: only in memory
    private BufferedWriter out;

    /// A log in memory.
    ///
    /// @param metrics that evaluations have, each a column
    public CsvLog(List<Metric> metrics) {
        this(metrics, null);
    }

    /// A log that is also written to a file, line by line.
    public CsvLog(List<Metric> metrics, Path file) {
        this.metrics = metrics.stream().filter(metric -> metric != Metric.LOSS).toList();
        this.file = file;
        StringJoiner header = new StringJoiner(",").add(COMMON);
        for (Metric metric : this.metrics) header.add(metric.column());
        lines.add(header.toString());
    }

    /// Goes on with a log that was interrupted.
    public void restore(String text) {
        lines.clear();
        lines.addAll(text.lines().toList());
    }

    @Override
    public void on(TrainEvent event) {
        switch (event) {
            case TrainEvent.StepEnd step ->
                add(
                        "step",
                        step.epoch(),
                        step.step(),
                        step.loss(),
                        step.learningRate(),
                        step.gradientNorm(),
                        step.rows(),
                        step.tokens(),
                        rounded(step.seconds()));
            case TrainEvent.EpochEnd epoch ->
                add(
                        "epoch",
                        epoch.epoch(),
                        epoch.step(),
                        epoch.loss(),
                        "",
                        "",
                        "",
                        "",
                        rounded(epoch.speed().seconds()));
            case TrainEvent.Evaluated evaluated -> evaluated(evaluated);
            case TrainEvent.RunStart _,
                    TrainEvent.Resumed _,
                    TrainEvent.LossScaled _,
                    TrainEvent.CheckpointSaved _,
                    TrainEvent.StateSaved _,
                    TrainEvent.RunEnd _ -> {}
        }
    }

    private void evaluated(TrainEvent.Evaluated event) {
        List<Object> cells = new ArrayList<>(List.of(
                "eval",
                event.epoch(),
                event.step(),
                event.metrics().loss(),
                "",
                "",
                event.metrics().rows(),
                "",
                rounded(event.seconds())));
        for (Metric metric : metrics) cells.add(event.metrics().get(metric));
        add(cells.toArray());
    }

    private void add(Object... cells) {
        StringJoiner line = new StringJoiner(",");
        int columns = COMMON.split(",").length + metrics.size();
        for (int i = 0; i < columns; i++) line.add(i < cells.length ? cells[i].toString() : "");
        lines.add(line.toString());
        if (file != null) write();
    }

    private void write() {
        try {
            if (out == null) {
                Files.createDirectories(file.toAbsolutePath().getParent());
                out = Files.newBufferedWriter(file);
                for (String line : lines) out.append(line).append('\n');
            } else {
                out.append(lines.getLast()).append('\n');
            }
            out.flush();
        } catch (IOException e) {
            throw new TrainingException(
                    file + " cannot be written, " + e + "; make room, or name another output folder", e);
        }
    }

    @Override
    public void close() {
        try {
            if (out != null) out.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String rounded(double seconds) {
        return String.format(Locale.ROOT, "%.4f", seconds);
    }

    /// What happened so far.
    public String text() {
        return String.join("\n", lines) + "\n";
    }
}
