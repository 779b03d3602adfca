package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/// A checkpoint whose tensors lie in mapped files: what is common to the formats once a reader has found out
/// where.
abstract sealed class StoredCheckpoint implements Checkpoint permits Safetensors, TorchCheckpoint, Onnx {
    private final List<MappedFile> files;
    private final Map<String, StoredTensor> tensors;

    /// @param files the first one is what errors call the checkpoint; all are closed with it
    StoredCheckpoint(List<MappedFile> files, Map<String, StoredTensor> tensors) {
        this.files = List.copyOf(files);
        this.tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
    }

    @Override
    public final String source() {
        return files.getFirst().name();
    }

    @Override
    public final List<Path> files() {
        return files.stream().map(MappedFile::path).filter(Objects::nonNull).toList();
    }

    @Override
    public final Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public final TensorInfo info(String name) {
        return tensor(name).info();
    }

    @Override
    public final void read(String name, Floats out) {
        tensor(name).read(out);
    }

    @Override
    public final void read(String name, long from, Floats out) {
        tensor(name).read(from, out);
    }

    @Override
    public final void write(String name, DType type, WritableByteChannel out) throws IOException {
        tensor(name).write(type, out);
    }

    private StoredTensor tensor(String name) {
        StoredTensor tensor = tensors.get(name);
        if (tensor == null) throw PretrainedException.noTensor(source(), name, tensors.size());
        return tensor;
    }

    @Override
    public final void close() {
        files.forEach(MappedFile::close);
    }
}
