package dev.merapi.data;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/// Reads texts with one label of an order each, whole numbers such as stars, from CSV or JSONL: a text column
/// and a label column.
public final class OrdinalTable {
    /// Names of the label column; the first one that is found counts.
    public static final List<String> LABEL_COLUMNS = List.of("label", "rating", "Rating", "stars", "score");

    private static final List<String> TEXT_COLUMNS =
            List.of("text", "comment_text", "sentence", "content", "review", "Review");

    /// So many labels are more than an order that somebody rates by.
    private static final int MOST = 1000;

    private OrdinalTable() {}

    /// Reads for training: the labels are all numbers from the least to the greatest that occurs.
    ///
    /// @throws DataException if the file is missing, empty or of another form, a column is missing or a label
    ///     no whole number
    public static Dataset read(Path file, TableOptions options) {
        Table table = Table.read(file, options);
        String label = table.column(options.labelColumn(), LABEL_COLUMNS);
        int least = Integer.MAX_VALUE;
        int most = Integer.MIN_VALUE;
        for (Table.Row row : table.rows()) {
            if (table.value(row, label).isBlank()) continue;
            int value = number(table, row, label);
            least = Math.min(least, value);
            most = Math.max(most, value);
        }
        if (least >= most || (long) most - least >= MOST)
            throw new DataException(table.source() + ": the labels in " + label + " go from " + least + " to " + most
                    + ", expected from 2 to " + MOST + " different ones in a row; name another --label-column");
        List<String> labels =
                IntStream.rangeClosed(least, most).mapToObj(Integer::toString).toList();
        return dataset(table, labels, label, options);
    }

    public static Dataset read(Path file) {
        return read(file, TableOptions.DEFAULT);
    }

    /// Reads with given labels, the model's for example; any other one is an error. Where the file has no label
    /// column, or it is empty, the examples are there to be predicted.
    public static Dataset read(Path file, List<String> labels, TableOptions options) {
        Table table = Table.read(file, options);
        boolean labelled =
                options.labelColumn() != null || LABEL_COLUMNS.stream().anyMatch(table::has);
        return dataset(table, labels, labelled ? table.column(options.labelColumn(), LABEL_COLUMNS) : null, options);
    }

    private static Dataset dataset(Table table, List<String> labels, String label, TableOptions options) {
        String text = table.column(options.textColumn(), TEXT_COLUMNS);
        return new Dataset(
                table.source(),
                labels,
                table.examples((row, number) -> new Example(
                        table.id(row, number),
                        table.value(row, text),
                        null,
                        label == null || table.value(row, label).isBlank()
                                ? Target.UNKNOWN
                                : target(table, row, label, labels))));
    }

    private static Target target(Table table, Table.Row row, String column, List<String> labels) {
        int index = labels.indexOf(Integer.toString(number(table, row, column)));
        if (index < 0)
            throw table.error(
                    row,
                    column + " is \"" + table.value(row, column) + "\", expected one of " + labels + "; correct it");
        return new Target.OneOf(index);
    }

    /// A whole number, also where a spreadsheet made it `4.0`.
    private static int number(Table table, Table.Row row, String column) {
        String value = table.value(row, column).strip();
        if (!value.matches("-?[0-9]{1,9}(\\.0+)?"))
            throw table.error(row, column + " is \"" + value + "\", expected a whole number; correct it");
        int point = value.indexOf('.');
        return Integer.parseInt(point < 0 ? value : value.substring(0, point));
    }
}
