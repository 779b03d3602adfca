package dev.merapi.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;

/// Where the records of a file begin: 16 bytes a record instead of the record. Any number of threads may read
/// records again, whenever they are needed.
final class RowIndex {
    private static final int BUFFER = 1 << 16;

    private final Path file;
    private final FileChannel channel;
    private final long size;
    private long[] offsets = new long[1024]; // of the first byte of each record, then of the end
    private long[] lines = new long[1024]; // in which each begins, from 1
    private int count;

    private RowIndex(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        this.size = channel.size();
    }

    /// Scans a file once.
    ///
    /// @param csv whether quotes may hold line ends; otherwise each line is a record
    static RowIndex of(Path file, boolean csv) {
        try {
            RowIndex index = new RowIndex(file, SourceFile.channel(file));
            index.scan(csv);
            return index;
        } catch (IOException e) {
            throw SourceFile.unreadable(file, e);
        }
    }

    private void scan(boolean csv) throws IOException {
        RecordEnds ends = new RecordEnds(csv);
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        long begin = SourceFile.byteOrderMark(channel); // of the record at hand
        long beginLine = 1;
        for (long at = begin; channel.read(buffer.clear(), at) > 0; ) {
            for (buffer.flip(); buffer.hasRemaining(); ) {
                at++;
                if (!ends.after(buffer.get())) continue;
                if (!ends.blank()) add(begin, beginLine);
                ends.next();
                begin = at;
                beginLine = ends.line();
            }
        }
        if (!ends.blank()) add(begin, beginLine);
        add(size, ends.line());
        count--; // the end is no record
    }

    private void add(long offset, long line) {
        if (count == offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * count);
            lines = Arrays.copyOf(lines, 2 * count);
        }
        offsets[count] = offset;
        lines[count++] = line;
    }

    int size() {
        return count;
    }

    /// In which line of the file a record begins.
    long line(int record) {
        return lines[record];
    }

    /// A record as it stands in the file, with what ends it.
    ///
    /// @throws DataException if it is no UTF-8, or the file is not what it was
    String text(int record) {
        byte[] bytes = new byte[Math.toIntExact(offsets[record + 1] - offsets[record])];
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        try {
            while (buffer.hasRemaining() && channel.read(buffer, offsets[record] + buffer.position()) > 0) {}
            if (buffer.hasRemaining() || channel.size() != size)
                throw new DataException(file + " was changed while it was read; start anew");
        } catch (IOException e) {
            throw SourceFile.unreadable(file, e);
        }
        return SourceFile.decode(file, lines[record], bytes);
    }
}
