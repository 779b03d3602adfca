package dev.merapi.data;

import java.nio.file.Path;
import java.util.List;

/// Reads texts or pairs of texts with one label each from CSV or JSONL (by the file's ending): columns `text`, `pair`, `label` and perhaps `id`.
/// Without a column `pair` the examples are single texts, without `label` they are there to be predicted.
public final class LabelledPairs {
    private LabelledPairs() {}

    /// Reads for training: the labels are those of the column, sorted (as numbers if they all are).
    public static Dataset read(Path file) {
        throw new UnsupportedOperationException();
    }

    /// Reads with given labels; any other one is an error.
    public static Dataset read(Path file, List<String> labels) {
        throw new UnsupportedOperationException();
    }
}
