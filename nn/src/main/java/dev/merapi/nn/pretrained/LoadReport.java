package dev.merapi.nn.pretrained;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// How the names and shapes that a model wants compare with those of a checkpoint.
///
/// @param missing wanted, but not in the checkpoint
/// @param unexpected in the checkpoint (under its own names), but not wanted
/// @param mismatched in both, with different shapes
public record LoadReport(List<String> missing, List<String> unexpected, List<Mismatch> mismatched) {
    private static final int SHOWN = 8;

    public LoadReport {
        missing = List.copyOf(missing);
        unexpected = List.copyOf(unexpected);
        mismatched = List.copyOf(mismatched);
    }

    /// A tensor whose shape in the checkpoint is not the one that the model wants.
    public record Mismatch(String name, List<Long> wanted, List<Long> got) {
        static Mismatch of(String name, long[] wanted, long[] got) {
            return new Mismatch(
                    name,
                    Arrays.stream(wanted).boxed().toList(),
                    Arrays.stream(got).boxed().toList());
        }

        @Override
        public String toString() {
            return name + " (expected " + wanted + ", got " + got + ")";
        }
    }

    /// Whether every wanted tensor is there with its shape; the checkpoint may hold more.
    public boolean complete() {
        return missing.isEmpty() && mismatched.isEmpty();
    }

    /// One line: `2 missing: classifier.bias, classifier.weight; 1 unexpected: cls.predictions.bias`.
    public String summary() {
        List<String> parts = new ArrayList<>();
        describe("missing", missing, parts);
        describe("unexpected", unexpected, parts);
        describe("of another shape", mismatched, parts);
        return parts.isEmpty() ? "all weights match" : String.join("; ", parts);
    }

    private static void describe(String kind, List<?> names, List<String> parts) {
        if (names.isEmpty()) return;
        List<String> shown = names.stream().limit(SHOWN).map(Object::toString).toList();
        int more = names.size() - shown.size();
        parts.add(names.size() + " " + kind + ": " + String.join(", ", shown)
                + (more > 0 ? " and " + more + " more" : ""));
    }

    @Override
    public String toString() {
        return summary();
    }
}
