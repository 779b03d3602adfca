package dev.merapi.cli;

import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.Model;
import dev.merapi.nn.model.ModelType;
import dev.merapi.nn.pretrained.Checkpoint;
import dev.merapi.nn.pretrained.Conversion;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.LoadReport;
import dev.merapi.nn.pretrained.TensorInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `merapi inspect`: what is in a model, without running it.
@Command(
        name = "inspect",
        description = "Describes a model: architecture, parameters, memory, missing and unexpected names.")
final class InspectVerb extends Verb {
    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "MODEL",
            description =
                    "A Hugging Face folder, a hub name, or a .safetensors, .bin, .pt or .onnx file; without it, the"
                            + " bundled encoder.")
    String model;

    @Option(names = "--json", description = "A JSON line a parameter, then one for the whole.")
    boolean json;

    InspectVerb(Console console) {
        super(console);
    }

    @Override
    public void run() {
        if (model == null) {
            try (Checkpoint weights = BundledEncoder.weights()) {
                describe(BundledEncoder.NAME, BundledEncoder.config(), weights);
                names(BundledEncoder.load(head(BundledEncoder.config())));
            }
            return;
        }
        Path file = Path.of(model);
        boolean single = Files.isRegularFile(file);
        Path source = single ? file : ModelFolder.of(console, "MODEL", model);
        Json.Obj config = single ? null : Json.read(source.resolve("config.json"));
        try (Checkpoint weights = Checkpoint.open(source)) {
            describe(source.toString(), config, weights);
        }
        if (config != null && isKnown(config)) names(Model.fromPretrained(source, LoadOptions.training()));
    }

    private static boolean isKnown(Json.Obj config) {
        String type = config.string("model_type", "bert");
        return Stream.of(ModelType.values())
                .anyMatch(known -> known.configName().equals(type));
    }

    /// The head that the config names the labels of, new where the weights have none.
    private static LoadOptions head(Json.Obj config) {
        int labels =
                config.has("id2label") ? config.object("id2label").members().size() : 2;
        return LoadOptions.labels(
                IntStream.range(0, labels).mapToObj(Integer::toString).toList());
    }

    /// What a model misses in the weights, and what it has no use for.
    private void names(Model model) {
        LoadReport report = model.report();
        if (json)
            console.print(new JsonLine()
                    .put("missing", report.missing())
                    .put("unexpected", report.unexpected())
                    .toString());
        else console.print(report.summary());
        model.device().close();
    }

    /// @param config null where there is none
    private void describe(String name, Json.Obj config, Checkpoint weights) {
        List<TensorInfo> tensors = weights.names().stream().map(weights::info).toList();
        long count = tensors.stream().mapToLong(TensorInfo::count).sum();
        if (json) {
            tensors.forEach(tensor -> console.print(describe(tensor).toString()));
            JsonLine whole =
                    new JsonLine().put("model", name).put("parameters", count).put("bytes", bytes(tensors));
            if (config != null) whole.put("architecture", architecture(config));
            JsonLine files = new JsonLine();
            weights.files().forEach(f -> files.put(f.getFileName().toString(), Conversion.sha256(f)));
            console.print(whole.put("sha256", files).toString());
            return;
        }
        console.print(name);
        if (config != null) console.print(architecture(config));
        table(tensors).forEach(console::print);
        weights.files().forEach(f -> console.print(f.getFileName() + ", SHA-256 " + Conversion.sha256(f)));
        console.print(String.format(
                Locale.ROOT,
                "%,d values in %d tensors, %s as stored, %s as float32, %s as bfloat16 or float16; training with AdamW"
                        + " takes %s beside the activations",
                count,
                tensors.size(),
                megabytes(bytes(tensors)),
                megabytes(4 * count),
                megabytes(2 * count),
                megabytes(16 * count)));
    }

    private static String architecture(Json.Obj config) {
        return String.format(
                Locale.ROOT,
                "%s: %d layers, %d channels, %d heads, %d in between, %,d tokens, %d positions",
                config.string("model_type", "unknown"),
                either(config, "num_hidden_layers", "n_layers"),
                either(config, "hidden_size", "dim"),
                either(config, "num_attention_heads", "n_heads"),
                either(config, "intermediate_size", "hidden_dim"),
                config.integer("vocab_size", 0),
                config.integer("max_position_embeddings", 0));
    }

    /// A number under BERT's name, or under DistilBERT's.
    private static int either(Json.Obj config, String name, String other) {
        return config.integer(name, config.integer(other, 0));
    }

    private static List<String> table(List<TensorInfo> tensors) {
        int width = tensors.stream().mapToInt(t -> t.name().length()).max().orElse(4);
        List<String> lines = new ArrayList<>();
        String row = "%-" + Math.max(4, width) + "s  %-14s  %-5s  %12s";
        lines.add(row.formatted("name", "shape", "dtype", "values"));
        for (TensorInfo tensor : tensors)
            lines.add(row.formatted(
                    tensor.name(),
                    Arrays.toString(tensor.shape()),
                    tensor.dtype(),
                    String.format(Locale.ROOT, "%,d", tensor.count())));
        return lines;
    }

    private static JsonLine describe(TensorInfo tensor) {
        return new JsonLine()
                .put("name", tensor.name())
                .put("shape", Arrays.stream(tensor.shape()).boxed().toList())
                .put("dtype", tensor.dtype().toString())
                .put("count", tensor.count());
    }

    private static long bytes(List<TensorInfo> tensors) {
        return tensors.stream().mapToLong(t -> t.count() * t.dtype().bytes).sum();
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }
}
