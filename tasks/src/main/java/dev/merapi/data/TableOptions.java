package dev.merapi.data;

/// How a table is read.
///
/// @param textColumn the column of texts; null to look for one of the usual names
/// @param labelColumn the column of labels; null to look for one of the usual names
/// @param streaming whether rows are left in the file and read again whenever they are needed, so that a file
///     may be larger than memory; without it that is done where the file would fill an eighth of the heap
public record TableOptions(String textColumn, String labelColumn, boolean streaming) {
    /// The usual columns, in memory if they fit.
    public static final TableOptions DEFAULT = new TableOptions(null, null, false);

    /// The same with the rows left in the file, or not.
    public TableOptions streaming(boolean other) {
        return new TableOptions(textColumn, labelColumn, other);
    }
}
