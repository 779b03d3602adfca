package dev.merapi.cli;

import dev.merapi.data.Claims;
import dev.merapi.data.Dataset;
import dev.merapi.data.LabelledPairs;
import dev.merapi.data.MultilabelTable;
import dev.merapi.data.OrdinalTable;
import dev.merapi.data.SpanTable;
import dev.merapi.data.TableOptions;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/// How data files are read.
final class DataOptions {
    enum Format {
        TABLE,
        CLAIMS
    }

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "table",
            description = "table: CSV or JSONL by the file's ending; claims: JSON of claims that cite --evidence.")
    Format format;

    @Option(names = "--evidence", paramLabel = "FILE", description = "The passages that claims cite.")
    Path evidence;

    @Option(
            names = "--labels",
            paramLabel = "A,B,…",
            split = ",",
            hideParamSyntax = true,
            showDefaultValue = Visibility.NEVER,
            description = "Labels in the order of the model's outputs; of multilabel, the 0/1 columns.")
    List<String> labels = List.of();

    @Option(
            names = "--text-column",
            paramLabel = "NAME",
            description = "The column of texts; without it, one of the usual names.")
    String textColumn;

    @Option(
            names = "--label-column",
            paramLabel = "NAME",
            description = "The column of labels (ordinal, pair-classification).")
    String labelColumn;

    @Option(
            names = "--context-column",
            paramLabel = "NAME",
            defaultValue = "sentiment",
            description = "The column of what a part is wanted for (span-extraction).")
    String contextColumn;

    @Option(
            names = "--streaming",
            description =
                    "Leave rows in their file and read them again when they are needed; where a file is large beside"
                            + " the heap, that is done anyway.")
    boolean streaming;

    /// Reads examples to learn from; they decide on the labels where `--labels` does not.
    Dataset readTraining(Task task, Path file) {
        checkFormat(task);
        if (format == Format.CLAIMS) return Claims.read(file, evidence);
        if (task == Task.MULTILABEL && labels.isEmpty())
            throw new UsageException("--labels: expected the names of the 0/1 columns, as anger,fear,joy, got nothing");
        return switch (task) {
            case MULTILABEL -> MultilabelTable.read(file, labels, table());
            case SPAN_EXTRACTION -> SpanTable.read(file, contextColumn, table());
            case ORDINAL ->
                labels.isEmpty() ? OrdinalTable.read(file, table()) : OrdinalTable.read(file, labels, table());
            case PAIR_CLASSIFICATION ->
                labels.isEmpty() ? LabelledPairs.read(file, table()) : LabelledPairs.read(file, labels, table());
        };
    }

    private TableOptions table() {
        return new TableOptions(textColumn, labelColumn, streaming);
    }

    /// Reads examples for a model that has these labels.
    Dataset read(Task task, Path file, List<String> modelLabels) {
        checkFormat(task);
        if (format == Format.CLAIMS && !modelLabels.equals(Claims.LABELS))
            throw new UsageException("--format claims: expected a model with the labels " + Claims.LABELS + ", got "
                    + modelLabels + "; use a model that was trained on claims");
        return switch (task) {
            case MULTILABEL -> MultilabelTable.read(file, modelLabels, table());
            case SPAN_EXTRACTION -> SpanTable.read(file, contextColumn, table());
            case ORDINAL -> OrdinalTable.read(file, modelLabels, table());
            case PAIR_CLASSIFICATION ->
                format == Format.CLAIMS ? Claims.read(file, evidence) : LabelledPairs.read(file, modelLabels, table());
        };
    }

    private void checkFormat(Task task) {
        boolean oneLabel = task == Task.ORDINAL || task == Task.PAIR_CLASSIFICATION;
        if (labelColumn != null && !oneLabel)
            throw new UsageException("--label-column: not an option of " + task + "; leave it out");
        if (format == Format.CLAIMS && (textColumn != null || labelColumn != null || streaming))
            throw new UsageException(
                    "--format claims: expected no --text-column, --label-column or --streaming beside it; leave them"
                            + " out");
        if (format == Format.CLAIMS && task != Task.PAIR_CLASSIFICATION)
            throw new UsageException("--format claims: expected the task pair-classification, got " + task);
        if (format == Format.CLAIMS && evidence == null)
            throw new UsageException("--format claims: expected --evidence FILE beside it, got no file of passages");
        if (format != Format.CLAIMS && evidence != null)
            throw new UsageException("--evidence: expected --format claims beside it, got --format table");
    }
}
