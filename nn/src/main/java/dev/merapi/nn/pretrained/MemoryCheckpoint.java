package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Tensors that were read before, as float32: for many models that start from the same weights. Closing it does
/// nothing.
final class MemoryCheckpoint implements Checkpoint {
    private record Tensor(TensorInfo info, Floats values) {}

    private final String source;
    private final Map<String, Tensor> tensors = new TreeMap<>();

    MemoryCheckpoint(Checkpoint from) {
        source = from.source();
        for (String name : from.names()) {
            TensorInfo info = from.info(name);
            Floats values = Floats.allocate(Math.toIntExact(info.count()));
            from.read(name, values);
            tensors.put(name, new Tensor(info, values));
        }
    }

    @Override
    public String source() {
        return source;
    }

    @Override
    public List<Path> files() {
        return List.of();
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(tensors.keySet());
    }

    @Override
    public TensorInfo info(String name) {
        return tensor(name).info;
    }

    @Override
    public void read(String name, Floats out) {
        Tensor tensor = tensor(name);
        tensor.info.checkRoom(source, out.length);
        System.arraycopy(tensor.values.readable(), tensor.values.offset, out.writable(), out.offset, out.length);
    }

    @Override
    public void read(String name, long from, Floats out) {
        Tensor tensor = tensor(name);
        tensor.info.checkPart(source, from, out.length);
        int at = tensor.values.offset + Math.toIntExact(from);
        System.arraycopy(tensor.values.readable(), at, out.writable(), out.offset, out.length);
    }

    @Override
    public void write(String name, DType type, WritableByteChannel out) throws IOException {
        Floats values = tensor(name).values;
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, type.bytes));
        type.encode(values, bytes, source + ": \"" + name + "\"");
        bytes.flip();
        while (bytes.hasRemaining()) out.write(bytes);
    }

    private Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) throw PretrainedException.noTensor(source, name, tensors.size());
        return tensor;
    }

    @Override
    public void close() {}
}
