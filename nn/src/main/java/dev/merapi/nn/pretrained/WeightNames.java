package dev.merapi.nn.pretrained;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// Finds the weights that a model wants among the names of a checkpoint, as transformers does: old names of
/// LayerNorm's parameters, a base prefix (`bert.`) too many or too few, buffers that are not weights.
public final class WeightNames {
    private static final Pattern IGNORED = Pattern.compile("(^|\\.)position_ids$");

    private WeightNames() {}

    /// Where each wanted tensor lies.
    ///
    /// @param found wanted name → name in the checkpoint, for those that are there in the wanted shape
    public record Match(Map<String, String> found, LoadReport report) {}

    /// `LayerNorm.gamma` and `LayerNorm.beta`, TensorFlow's names, become `LayerNorm.weight` and
    /// `LayerNorm.bias`.
    public static String modern(String name) {
        if (name.endsWith("LayerNorm.gamma")) return name.substring(0, name.length() - "gamma".length()) + "weight";
        if (name.endsWith("LayerNorm.beta")) return name.substring(0, name.length() - "beta".length()) + "bias";
        return name;
    }

    /// Whether a tensor is a buffer that older versions of transformers saved among the weights:
    /// `position_ids`.
    public static boolean ignored(String name) {
        return IGNORED.matcher(name).find();
    }

    /// Compares the names and shapes that a model wants with those of a checkpoint.
    ///
    /// @param wanted the model's names and shapes, in the order in which missing ones are reported
    /// @param basePrefix with its dot, such as `bert.`: added where only the model's names have it, stripped
    ///     where only the checkpoint's do
    public static Match match(Map<String, long[]> wanted, Checkpoint checkpoint, String basePrefix) {
        boolean modelHas = wanted.keySet().stream().anyMatch(n -> n.startsWith(basePrefix));
        boolean checkpointHas = checkpoint.names().stream().anyMatch(n -> n.startsWith(basePrefix));
        Map<String, String> present = new LinkedHashMap<>(); // the model's name → the checkpoint's
        List<String> unexpected = new ArrayList<>();
        for (String original : checkpoint.names()) {
            String name = modern(original);
            if (modelHas && !checkpointHas && wanted.containsKey(basePrefix + name)) name = basePrefix + name;
            if (!modelHas && checkpointHas)
                name = name.startsWith(basePrefix) ? name.substring(basePrefix.length()) : null; // of a head
            if (ignored(original)) continue;
            if (name == null || !wanted.containsKey(name)) unexpected.add(original);
            else refuseTwo(name, original, present.put(name, original));
        }
        Map<String, String> found = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        List<LoadReport.Mismatch> mismatched = new ArrayList<>();
        wanted.forEach((name, shape) -> {
            String original = present.get(name);
            long[] got = original == null ? null : checkpoint.info(original).shape();
            if (got == null) missing.add(name);
            else if (Arrays.equals(shape, got)) found.put(name, original);
            else mismatched.add(LoadReport.Mismatch.of(name, shape, got));
        });
        return new Match(found, new LoadReport(missing, unexpected, mismatched));
    }

    private static void refuseTwo(String name, String one, String other) {
        if (other != null)
            throw new PretrainedException(
                    "\"" + other + "\" and \"" + one + "\" are both \"" + name + "\"; a checkpoint may hold it once");
    }
}
