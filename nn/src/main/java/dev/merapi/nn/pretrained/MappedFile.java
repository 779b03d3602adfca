package dev.merapi.nn.pretrained;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Supplier;

/// A file mapped into memory for reading, of any size. Were it truncated under the mapping, its pages would be
/// gone (a SIGBUS, which the JVM turns into an InternalError) or read as zeros: [#reading] says so instead.
final class MappedFile implements AutoCloseable {
    private final String name;
    private final Arena arena = Arena.ofShared();
    private final FileChannel channel;
    private final MemorySegment bytes;

    private MappedFile(Path file) throws IOException {
        name = file.getFileName().toString();
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ);
            bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    static MappedFile open(Path file) {
        try {
            return new MappedFile(file);
        } catch (IOException e) {
            throw new PretrainedException(file + ": cannot be read (" + AtomicFiles.reason(e) + ")", e);
        }
    }

    /// What errors call the file.
    String name() {
        return name;
    }

    MemorySegment bytes() {
        return bytes;
    }

    /// The result of `action`, which reads bytes of this file.
    <T> T reading(Supplier<T> action) {
        try {
            T result = action.get();
            if (channel.size() == bytes.byteSize()) return result;
        } catch (InternalError e) {
            throw new PretrainedException(truncated(), e);
        } catch (IOException e) {
            throw new PretrainedException(name + ": cannot be read (" + AtomicFiles.reason(e) + ")", e);
        }
        throw new PretrainedException(truncated());
    }

    private String truncated() {
        return name + ": expected a file of " + bytes.byteSize()
                + " bytes as when it was opened, got another size; do not overwrite a model in use";
    }

    @Override
    public void close() {
        arena.close();
        try {
            channel.close();
        } catch (IOException e) {
            throw new PretrainedException(name + ": cannot be closed (" + AtomicFiles.reason(e) + ")", e);
        }
    }
}
