package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// The named tensors of a file or folder, read one at a time.
///
///     try (Checkpoint weights = Checkpoint.open(folder)) {
///         Floats table = Floats.allocate((int) weights.info("embeddings.word_embeddings.weight").count());
///         weights.read("embeddings.word_embeddings.weight", table);
///     }
///
/// Opening reads and checks the headers only. Several threads may read at once, until it is closed.
public sealed interface Checkpoint extends AutoCloseable permits Safetensors, ShardedSafetensors, Onnx {

    /// What errors call this checkpoint: a file name.
    String source();

    /// All tensors, in the order of their names.
    Set<String> names();

    /// Type and shape; an error where there is no such tensor.
    TensorInfo info(String name);

    /// Reads a tensor as float32, row-major. `out` must hold exactly its number of values.
    void read(String name, Floats out);

    @Override
    void close();

    /// Opens a checkpoint file, or the weights of a model folder: `model.safetensors`, else the shards of
    /// `model.safetensors.index.json`, else `model.onnx`, else the only `.onnx` file.
    static Checkpoint open(Path folderOrFile) {
        if (!Files.isDirectory(folderOrFile)) return openFile(folderOrFile);
        for (String name : List.of("model.safetensors", ShardedSafetensors.INDEX, "model.onnx"))
            if (Files.exists(folderOrFile.resolve(name))) return openFile(folderOrFile.resolve(name));
        List<Path> files;
        try (Stream<Path> entries = Files.list(folderOrFile)) {
            files = entries.sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            throw new PretrainedException(folderOrFile + ": the folder cannot be listed (" + e.getMessage() + ")", e);
        }
        List<Path> onnx =
                files.stream().filter(f -> f.toString().endsWith(".onnx")).toList();
        if (onnx.size() == 1) return openFile(onnx.getFirst());
        for (Path file : files) if (isPickle(file.getFileName().toString())) return openFile(file);
        throw new PretrainedException(folderOrFile + ": expected model.safetensors, " + ShardedSafetensors.INDEX
                + " or model.onnx, got "
                + (files.isEmpty()
                        ? "an empty folder"
                        : String.join(
                                ", ",
                                files.stream()
                                        .map(f -> f.getFileName().toString())
                                        .limit(12)
                                        .toList()))
                + "; name a folder that transformers saved");
    }

    private static Checkpoint openFile(Path file) {
        String name = file.getFileName().toString();
        if (!Files.exists(file))
            throw new PretrainedException(file + ": there is no such file or folder; expected a model folder, a"
                    + " .safetensors or an .onnx file");
        if (name.endsWith(".index.json")) return ShardedSafetensors.open(file);
        if (name.endsWith(".onnx")) return Onnx.open(file);
        if (isPickle(name))
            throw new PretrainedException(file + ": expected safetensors or ONNX weights, got a PyTorch pickle, which"
                    + " `merapi convert` will read; until then save it with save_pretrained in transformers, which"
                    + " writes model.safetensors");
        return Safetensors.open(file);
    }

    private static boolean isPickle(String name) {
        return name.endsWith(".bin") || name.endsWith(".pt") || name.endsWith(".pth");
    }

    /// The weights of an ONNX model that is read to its end, as a resource of a jar is.
    static Checkpoint onnx(InputStream in, String source) {
        try {
            return onnx(in.readAllBytes(), source);
        } catch (IOException e) {
            throw new PretrainedException(source + ": cannot be read (" + AtomicFiles.reason(e) + ")", e);
        }
    }

    /// The weights of an ONNX model in memory; the bytes must not change afterwards.
    static Checkpoint onnx(byte[] model, String source) {
        return Onnx.parse(model, source);
    }
}
