package dev.merapi.nn.hub;

import dev.merapi.nn.pretrained.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Chooses what a model needs of a repository, which often holds its weights in five formats: config,
/// tokenizer, sentence-transformers' modules, and one form of the weights, the first that is there of
/// safetensors, their shards, `pytorch_model.bin`, its shards, ONNX.
final class ModelFiles {
    /// What makes a difference where it is there: without the first a text becomes other tokens, without the
    /// second other vectors. Python brings only what it was asked for.
    static final List<String> TELLING = List.of("tokenizer.json", "modules.json");

    private static final Pattern MODULE = Pattern.compile("[0-9]{1,3}_\\w{1,60}/[^/]+");

    private enum Weights {
        SAFETENSORS("model.safetensors", null),
        SAFETENSORS_SHARDS("model.safetensors.index.json", "model-[0-9]+-of-[0-9]+\\.safetensors"),
        TORCH("pytorch_model.bin", null),
        TORCH_SHARDS("pytorch_model.bin.index.json", "pytorch_model-[0-9]+-of-[0-9]+\\.bin"),
        ONNX("model.onnx", "model\\.onnx[._]data"),
        ONNX_FOLDER("onnx/model.onnx", "onnx/model\\.onnx[._]data");

        private final String main;
        private final Pattern others; // null for none

        Weights(String main, String others) {
            this.main = main;
            this.others = others == null ? null : Pattern.compile(others);
        }

        boolean has(String file) {
            return file.equals(main) || others != null && others.matcher(file).matches();
        }

        boolean areIn(Path snapshot) {
            Path file = snapshot.resolve(main);
            if (!Files.exists(file) || !main.endsWith(".index.json")) return Files.exists(file);
            return Json.read(file).object("weight_map").members().values().stream()
                    .allMatch(shard -> shard instanceof Json.Str(String name) && Files.exists(snapshot.resolve(name)));
        }
    }

    private ModelFiles() {}

    /// The files to download out of all that a repository has.
    static List<String> of(List<String> all) {
        Predicate<String> weights = Stream.of(Weights.values())
                .filter(w -> all.contains(w.main))
                .findFirst()
                .<Predicate<String>>map(w -> w::has)
                .orElse(file -> false);
        return all.stream()
                .filter(file -> weights.test(file) || isText(file) || isOfModule(file, all))
                .toList();
    }

    /// Config and tokenizer: small files at the top.
    private static boolean isText(String file) {
        if (file.contains("/") || file.endsWith(".index.json")) return false;
        return Stream.of(".json", ".txt", ".model", ".jinja").anyMatch(file::endsWith);
    }

    /// `1_Pooling/config.json`, and the weights of `2_Dense` in one form.
    private static boolean isOfModule(String file, List<String> all) {
        if (!MODULE.matcher(file).matches()) return false;
        String folder = file.substring(0, file.indexOf('/') + 1);
        if (file.endsWith(".bin")) return !all.contains(folder + "model.safetensors");
        return file.endsWith(".json") || file.endsWith(".safetensors") || file.endsWith(".txt");
    }

    /// Whether a snapshot holds a model's config and weights, all shards of them.
    static boolean isModel(Path snapshot) {
        return Files.exists(snapshot.resolve("config.json"))
                && Stream.of(Weights.values()).anyMatch(w -> w.areIn(snapshot));
    }
}
