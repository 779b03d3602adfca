package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/// A checkpoint in several files, safetensors or PyTorch's, and the index that says which tensor lies in which:
///
///     {"metadata": {"total_size": 36}, "weight_map": {"a.weight": "model-00001-of-00002.safetensors", …}}
///
/// Each tensor must lie in exactly the file that the index names, and the files must hold nothing else.
final class ShardedCheckpoint implements Checkpoint {
    static final String INDEX = "model.safetensors.index.json";
    static final String TORCH_INDEX = "pytorch_model.bin.index.json";

    private final Path index;
    private final String ending; // of the shards' names
    private final Map<String, Checkpoint> shards = new LinkedHashMap<>();
    private final Map<String, Checkpoint> holders = new TreeMap<>();

    private ShardedCheckpoint(Path index) {
        this.index = index;
        ending = source().endsWith(".bin.index.json") ? ".bin" : ".safetensors";
    }

    static ShardedCheckpoint open(Path index) {
        Json.Obj weightMap = Json.read(index).object("weight_map");
        ShardedCheckpoint checkpoint = new ShardedCheckpoint(index);
        try {
            for (String name : weightMap.members().keySet()) checkpoint.add(name, weightMap.string(name));
            checkpoint.refuseExtras();
        } catch (RuntimeException | Error e) {
            checkpoint.close();
            throw e;
        }
        return checkpoint;
    }

    private void add(String name, String shard) {
        if (!isBareFileName(shard))
            throw new PretrainedException(
                    source() + ": \"" + name + "\": a shard must be a file name in the same folder" + " that ends in "
                            + ending + ", got \"" + shard + "\"; do not trust this model");
        Checkpoint file = shards.get(shard);
        if (file == null) {
            Path path = index.resolveSibling(shard);
            if (!Files.exists(path))
                throw new PretrainedException(source() + ": \"" + name + "\": expected the file " + shard
                        + " beside the index, got none; download it too");
            file = ending.equals(".bin") ? TorchCheckpoint.open(path) : Safetensors.open(path);
            shards.put(shard, file);
        }
        if (!file.names().contains(name))
            throw new PretrainedException(source() + ": \"" + name + "\": expected in " + shard
                    + ", which does not hold it; index and files are of different models, download them again");
        holders.put(name, file);
    }

    private void refuseExtras() {
        shards.forEach((shard, file) -> {
            for (String name : file.names())
                if (holders.get(name) != file)
                    throw new PretrainedException(source() + ": \"" + name + "\": got in " + shard + ", expected "
                            + (holders.containsKey(name)
                                    ? "only in " + holders.get(name).source()
                                    : "nowhere")
                            + "; index and files are of different models, download them again");
        });
    }

    private boolean isBareFileName(String name) {
        return name.endsWith(ending) && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ');
    }

    @Override
    public String source() {
        return index.getFileName().toString();
    }

    /// The index, then the shards.
    @Override
    public List<Path> files() {
        return Stream.concat(Stream.of(index), shards.values().stream().flatMap(s -> s.files().stream()))
                .toList();
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(holders.keySet());
    }

    @Override
    public TensorInfo info(String name) {
        return holder(name).info(name);
    }

    @Override
    public void read(String name, Floats out) {
        holder(name).read(name, out);
    }

    @Override
    public void read(String name, long from, Floats out) {
        holder(name).read(name, from, out);
    }

    @Override
    public void write(String name, DType type, WritableByteChannel out) throws IOException {
        holder(name).write(name, type, out);
    }

    private Checkpoint holder(String name) {
        Checkpoint holder = holders.get(name);
        if (holder == null) throw PretrainedException.noTensor(source(), name, holders.size());
        return holder;
    }

    @Override
    public void close() {
        shards.values().forEach(Checkpoint::close);
    }
}
