package dev.merapi.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Reads a whole text file.
final class SourceFile {
    private SourceFile() {}

    /// The text of a UTF-8 file, without its byte order mark if it has one.
    static String read(Path file) {
        if (Files.isDirectory(file)) {
            throw new DataException(file + " is a folder, expected a file; name the file inside it");
        }
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new DataException(
                    file + " does not exist (looked from " + Path.of("").toAbsolutePath() + "); check the path", e);
        } catch (IOException | OutOfMemoryError e) {
            throw new DataException(
                    file + " cannot be read, " + e + "; check its permissions, and that it is no larger than memory",
                    e);
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new DataException(file + " is not UTF-8 text, " + e.getMessage() + "; save it as UTF-8", e);
        }
    }
}
