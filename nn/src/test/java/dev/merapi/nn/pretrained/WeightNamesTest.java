package dev.merapi.nn.pretrained;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.nn.pretrained.SafetensorsWriter.Weight;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightNamesTest {
    @TempDir
    Path folder;

    /// Matches tensors of one value against `present`, each of two values where its name ends in `!`.
    private WeightNames.Match match(List<String> wanted, String... present) {
        Path file = folder.resolve("m.safetensors");
        SafetensorsWriter.write(
                file,
                Arrays.stream(present)
                        .map(n -> n.endsWith("!")
                                ? new Weight(n.substring(0, n.length() - 1), new long[] {2}, Floats.allocate(2))
                                : new Weight(n, new long[] {1}, Floats.allocate(1)))
                        .toList());
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (String name : wanted) shapes.put(name, new long[] {1});
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            return WeightNames.match(shapes, checkpoint, "bert.");
        }
    }

    @Test
    void gammaAndBetaOfLayerNormAreWeightAndBias() {
        assertEquals("a.LayerNorm.weight", WeightNames.modern("a.LayerNorm.gamma"));
        assertEquals("a.LayerNorm.bias", WeightNames.modern("a.LayerNorm.beta"));
        assertEquals("a.gamma", WeightNames.modern("a.gamma"));
    }

    @Test
    void positionIdsAreNoWeights() {
        assertTrue(WeightNames.ignored("bert.embeddings.position_ids"));
        assertTrue(WeightNames.ignored("position_ids"));
        assertFalse(WeightNames.ignored("my_position_ids"));
        assertEquals(
                "all weights match",
                match(List.of("w"), "w", "embeddings.position_ids").report().summary());
    }

    @Test
    void theBasePrefixIsAddedToABaseModelsWeights() {
        WeightNames.Match match =
                match(List.of("bert.e.LayerNorm.weight", "bert.p", "classifier"), "e.LayerNorm.gamma", "p", "q");
        assertEquals(Map.of("bert.e.LayerNorm.weight", "e.LayerNorm.gamma", "bert.p", "p"), match.found());
        assertEquals("1 missing: classifier; 1 unexpected: q", match.report().summary());
        assertFalse(match.report().complete());
    }

    @Test
    void theBasePrefixIsStrippedForABaseModel() {
        WeightNames.Match match = match(List.of("e", "pooler"), "bert.e", "bert.pooler", "pooler", "cls.bias");
        assertEquals(Map.of("e", "bert.e", "pooler", "bert.pooler"), match.found());
        assertEquals("2 unexpected: cls.bias, pooler", match.report().summary());
        assertTrue(match.report().complete());
    }

    @Test
    void equalPrefixesStayAsTheyAre() {
        WeightNames.Match match = match(List.of("bert.e", "classifier"), "bert.e", "classifier!", "bert.x");
        assertEquals(Map.of("bert.e", "bert.e"), match.found());
        assertEquals(
                "1 unexpected: bert.x; 1 of another shape: classifier (expected [1], got [2])",
                match.report().summary());
        assertEquals(
                List.of(new LoadReport.Mismatch("classifier", List.of(1L), List.of(2L))),
                match.report().mismatched());
    }

    @Test
    void twoNamesOfOneWeightAreRefused() {
        assertEquals(
                "\"LayerNorm.gamma\" and \"LayerNorm.weight\" are both \"LayerNorm.weight\"; a checkpoint may hold it once",
                Samples.refusal(() -> match(List.of("LayerNorm.weight"), "LayerNorm.gamma", "LayerNorm.weight")));
    }

    @Test
    void longListsAreCut() {
        List<String> names = List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
        assertEquals(
                "10 missing: a, b, c, d, e, f, g, h and 2 more", new LoadReport(names, List.of(), List.of()).summary());
    }
}
