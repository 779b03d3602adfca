package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.nn.pretrained.SafetensorsHeader.Entry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/// A safetensors file (<https://github.com/huggingface/safetensors>), mapped into memory: an unsigned 64-bit header
/// length N, N bytes of JSON, then the values of the tensors one after another. Files over 2 GiB are read too.
public final class Safetensors implements Checkpoint {
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long MAX_HEADER = 100_000_000;

    private final String source;
    private final FileChannel channel;
    private final Arena arena;
    private final MemorySegment data;
    private final long fileBytes;
    private final SafetensorsHeader header;

    private Safetensors(String source, FileChannel channel, Arena arena) throws IOException {
        this.source = source;
        this.channel = channel;
        this.arena = arena;
        fileBytes = channel.size();
        if (fileBytes < 8)
            throw new PretrainedException(source + ": expected a safetensors file, got " + fileBytes
                    + " bytes where its header length takes 8; download it again");
        MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, fileBytes, arena);
        long length = file.get(LENGTH, 0);
        if (length < 0 || length > MAX_HEADER)
            throw new PretrainedException(source + ": a header has at most " + MAX_HEADER + " bytes, got "
                    + Long.toUnsignedString(length) + "; it is not a safetensors file");
        if (length > fileBytes - 8)
            throw new PretrainedException(source + ": expected a header of " + length + " bytes, got a file with "
                    + (fileBytes - 8) + " more; it is truncated, download it again");
        data = file.asSlice(8 + length);
        header = SafetensorsHeader.parse(
                source, file.asSlice(8, length).toArray(ValueLayout.JAVA_BYTE), data.byteSize());
    }

    /// Opens a file and checks its header.
    public static Safetensors open(Path file) {
        Arena arena = Arena.ofShared();
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ);
            return new Safetensors(file.getFileName().toString(), channel, arena);
        } catch (IOException e) {
            release(arena, channel);
            throw new PretrainedException(file + ": cannot be read (" + AtomicFiles.reason(e) + ")", e);
        } catch (RuntimeException | Error e) {
            release(arena, channel);
            throw e;
        }
    }

    private static void release(Arena arena, FileChannel channel) {
        arena.close();
        try {
            if (channel != null) channel.close();
        } catch (IOException e) {
            throw new PretrainedException("a checkpoint cannot be closed (" + e.getMessage() + ")", e);
        }
    }

    @Override
    public String source() {
        return source;
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(header.entries().keySet());
    }

    /// The strings of `__metadata__`, such as `format: pt`.
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    @Override
    public TensorInfo info(String name) {
        return entry(name).info();
    }

    private Entry entry(String name) {
        Entry entry = header.entries().get(name);
        if (entry == null)
            throw new PretrainedException(source + ": there is no tensor \"" + name + "\" among its "
                    + header.entries().size() + "; inspect the file for its names");
        return entry;
    }

    @Override
    public void read(String name, Floats out) {
        Entry entry = entry(name);
        entry.info().checkRoom(source, out.length);
        try {
            entry.info().dtype().decode(data.asSlice(entry.begin(), entry.end() - entry.begin()), out);
            if (channel.size() == fileBytes) return; // a page that lost only a part reads as zeros there
        } catch (InternalError e) { // what the JVM makes of SIGBUS: the page is gone
            throw new PretrainedException(truncated(name), e);
        } catch (IOException e) {
            throw new PretrainedException(
                    source + ": \"" + name + "\": cannot be read (" + AtomicFiles.reason(e) + ")", e);
        }
        throw new PretrainedException(truncated(name));
    }

    private String truncated(String name) {
        return source + ": \"" + name + "\": expected a file of " + fileBytes
                + " bytes as when it was opened, got another size; do not overwrite a model in use";
    }

    @Override
    public void close() {
        release(arena, channel);
    }
}
