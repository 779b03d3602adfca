package dev.merapi.data;

/// Finds where the records of a table end, a byte after another: at line ends; in CSV (RFC 4180) not at those
/// inside quotes, which count at the beginning of a field alone. Works on UTF-8 as it is, whose other
/// characters have none of these bytes.
final class RecordEnds {
    private final boolean csv;
    private long line = 1;
    private boolean blank = true;
    private boolean fieldStart = true;
    private boolean quoted;
    private boolean closed; // whether the last byte was a quote that closed
    private byte last;

    RecordEnds(boolean csv) {
        this.csv = csv;
    }

    /// Whether the record at hand ends with this byte.
    boolean after(byte b) {
        boolean lineEnd = b == '\n' || csv && b == '\r';
        if (lineEnd && !(b == '\n' && last == '\r' && csv)) line++; // \r\n is one line end
        last = b;
        if (lineEnd && !quoted) return true;
        blank &= !csv && b >= 0 && b <= ' ';
        if (!csv) return false;
        boolean opens = b == '"' && !quoted && (fieldStart || closed); // "" inside quotes closes and opens again
        closed = b == '"' && quoted;
        quoted = opens || quoted && !closed;
        fieldStart = b == ',' && !quoted;
        return false;
    }

    /// Whether the record at hand has nothing in it, as the line between \r and \n.
    boolean blank() {
        return blank;
    }

    /// Begins another record.
    void next() {
        blank = true;
        fieldStart = true;
        closed = false;
    }

    /// In which line of the file the next byte is, from 1.
    long line() {
        return line;
    }
}
