package dev.merapi.data;

import java.nio.file.Path;
import java.util.List;

/// Reads texts with any number of labels from CSV or JSONL: a text column and one 0/1 column a label.
public final class MultilabelTable {
    /// Names of the text column, the first one found counts.
    public static final List<String> TEXT_COLUMNS = List.of("text", "comment_text", "sentence", "content", "review");

    private MultilabelTable() {}

    /// @param labels names of the 0/1 columns, in the order of the model's outputs; where the file has none of them, the examples are there to be predicted
    public static Dataset read(Path file, List<String> labels) {
        throw new UnsupportedOperationException();
    }
}
