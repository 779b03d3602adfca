package dev.merapi.cli;

import dev.merapi.nn.pretrained.Conversion;
import dev.merapi.nn.pretrained.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `merapi convert`: any form of weights into one safetensors file.
@Command(
        name = "convert",
        description = "Converts PyTorch's .bin, ONNX or sharded weights to a folder with one model.safetensors.",
        footer = {
            "",
            "Config and tokenizer come along; the safetensors' metadata holds the SHA-256 of what it was made from."
        })
final class ConvertVerb extends Verb {
    /// The types that weights can be saved in.
    enum Floats {
        FLOAT32(DType.F32),
        FLOAT16(DType.F16),
        BFLOAT16(DType.BF16);

        private final DType type;

        Floats(DType type) {
            this.type = type;
        }
    }

    @Parameters(
            index = "0",
            paramLabel = "SRC",
            description = "A model folder, a file of weights in one, or a hub name.")
    String source;

    @Parameters(index = "1", paramLabel = "DEST", description = "The new folder; it appears when it is complete.")
    Path destination;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "float32, float16 or bfloat16; without it, each tensor keeps its type.")
    Floats dtype;

    @Option(names = "--json", description = "As a JSON line.")
    boolean json;

    ConvertVerb(Console console) {
        super(console);
    }

    @Override
    public void run() {
        Path file = Path.of(source);
        Path weights = Files.isRegularFile(file) ? file : ModelFolder.of(console, "SRC", source);
        Conversion done = Conversion.convert(weights, destination, dtype == null ? null : dtype.type);
        if (json) {
            JsonLine files = new JsonLine();
            done.files().forEach((path, sha) -> files.put(path.getFileName().toString(), sha));
            console.print(new JsonLine()
                    .put("folder", destination.toString())
                    .put("tensors", done.tensors())
                    .put("bytes", done.bytes())
                    .put("left_out", done.leftOut())
                    .put("sha256", files)
                    .toString());
            return;
        }
        done.files().forEach((path, sha) -> console.print("read " + path + ", SHA-256 " + sha));
        if (!done.leftOut().isEmpty())
            console.print("left out " + done.leftOut().size() + " constants of the graph, which are no weights");
        console.print(String.format(
                Locale.ROOT, "wrote %s: %d tensors, %.1f MB", destination, done.tensors(), done.bytes() / 1e6));
    }
}
