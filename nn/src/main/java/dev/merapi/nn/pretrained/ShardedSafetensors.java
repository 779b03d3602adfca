package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// A checkpoint in several safetensors files, and the index that says which tensor lies in which:
///
///     {"metadata": {"total_size": 36}, "weight_map": {"a.weight": "model-00001-of-00002.safetensors", …}}
///
/// Each tensor must lie in exactly the file that the index names, and the files must hold nothing else.
final class ShardedSafetensors implements Checkpoint {
    static final String INDEX = "model.safetensors.index.json";

    private final String source;
    private final Map<String, Safetensors> shards = new LinkedHashMap<>();
    private final Map<String, Safetensors> holders = new TreeMap<>();

    private ShardedSafetensors(String source) {
        this.source = source;
    }

    static ShardedSafetensors open(Path index) {
        Json.Obj weightMap = Json.read(index).object("weight_map");
        ShardedSafetensors checkpoint =
                new ShardedSafetensors(index.getFileName().toString());
        try {
            for (String name : weightMap.members().keySet())
                checkpoint.add(
                        name, weightMap.string(name), index.toAbsolutePath().getParent());
            checkpoint.refuseExtras();
        } catch (RuntimeException | Error e) {
            checkpoint.close();
            throw e;
        }
        return checkpoint;
    }

    private void add(String name, String shard, Path folder) {
        if (!isBareFileName(shard))
            throw new PretrainedException(source + ": \"" + name + "\": a shard must be a file name in the same folder"
                    + " that ends in .safetensors, got \"" + shard + "\"; do not trust this model");
        Safetensors file = shards.get(shard);
        if (file == null) {
            if (!Files.exists(folder.resolve(shard)))
                throw new PretrainedException(source + ": \"" + name + "\": expected the file " + shard
                        + " beside the index, got none; download it too");
            file = Safetensors.open(folder.resolve(shard));
            shards.put(shard, file);
        }
        if (!file.names().contains(name))
            throw new PretrainedException(source + ": \"" + name + "\": expected in " + shard
                    + ", which does not hold it; index and files are of different models, download them again");
        holders.put(name, file);
    }

    private void refuseExtras() {
        shards.forEach((shard, file) -> {
            for (String name : file.names())
                if (holders.get(name) != file)
                    throw new PretrainedException(source + ": \"" + name + "\": got in " + shard + ", expected "
                            + (holders.containsKey(name)
                                    ? "only in " + holders.get(name).source()
                                    : "nowhere")
                            + "; index and files are of different models, download them again");
        });
    }

    private static boolean isBareFileName(String name) {
        return name.endsWith(".safetensors")
                && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ');
    }

    @Override
    public String source() {
        return source;
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

    private Safetensors holder(String name) {
        Safetensors holder = holders.get(name);
        if (holder == null) throw PretrainedException.noTensor(source, name, holders.size());
        return holder;
    }

    @Override
    public void close() {
        shards.values().forEach(Safetensors::close);
    }
}
