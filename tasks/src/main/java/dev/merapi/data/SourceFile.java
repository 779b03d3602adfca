package dev.merapi.data;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// Text files in UTF-8, with or without a byte order mark, also those that gzip packed; Parquet as text.
final class SourceFile {
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    private static final byte[] GZIP = {0x1F, (byte) 0x8B}; // of a file that gzip packed, whatever its name
    private static final byte[] PARQUET = {'P', 'A', 'R', '1'};
    private static final String PACKED = ".gz";
    private static final int PACKING = 4; // about what gzip and Parquet make of text
    private static final int BUFFER = 1 << 16;

    private SourceFile() {}

    /// The whole text, without its byte order mark if it has one.
    static String read(Path file) {
        try {
            byte[] bytes = Files.readAllBytes(existing(file));
            if (startsWith(bytes, PARQUET)) bytes = jsonLines(file);
            else if (startsWith(bytes, GZIP)) bytes = unpacked(file, bytes);
            if (startsWith(bytes, BYTE_ORDER_MARK))
                bytes = Arrays.copyOfRange(bytes, BYTE_ORDER_MARK.length, bytes.length);
            return decode(file, 1, bytes);
        } catch (IOException | OutOfMemoryError e) {
            throw unreadable(file, e);
        }
    }

    private static byte[] jsonLines(Path parquet) throws IOException {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        Parquet.writeJsonLines(parquet, lines);
        return lines.toByteArray();
    }

    private static byte[] unpacked(Path file, byte[] bytes) throws IOException {
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        unpack(file, new ByteArrayInputStream(bytes), plain);
        return plain.toByteArray();
    }

    private static void unpack(Path file, InputStream packed, OutputStream plain) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(packed, BUFFER)) {
            in.transferTo(plain);
        } catch (EOFException | ZipException e) {
            throw damaged(file, e);
        }
    }

    /// The bytes to read from anywhere. One that gzip packed is unpacked into a temporary file, Parquet written
    /// into one as JSON lines, which is gone with the process.
    static FileChannel channel(Path file) throws IOException {
        byte[] begin = begin(file);
        boolean parquet = startsWith(begin, PARQUET);
        if (!parquet && !startsWith(begin, GZIP)) return FileChannel.open(file);
        Path plain = Files.createTempFile("merapi", ".txt");
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(plain), BUFFER)) {
            if (parquet) Parquet.writeJsonLines(file, out);
            else unpack(file, Files.newInputStream(file), out);
        } catch (IOException | RuntimeException e) {
            Files.delete(plain);
            throw e;
        }
        return FileChannel.open(plain, StandardOpenOption.READ, StandardOpenOption.DELETE_ON_CLOSE);
    }

    /// Whether a file is in the binary format of columns; it is read as JSON lines.
    static boolean isParquet(Path file) {
        try {
            return startsWith(begin(file), PARQUET);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static byte[] begin(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) return new byte[0]; // a pipe
        try (InputStream in = Files.newInputStream(existing(file))) {
            return in.readNBytes(PARQUET.length);
        }
    }

    private static Path existing(Path file) {
        if (Files.isDirectory(file))
            throw new DataException(file + " is a folder, expected a file; name the file inside it");
        return file;
    }

    private static DataException damaged(Path file, IOException e) {
        return new DataException(file + " is packed by gzip, but damaged, " + e.getMessage() + "; get it again", e);
    }

    /// How many bytes the byte order mark has: 3, or 0 where there is none.
    static long byteOrderMark(FileChannel channel) throws IOException {
        ByteBuffer first = ByteBuffer.allocate(BYTE_ORDER_MARK.length);
        channel.read(first, 0);
        return Arrays.equals(first.array(), BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
    }

    /// About how many bytes of text there are; 0 for what is no file to be read twice, a pipe for example.
    static long size(Path file) {
        try {
            if (!Files.isRegularFile(file)) return 0;
            return Files.size(file) * (name(file).endsWith(PACKED) || isParquet(file) ? PACKING : 1);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static boolean startsWith(byte[] bytes, byte[] magic) {
        return bytes.length >= magic.length && Arrays.equals(bytes, 0, magic.length, magic, 0, magic.length);
    }

    static DataException unreadable(Path file, Throwable e) {
        if (e instanceof NoSuchFileException)
            return new DataException(
                    file + " does not exist (looked from " + Path.of("").toAbsolutePath() + "); check the path", e);
        return new DataException(
                file + " cannot be read, " + e + "; check its permissions, and that it is no larger than memory", e);
    }

    /// @param line of the file that the bytes begin in
    /// @throws DataException if they are no UTF-8, with the line
    static String decode(Path file, long line, byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        CoderResult result = decoder.decode(in, out, true);
        if (!result.isError()) return out.flip().toString();
        for (int i = 0; i < in.position(); i++) if (bytes[i] == '\n') line++;
        throw new DataException("%s line %d: the byte 0x%02X is not UTF-8 text; save the file as UTF-8"
                .formatted(file, line, bytes[in.position()]));
    }

    /// The ending of a file's name without gzip's `.gz`, in lower case.
    static String ending(Path file) {
        String name = name(file);
        if (name.endsWith(PACKED)) name = name.substring(0, name.length() - PACKED.length());
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static String name(Path file) {
        return file.getFileName() == null ? "" : file.getFileName().toString().toLowerCase(Locale.ROOT);
    }
}
