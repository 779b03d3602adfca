package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.merapi.nn.pretrained.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Expected values: nn's golden model, made by src/reference/golden_bert.py.
class ForwardVerbTest {
    private static final String IDS =
            "{\"ids\": [52,56,3,53,56,31,1,42,14,43,48,19,8,29,26,55], \"type_ids\": [0,0,0,0,0,0,0,0,0,0,0,1,1,1,1,1]}\n";
    private static final float[] LOGITS = {-0.063904665f, -0.009614809f, 0.25450078f};

    @TempDir
    Path folder;

    private String model;

    @BeforeEach
    void makeModel() throws IOException {
        model = TinyModel.withoutTokenizer(folder.resolve("model")).toString();
    }

    @Test
    void computesTheLogitsOfIdsWithoutATokenizer() {
        Run run = Run.of(IDS, "forward", "--model", model, "--threads", "1");
        assertEquals("", run.err());
        assertNear(LOGITS, numbers(run.out(), "logits"), 1e-5);
    }

    @Test
    void writesAHiddenStateForEachToken() {
        Run run = Run.of(IDS, "forward", "--model", model, "--hidden-states");
        Json.Obj json = Json.parse("out", run.out().getBytes(StandardCharsets.UTF_8));
        List<Json> rows = json.array("last_hidden_state");
        assertEquals(16, rows.size());
        assertEquals(18, ((Json.Arr) rows.getFirst()).values().size());
    }

    @Test
    void refusesIdsOutsideTheVocabulary() {
        Run run = Run.of("{\"ids\": [2, 59]}\n", "forward", "--model", model);
        assertEquals("merapi: line 1: expected ids from 0 to 58, the vocabulary of the model, got 59\n", run.err());
        assertEquals(1, run.code());
    }

    @Test
    void refusesMoreIdsThanTheModelHasPositions() {
        Run run = Run.of("{\"ids\": [" + "5,".repeat(43) + "5]}\n", "forward", "--model", model);
        assertEquals("merapi: line 1: expected 1 to 43 ids, the positions of the model, got 44\n", run.err());
        assertEquals(1, run.code());
    }

    @Test
    void refusesAMaxLengthOverTheModels() {
        Run run = Run.of("", "forward", "--model", model, "--max-length", "44");
        assertEquals("merapi: --max-length: expected 1 to 43, the positions of the model, got 44\n", run.err());
        assertEquals(2, run.code());
    }

    static float[] numbers(String json, String name) {
        List<Json> values =
                Json.parse("out", json.getBytes(StandardCharsets.UTF_8)).array(name);
        float[] numbers = new float[values.size()];
        for (int i = 0; i < numbers.length; i++) numbers[i] = (float) ((Json.Num) values.get(i)).asDouble();
        return numbers;
    }

    static void assertNear(float[] expected, float[] got, double tolerance) {
        assertEquals(expected.length, got.length);
        for (int i = 0; i < expected.length; i++) assertEquals(expected[i], got[i], tolerance, "value " + i);
    }
}
