package dev.merapi.data;

import java.nio.file.Path;
import java.util.List;

/// Reads texts of which a part is wanted, with what it is wanted for, from CSV or JSONL: columns `text`, a
/// context (a sentiment, a question) and, to train or evaluate, `selected_text`; perhaps `textID` or `id`.
///
/// An example's text is the context and its pair the text, as a reader of questions and passages wants them.
public final class SpanTable {
    private static final List<String> TEXT = List.of("text");
    private static final String SELECTED = "selected_text";
    private static final String ID = "textID";

    private SpanTable() {}

    /// @param contextColumn `sentiment`, say
    /// @throws DataException if the file is missing, empty or of another form, a column is missing, or a
    ///     selection is no part of its text
    public static Dataset read(Path file, String contextColumn, TableOptions options) {
        Table table = Table.read(file, options);
        String text = table.column(options.textColumn(), TEXT);
        table.require(contextColumn);
        boolean selected = table.has(SELECTED);
        return new Dataset(
                table.source(),
                List.of(),
                table.examples((row, number) -> new Example(
                        table.id(row, number, ID),
                        table.value(row, contextColumn),
                        table.value(row, text),
                        selected ? target(table, row, text) : Target.UNKNOWN)));
    }

    public static Dataset read(Path file, String contextColumn) {
        return read(file, contextColumn, TableOptions.DEFAULT);
    }

    private static Target target(Table table, Table.Row row, String column) {
        String text = table.value(row, column);
        String selected = table.value(row, SELECTED);
        int start = text.indexOf(selected);
        if (start < 0)
            throw table.error(
                    row,
                    SELECTED + " is \"" + selected + "\", expected a part of the text \"" + text + "\"; correct it");
        return new Target.Part(start, start + selected.length());
    }
}
