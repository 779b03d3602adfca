package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The named tensors of a file or folder, read one at a time.
///
///     try (Checkpoint weights = Checkpoint.open(folder)) {
///         Floats table = Floats.allocate((int) weights.info("embeddings.word_embeddings.weight").count());
///         weights.read("embeddings.word_embeddings.weight", table);
///     }
///
/// Opening reads and checks the headers only (and the checksums, where the format has them). Several threads
/// may read at once, until it is closed.
public sealed interface Checkpoint extends AutoCloseable
        permits StoredCheckpoint, ShardedCheckpoint, NewWeights, MemoryCheckpoint {

    /// What errors call this checkpoint: a file name.
    String source();

    /// The files that it consists of; none where it was read from memory.
    List<Path> files();

    /// All tensors, in the order of their names.
    Set<String> names();

    /// Type and shape; an error where there is no such tensor.
    TensorInfo info(String name);

    /// Reads a tensor as float32, row-major. `out` must hold exactly its number of values.
    void read(String name, Floats out);

    /// Reads the values [from, from + out.length) of a tensor, counted in row-major order.
    void read(String name, long from, Floats out);

    /// Writes the values of a tensor, little-endian and row-major: as they are stored where `type` is the
    /// tensor's own, else converted to `type`, one of F32, F16 and BF16.
    ///
    /// @throws PretrainedException if a value is too large for `type`
    void write(String name, DType type, WritableByteChannel out) throws IOException;

    /// Whether there is nothing in it because all weights shall be new.
    default boolean isNew() {
        return false;
    }

    @Override
    void close();

    /// No tensors: a model that takes them begins with random weights.
    ///
    /// @param source what messages call them
    static Checkpoint newWeights(String source) {
        return new NewWeights(source);
    }

    /// A copy of all tensors, as float32, that needs no file any more: for many models that start from the same
    /// weights.
    default Checkpoint inMemory() {
        return isNew() ? this : new MemoryCheckpoint(this);
    }

    /// Opens a checkpoint file, or the weights of a model folder, the first of: `model.safetensors`, the shards
    /// of `model.safetensors.index.json`, `pytorch_model.bin`, the shards of `pytorch_model.bin.index.json`,
    /// `model.onnx`, `onnx/model.onnx`; else the only file that ends in .safetensors, .bin, .pt, .pth or .onnx.
    static Checkpoint open(Path folderOrFile) {
        if (!Files.isDirectory(folderOrFile)) return openFile(folderOrFile);
        List<String> usual = List.of(
                "model.safetensors",
                ShardedCheckpoint.INDEX,
                "pytorch_model.bin",
                ShardedCheckpoint.TORCH_INDEX,
                "model.onnx",
                "onnx/model.onnx");
        for (String name : usual)
            if (Files.exists(folderOrFile.resolve(name))) return openFile(folderOrFile.resolve(name));
        List<Path> files;
        try (Stream<Path> entries = Files.list(folderOrFile)) {
            files = entries.sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            throw new PretrainedException(folderOrFile + ": the folder cannot be listed (" + e.getMessage() + ")", e);
        }
        List<Path> weights = files.stream().filter(Checkpoint::isWeights).toList();
        if (weights.size() == 1) return openFile(weights.getFirst());
        throw new PretrainedException(
                folderOrFile + ": expected model.safetensors, pytorch_model.bin, an index of shards"
                        + " or model.onnx, got " + (files.isEmpty() ? "an empty folder" : listing(files))
                        + (weights.isEmpty() ? "; name a folder that transformers saved" : "; name one of the files"));
    }

    private static String listing(List<Path> files) {
        return files.stream().map(f -> f.getFileName().toString()).limit(12).collect(Collectors.joining(", "));
    }

    private static boolean isWeights(Path file) {
        String name = file.getFileName().toString();
        // Trainer's arguments and optimizers are pickles of other things
        if (name.equals("training_args.bin") || name.startsWith("optimizer.") || name.startsWith("scheduler."))
            return false;
        return name.endsWith(".safetensors") || isPickle(name) || name.endsWith(".onnx");
    }

    private static Checkpoint openFile(Path file) {
        String name = file.getFileName().toString();
        if (!Files.exists(file))
            throw new PretrainedException(file + ": there is no such file or folder; expected a model folder, a"
                    + " .safetensors, .bin, .pt or .onnx file");
        if (name.endsWith(".index.json")) return ShardedCheckpoint.open(file);
        refuseGitPointer(file);
        if (name.endsWith(".onnx")) return Onnx.open(file);
        if (isPickle(name)) return TorchCheckpoint.open(file);
        return Safetensors.open(file);
    }

    private static boolean isPickle(String name) {
        return name.endsWith(".bin") || name.endsWith(".pt") || name.endsWith(".pth");
    }

    /// Cloning a model without Git LFS leaves a few lines of text in place of its weights.
    private static void refuseGitPointer(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            if (new String(in.readNBytes(15), StandardCharsets.ISO_8859_1).equals("version https:/"))
                throw new PretrainedException(file
                        + ": expected weights, got a pointer of Git LFS to them; run `git lfs pull` in its folder");
        } catch (IOException e) {
            throw new PretrainedException(file + ": cannot be read (" + AtomicFiles.reason(e) + ")", e);
        }
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
