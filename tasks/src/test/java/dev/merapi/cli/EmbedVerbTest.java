package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedVerbTest {
    @TempDir
    Path folder;

    @Test
    void poolsAsModulesJsonSays() throws IOException {
        Path model = TinyModel.folder(folder.resolve("model"));
        Files.writeString(model.resolve("modules.json"), """
            [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
             {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
             {"idx": 2, "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]
            """);
        Files.createDirectory(model.resolve("1_Pooling"));
        Files.writeString(model.resolve("1_Pooling/config.json"), """
            {"word_embedding_dimension": 18, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}
            """);
        String saved = Run.of("the sun is warm\n", "embed", "--model", model.toString())
                .out();
        assertEquals(saved, embed(model, "--pooling", "cls", "--normalize"));
        assertNotEquals(saved, embed(model, "--pooling", "mean", "--normalize"));
        assertNotEquals(saved, embed(model, "--no-normalize"));
    }

    @Test
    void theDefaultPromptGoesBeforeEveryText() throws IOException {
        Path model = TinyModel.folder(folder.resolve("model"));
        String prompted = embed("the sun the moon\n", model);
        Files.writeString(
                model.resolve("config_sentence_transformers.json"),
                "{\"prompts\": {\"query\": \"the sun \"}, \"default_prompt_name\": \"query\"}");
        assertEquals(prompted, embed("the moon\n", model));
        assertEquals(prompted, embed("{\"text\": \"the moon\"}\n", model));
    }

    private static String embed(String text, Path model) {
        return Run.of(text, "embed", "--model", model.toString()).out();
    }

    private static String embed(Path model, String... options) {
        List<String> arguments = new ArrayList<>(List.of("embed", "--model", model.toString()));
        arguments.addAll(List.of(options));
        return Run.of("the sun is warm\n", arguments.toArray(String[]::new)).out();
    }

    @Test
    void embedsATextWithTheFolderOfAClassifier() throws IOException {
        String model = TinyModel.folder(folder.resolve("model")).toString();
        Run run = Run.of("the sun is warm\n", "embed", "--model", model, "--normalize");
        assertEquals("", run.err());
        float[] embedding = ForwardVerbTest.numbers(run.out(), "embedding");
        double squares = 0;
        for (float value : embedding) squares += value * value;
        assertEquals(18, embedding.length);
        assertEquals(1, squares, 1e-5);
    }

    @Test
    void weightsOfSixteenBitsGiveNearlyTheSameVector() throws IOException {
        Path model = TinyModel.folder(folder.resolve("model"));
        String bfloat16 = embed(model, "--dtype", "bfloat16"), float32 = embed(model);
        assertNotEquals(float32, bfloat16);
        assertEquals(float32, embed(model, "--dtype", "float32"));
        assertEquals(bfloat16, embed(model, "--dtype", "bf16"));
        assertEquals(embed(model, "--dtype", "float16"), embed(model, "--dtype", "fp16"));
        float[] expected = vector(float32), rounded = vector(bfloat16), half = vector(embed(model, "--dtype", "fp16"));
        assertArrayEquals(expected, rounded, 0.03f);
        assertArrayEquals(expected, half, 0.004f);
    }

    @Test
    void anUnknownTypeIsRefused() throws IOException {
        Run run = Run.of(
                "",
                "embed",
                "--model",
                TinyModel.folder(folder.resolve("model")).toString(),
                "--dtype",
                "int8");
        assertEquals(2, run.code());
        assertTrue(run.err().contains("--dtype"), run.err());
        assertTrue(run.err().contains("expected float32, bfloat16 or float16, got int8"), run.err());
    }

    private static float[] vector(String json) {
        String[] numbers =
                json.substring(json.indexOf('[') + 1, json.indexOf(']')).split(",");
        float[] values = new float[numbers.length];
        for (int i = 0; i < values.length; i++) values[i] = Float.parseFloat(numbers[i]);
        return values;
    }
}
