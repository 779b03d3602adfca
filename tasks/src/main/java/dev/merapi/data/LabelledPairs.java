package dev.merapi.data;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/// Reads texts or pairs of texts with one label each from CSV or JSONL (by the file's ending): columns `text`,
/// `pair`, `label` and perhaps `id`. Without a column `pair` the examples are single texts; without `label`, or
/// where it is empty, they are there to be predicted.
public final class LabelledPairs {
    private static final List<String> TEXT = List.of("text");
    private static final List<String> LABEL = List.of("label");
    private static final String PAIR = "pair";

    private LabelledPairs() {}

    /// Reads for training: the labels are those of the column, sorted, as numbers if they all are, without
    /// the white space around them.
    ///
    /// @throws DataException if the file is missing, empty or of another form, or a column is missing
    public static Dataset read(Path file, TableOptions options) {
        Table table = Table.read(file, options);
        table.column(options.textColumn(), TEXT);
        String column = table.column(options.labelColumn(), LABEL);
        List<String> labels = table.rows().stream()
                .map(row -> table.value(row, column).strip())
                .filter(label -> !label.isBlank())
                .distinct()
                .toList();
        boolean numbers = labels.stream().allMatch(label -> label.matches("-?[0-9]{1,9}"));
        Comparator<String> order = numbers ? Comparator.comparingInt(Integer::parseInt) : Comparator.naturalOrder();
        return dataset(table, labels.stream().sorted(order).toList(), options);
    }

    public static Dataset read(Path file) {
        return read(file, TableOptions.DEFAULT);
    }

    /// Reads with given labels, the model's for example; any other one is an error.
    ///
    /// @throws DataException if the file is missing, empty or of another form, a column is missing or a label
    ///     unknown
    public static Dataset read(Path file, List<String> labels, TableOptions options) {
        return dataset(Table.read(file, options), labels, options);
    }

    public static Dataset read(Path file, List<String> labels) {
        return read(file, labels, TableOptions.DEFAULT);
    }

    private static Dataset dataset(Table table, List<String> labels, TableOptions options) {
        String text = table.column(options.textColumn(), TEXT);
        boolean labelled = options.labelColumn() != null || table.has(LABEL.getFirst());
        String label = labelled ? table.column(options.labelColumn(), LABEL) : null;
        boolean pairs = table.has(PAIR);
        return new Dataset(
                table.source(),
                labels,
                table.examples((row, number) -> new Example(
                        table.id(row, number),
                        table.value(row, text),
                        pairs ? table.value(row, PAIR) : null,
                        labelled ? target(table, row, label, labels) : Target.UNKNOWN)));
    }

    private static Target target(Table table, Table.Row row, String column, List<String> labels) {
        String label = table.value(row, column).strip();
        int index = labels.indexOf(label);
        if (index < 0 && label.isBlank()) return Target.UNKNOWN;
        if (index < 0)
            throw table.error(row, column + " is \"" + label + "\", expected one of " + labels + "; correct it");
        return new Target.OneOf(index);
    }
}
