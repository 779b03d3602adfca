package dev.merapi.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Reads texts with any number of labels from CSV or JSONL (by the file's ending): a text column, one 0/1
/// column a label and perhaps `id`.
public final class MultilabelTable {
    /// Names of the text column; the first one that is found counts.
    public static final List<String> TEXT_COLUMNS = List.of("text", "comment_text", "sentence", "content", "review");

    private MultilabelTable() {}

    /// @param labels names of the 0/1 columns, in the order of the model's outputs. Where the file has none of
    ///     them, the examples are there to be predicted, and so is a row in which they are all empty
    /// @throws DataException if the file is missing, empty or of another form, a column is missing or a value
    ///     neither 0 nor 1
    public static Dataset read(Path file, List<String> labels, TableOptions options) {
        Table table = Table.read(file, options);
        String text = table.column(options.textColumn(), TEXT_COLUMNS);
        boolean labelled = labels.stream().anyMatch(table::has);
        if (labelled) labels.forEach(table::require);
        return new Dataset(
                table.source(),
                labels,
                table.examples((row, number) -> new Example(
                        table.id(row, number),
                        table.value(row, text),
                        null,
                        labelled ? target(table, row, labels) : Target.UNKNOWN)));
    }

    public static Dataset read(Path file, List<String> labels) {
        return read(file, labels, TableOptions.DEFAULT);
    }

    private static Target target(Table table, Table.Row row, List<String> labels) {
        if (labels.stream().allMatch(label -> table.value(row, label).isBlank())) return Target.UNKNOWN;
        List<Boolean> holds = new ArrayList<>();
        for (String label : labels) {
            String value = table.value(row, label).strip();
            holds.add(
                    switch (value) {
                        case "0", "0.0", "false", "False" -> false;
                        case "1", "1.0", "true", "True" -> true;
                        default -> throw table.error(row, label + " is \"" + value + "\", expected 0 or 1; correct it");
                    });
        }
        return new Target.AnyOf(holds);
    }
}
