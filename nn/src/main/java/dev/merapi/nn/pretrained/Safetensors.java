package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.nn.pretrained.SafetensorsHeader.Entry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/// A safetensors file (<https://github.com/huggingface/safetensors>), mapped into memory: an unsigned 64-bit
/// header length N, N bytes of JSON, then the values of the tensors one after another. Files over 2 GiB are
/// read too.
public final class Safetensors implements Checkpoint {
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long MAX_HEADER = 100_000_000;

    private final MappedFile file;
    private final SafetensorsHeader header;
    private final MemorySegment data;

    private Safetensors(MappedFile file) {
        this.file = file;
        long length = headerLength(file);
        data = file.bytes().asSlice(8 + length);
        byte[] json = file.bytes().asSlice(8, length).toArray(ValueLayout.JAVA_BYTE);
        header = SafetensorsHeader.parse(file.name(), json, data.byteSize());
    }

    /// Opens a file and checks its header.
    public static Safetensors open(Path path) {
        MappedFile file = MappedFile.open(path);
        try {
            return file.reading(() -> new Safetensors(file));
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    /// The first eight bytes, checked against the format's limit and the file before anything is allocated.
    private static long headerLength(MappedFile file) {
        long bytes = file.bytes().byteSize();
        if (bytes < 8)
            throw new PretrainedException(file.name() + ": expected a safetensors file, got " + bytes
                    + " bytes where its header length takes 8; download it again");
        long length = file.bytes().get(LENGTH, 0);
        if (length < 0 || length > MAX_HEADER)
            throw new PretrainedException(file.name() + ": a header has at most " + MAX_HEADER + " bytes, got "
                    + Long.toUnsignedString(length) + "; it is not a safetensors file");
        if (length > bytes - 8)
            throw new PretrainedException(file.name() + ": expected a header of " + length + " bytes, got a file with "
                    + (bytes - 8) + " more; it is truncated, download it again");
        return length;
    }

    @Override
    public String source() {
        return file.name();
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
        if (entry == null) throw PretrainedException.noTensor(source(), name, names().size());
        return entry;
    }

    @Override
    public void read(String name, Floats out) {
        Entry entry = entry(name);
        entry.info().checkRoom(source(), out.length);
        MemorySegment values = data.asSlice(entry.begin(), entry.end() - entry.begin());
        file.reading(() -> {
            entry.info().dtype().decode(values, out);
            return out;
        });
    }

    @Override
    public void close() {
        file.close();
    }
}
