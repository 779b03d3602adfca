package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.nn.pretrained.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchVerbTest {
    @TempDir
    Path folder;

    @Test
    void measuresLimitsProductsAndAModel() throws IOException {
        List<Json.Obj> lines =
                lines("bench", "--model", model(), "--seconds", "0.01", "--length", "8", "--threads", "2", "--json");
        assertEquals(
                List.of(
                        "limits",
                        "gemm",
                        "gemm",
                        "gemm",
                        "gemm",
                        "gemm",
                        "gemm",
                        "forward",
                        "forward",
                        "forward",
                        "training",
                        "allocation",
                        "scaling"),
                lines.stream().map(line -> line.string("figure")).toList());
        assertEquals("512×3072×768", lines.get(2).string("size"));
        Json.Obj forward = lines.get(7);
        assertEquals(16, forward.integer("sequences"));
        assertTrue(lines.get(11).number("allocated_bytes_per_step") > 0);
        assertEquals(128 / forward.number("seconds"), forward.number("tokens_per_second"), 1e-3);
        Json.Obj scaling = lines.getLast();
        assertEquals(2, scaling.integer("threads"));
        for (String what : List.of("gemm", "forward", "training")) assertTrue(scaling.number(what) > 0, what);
    }

    @Test
    void aProfileAddsUpToTheWholeTime() throws IOException {
        List<Json.Obj> lines =
                lines("bench", "--model", model(), "--seconds", "0.01", "--length", "8", "--profile", "--json");
        int training = 0;
        while (!lines.get(training).string("figure", "").equals("training")) training++;
        double share = 0;
        for (Json.Obj line : lines.subList(training + 1, lines.size())) share += line.number("share");
        assertEquals(1, share, 1e-9);
        List<String> kernels = lines.subList(training + 1, lines.size()).stream()
                .map(line -> line.string("kernel"))
                .toList();
        assertTrue(
                kernels.containsAll(List.of("GEMM weight gradient", "attention backward", "optimizer")),
                kernels::toString);
        assertEquals("outside of kernels", kernels.getLast());
    }

    @Test
    void measuresWeightsOfSixteenBitsBesideFloat32() throws IOException {
        List<Json.Obj> lines = lines(
                "bench", "--model", model(), "--seconds", "0.01", "--length", "8", "--dtype", "float16", "--json");
        List<Json.Obj> forward = lines.subList(7, lines.size());
        assertEquals(4, forward.size());
        for (Json.Obj line : forward) {
            assertEquals("forward", line.string("figure"));
            assertEquals("float16", line.string("dtype"));
            assertTrue(line.number("seconds") > 0 && line.number("float32_seconds") > 0);
        }
        assertEquals(
                128 / forward.getFirst().number("seconds"), forward.getFirst().number("tokens_per_second"), 1e-3);
    }

    @Test
    void refusesSequencesThatTheModelCannotRead() throws IOException {
        Run run = Run.of("", "bench", "--model", model(), "--profile", "--length", "999");
        assertEquals(2, run.code());
        assertTrue(run.err().startsWith("merapi: --length: expected at most "), run.err());
        assertTrue(run.err().endsWith(", what the model can read, got 999\n"), run.err());
    }

    private String model() throws IOException {
        return TinyModel.withoutTokenizer(folder.resolve("model")).toString();
    }

    private static List<Json.Obj> lines(String... args) {
        Run run = Run.of("", args);
        assertEquals("", run.err());
        return run.out()
                .lines()
                .map(line -> Json.parse("bench", line.getBytes(StandardCharsets.UTF_8)))
                .toList();
    }
}
