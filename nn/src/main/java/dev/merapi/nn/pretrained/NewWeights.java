package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// A checkpoint without tensors: every weight of a model is to be initialised.
record NewWeights(String source) implements Checkpoint {
    @Override
    public List<Path> files() {
        return List.of();
    }

    @Override
    public Set<String> names() {
        return Set.of();
    }

    @Override
    public boolean isNew() {
        return true;
    }

    @Override
    public TensorInfo info(String name) {
        throw PretrainedException.noTensor(source, name, 0);
    }

    @Override
    public void read(String name, Floats out) {
        throw PretrainedException.noTensor(source, name, 0);
    }

    @Override
    public void read(String name, long from, Floats out) {
        throw PretrainedException.noTensor(source, name, 0);
    }

    @Override
    public void write(String name, DType type, WritableByteChannel out) {
        throw PretrainedException.noTensor(source, name, 0);
    }

    @Override
    public void close() {}
}
