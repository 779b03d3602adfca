package dev.merapi.cli;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.merapi.tasks.Prediction;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/// Predictions as CSV or JSONL, written row by row, and there whole or not at all.
///
///     id,label,probability_REFUTES,…                            the label, and how probable each one is
///     id,joy,fear,probability_joy,probability_fear              with several labels a row: 0/1, then
///     probabilities …,logit_REFUTES,…                                         with logits
///     textID,selected_text                                      parts of texts
///     id,label                                                  ordered labels
final class PredictionFile implements AutoCloseable {
    private final Path path;
    private final Path temporary;
    private final boolean logits;
    private final BufferedWriter text;
    private final CsvWriter csv; // null for JSONL
    private boolean begun; // whether the header is there

    private PredictionFile(Path path, boolean logits) throws IOException {
        this.path = path;
        this.temporary = path.resolveSibling("." + path.getFileName() + ".tmp");
        this.logits = logits;
        this.text = Files.newBufferedWriter(temporary);
        this.csv = path.toString().endsWith(".csv")
                ? CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text)
                : null;
    }

    /// Looks at the ending and at the folder before anything is computed.
    ///
    /// @param logits whether the logits are written too
    static PredictionFile at(Path path, boolean logits) {
        String name = path.getFileName() == null ? "" : path.getFileName().toString();
        if (!name.endsWith(".csv") && !name.endsWith(".jsonl"))
            throw new UsageException("--output: expected a file that ends in .csv or .jsonl, got " + path);
        Path folder = path.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder) || !Files.isWritable(folder))
            throw new UsageException(
                    "--output: expected a folder that can be written, got " + folder + "; create it or choose another");
        if (Files.isDirectory(path))
            throw new UsageException("--output: expected a file, got the folder " + path + "; choose another name");
        try {
            return new PredictionFile(path, logits);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Whether the logits are written too.
    boolean logits() {
        return logits;
    }

    /// @param severalLabels whether a row may have any number of them
    void write(List<String> labels, List<Prediction> predictions, boolean severalLabels) {
        if (csv != null) {
            write(
                    header(labels, severalLabels),
                    predictions.stream()
                            .map(prediction -> row(labels, prediction, severalLabels))
                            .toList());
            return;
        }
        for (Prediction prediction : predictions) line(json(labels, prediction, severalLabels));
    }

    /// More rows of texts; the header comes before the first of them. In JSONL an object a row.
    void write(List<String> header, List<List<String>> rows) {
        if (csv != null && !begun) csv.writeRecord(header);
        begun = true;
        for (List<String> row : rows) {
            if (csv != null) {
                csv.writeRecord(row);
                continue;
            }
            JsonLine line = new JsonLine();
            for (int i = 0; i < header.size(); i++) line.put(header.get(i), row.get(i));
            line(line);
        }
    }

    private void line(JsonLine line) {
        try {
            text.append(line.toString()).append('\n');
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Puts the file in its place; without this, none is left.
    void commit() {
        try {
            if (csv != null) csv.close(); // it has a buffer of its own
            text.close();
            Files.move(temporary, path, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try (text) {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            System.getLogger(PredictionFile.class.getName())
                    .log(System.Logger.Level.WARNING, temporary + " could not be closed and deleted: " + e);
        }
    }

    private List<String> header(List<String> labels, boolean severalLabels) {
        List<String> header = new ArrayList<>(List.of("id"));
        if (severalLabels) header.addAll(labels);
        else header.add("label");
        for (String label : labels) header.add("probability_" + label);
        if (logits) for (String label : labels) header.add("logit_" + label);
        return header;
    }

    private List<String> row(List<String> labels, Prediction prediction, boolean severalLabels) {
        List<String> row = new ArrayList<>(List.of(prediction.example().id()));
        if (severalLabels)
            for (String label : labels) row.add(prediction.labels().contains(label) ? "1" : "0");
        else row.add(prediction.labels().getFirst());
        for (float probability : prediction.probabilities()) row.add(Float.toString(probability));
        if (logits) for (float logit : prediction.logits()) row.add(Float.toString(logit));
        return row;
    }

    private JsonLine json(List<String> labels, Prediction prediction, boolean severalLabels) {
        JsonLine line = new JsonLine().put("id", prediction.example().id());
        if (severalLabels) line.put("labels", prediction.labels());
        else line.put("label", prediction.labels().getFirst());
        JsonLine probabilities = new JsonLine();
        for (int k = 0; k < labels.size(); k++)
            probabilities.put(labels.get(k), prediction.probabilities().get(k));
        line.put("probabilities", probabilities);
        return logits ? line.put("logits", prediction.logits()) : line;
    }
}
