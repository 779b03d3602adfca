package dev.merapi.nn.pretrained;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonTest {

    private static Json.Obj parse(String text) {
        return Json.parse("config.json", Samples.utf8(text));
    }

    private static String refusal(String text) {
        return Samples.refusal(() -> parse(text));
    }

    @Test
    void whatPythonWroteIsWrittenAgainByteForByte() throws IOException {
        Path golden = Samples.golden("python.json");
        assertEquals(Files.readString(golden), Json.read(golden).pretty() + "\n");
    }

    @Test
    void floatsAreWrittenAsPythonsRepr() throws IOException {
        List<String> lines = Files.readAllLines(Samples.golden("floats.txt"));
        assertTrue(lines.size() > 200);
        for (String line : lines.subList(1, lines.size())) {
            double value = Double.longBitsToDouble(Long.parseUnsignedLong(line.substring(0, 16), 16));
            assertEquals(line.substring(17), Json.Num.of(value).text());
        }
        assertEquals("0.1", Json.Num.of(0.1f).text());
        assertEquals("1e-12", Json.Num.of(1e-12f).text());
    }

    @Test
    void gettersReadTheirTypes() {
        Json.Obj config = parse("{\"n\":768,\"eps\":1e-12,\"huge\":1000000000000000019884624838656,\"nan\":NaN,"
                + "\"on\":true,\"name\":\"bert\",\"list\":[\"a\",\"b\"],\"sub\":{\"k\":null}}");
        assertEquals(768, config.integer("n"));
        assertEquals(768.0, config.number("n"));
        assertEquals(1e-12, config.number("eps"));
        assertEquals(1e30, config.number("huge"));
        assertEquals(Double.NaN, config.number("nan"));
        assertTrue(config.bool("on"));
        assertEquals("bert", config.string("name"));
        assertEquals(List.of("a", "b"), config.strings("list"));
        assertFalse(config.object("sub").has("k"));
        assertEquals(7, config.object("sub").integer("k", 7));
        assertEquals(0.5, config.number("absent", 0.5));
    }

    @Test
    void aWrongTypeNamesFileMemberAndValue() {
        Json.Obj config = parse("{\"hidden_size\":\"768\",\"n\":2147483648,\"x\":1.0,\"sub\":{\"list\":[1]},\"o\":[]}");
        assertEquals(
                "config.json: hidden_size must be an integer, got \"768\"",
                Samples.refusal(() -> config.integer("hidden_size")));
        assertEquals(
                "config.json: hidden_size must be an integer, got \"768\"",
                Samples.refusal(() -> config.integer("hidden_size", 1)));
        assertEquals("config.json: n must be an integer, got 2147483648", Samples.refusal(() -> config.integer("n")));
        assertEquals("config.json: x must be an integer, got 1.0", Samples.refusal(() -> config.integer("x")));
        assertEquals("config.json: missing is missing", Samples.refusal(() -> config.string("missing")));
        assertEquals("config.json: x must be true or false, got 1.0", Samples.refusal(() -> config.bool("x")));
        assertEquals("config.json: o must be an object, got []", Samples.refusal(() -> config.object("o")));
        assertEquals(
                "config.json: sub.list must be an array of strings, got [ 1 ]",
                Samples.refusal(() -> config.object("sub").strings("list")));
    }

    @Test
    void membersKeepTheirOrderAndCanBeReplaced() {
        Json.Obj config =
                parse("{\"b\":1,\"a\":2}").with("b", 0.5).with("c", "x").without("a");
        assertEquals("{\n  \"b\": 0.5,\n  \"c\": \"x\"\n}", config.pretty());
        assertEquals(
                "{\n  \"a\": 2,\n  \"b\": 1\n}",
                parse("{\"b\":1,\"a\":2}").sorted().pretty());
    }

    @Test
    void whatIsNoJsonIsRefusedInWords() {
        String error = "config.json: expected valid JSON, got an error in line 1, column ";
        assertEquals(
                "config.json: expected valid JSON, got an error: Document nesting depth (101) exceeds the maximum allowed"
                        + " (100); the file is damaged",
                refusal("{\"a\":" + "[".repeat(100_000)));
        assertEquals(error + "11: Duplicate field 'a'; the file is damaged", refusal("{\"a\":1,\"a\":2}"));
        assertEquals("config.json: expected a JSON object, got nothing; the file is damaged", refusal(" "));
        assertEquals("config.json: expected a JSON object, got another value; the file is damaged", refusal("[1]"));
        assertEquals("config.json: expected one JSON object, got more after it; the file is damaged", refusal("{}1"));
        assertEquals(
                "config.json: a must be a number, got -INF; write NaN, Infinity or -Infinity", refusal("{\"a\":-INF}"));
        assertEquals(
                "config.json: expected JSON, got a byte order mark; save it as UTF-8 without one", refusal("\uFEFF{}"));
        assertEquals(
                "config.json: expected UTF-8, got other bytes; the file is damaged",
                Samples.refusal(() ->
                        Json.parse("config.json", "{\"a\":1}".getBytes(java.nio.charset.StandardCharsets.UTF_16))));
    }

    @Test
    void aMissingFileIsNamed(@TempDir Path folder) {
        Path file = folder.resolve("config.json");
        assertEquals(
                file + ": there is no such file; is the folder a model folder?",
                Samples.refusal(() -> Json.read(file)));
    }
}
