package dev.merapi.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {

    @Test
    void valuesAreWhatTheyAreInJson() {
        JsonObject object = read("""
            \t{"a": [1, -2, 3.5, 1e3, -0, 12345678901, 1E400, NaN, -Infinity], "b": {"": null, "c": true}, "d": [],
             "e": "\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00é漢😀", "f": {}} \r\n\
            """);
        assertEquals(
                List.of(
                        1,
                        -2,
                        3.5,
                        1000.0,
                        -0.0,
                        12345678901L,
                        Double.POSITIVE_INFINITY,
                        Double.NaN,
                        Double.NEGATIVE_INFINITY),
                object.list("a"));
        assertEquals("[, c]", object.object("b").members().keySet().toString());
        assertEquals(List.of(), object.list("d"));
        assertEquals("\"\\/\b\f\n\r\té😀é漢😀", object.string("e"));
    }

    /// Numbers as shortest doubles print, and with up to 20 digits.
    @Test
    void numbersAreTheClosestDoubles() {
        Random random = new Random(5);
        for (int i = 0; i < 40_000; i++) {
            String number = switch (i % 4) {
                case 0 -> Double.toString(-20 * random.nextDouble());
                case 1 -> Double.toString((double) (float) (-20 * random.nextDouble()));
                case 2 -> random.nextInt(100) + "." + random.nextLong(1L << 62);
                default -> "0." + random.nextLong(1L << 53) + "e-" + random.nextInt(8);
            };
            double read = new JsonReader("numbers", number.getBytes(StandardCharsets.UTF_8))
                    .number()
                    .doubleValue();
            assertEquals(Double.parseDouble(number), read, number);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {"a": 1,}            | expected a string, got "}" at byte 8
        {"a" 1}              | expected ":", got "1" at byte 5
        {"a": 1 "b": 2}      | expected "," or "}", got \""" at byte 8
        {"a": 01}            | expected a number, got one that starts with 0 at byte 8
        {"a": 1.}            | expected a digit, got "}" at byte 8
        {"a": +1}            | expected a value, got "+" at byte 6
        {"a": tru}           | expected a value, got "t" at byte 6
        {"a": "b             | expected the end of a string, got the end of the file at byte 8
        {"a": "\\x"}         | expected an escape, got "x" at byte 8
        {"a": "\\u12g4"}     | expected four hexadecimal digits, got "g" at byte 11
        {"a": "\\ud83dx"}    | expected a low surrogate after the high one, got none at byte 13
        {"a": [1}            | expected "," or "]", got "}" at byte 8
        {"a": 1, "a": 2}     | expected names that differ, got "a" twice at byte 13
        """)
    void whatIsNoJsonIsAnErrorThatSaysWhere(String json, String message) {
        assertEquals(
                "f.json: not valid JSON, " + message + "; the file is damaged, take it again from its source",
                assertThrows(TokenizerException.class, () -> read(json)).getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"C0AF", "E08080", "EDA080", "F4908080", "F8888080", "80", "C3", "E697"})
    void whatIsNoTextIsAnError(String hex) {
        byte[] wrong = java.util.HexFormat.of().parseHex(hex);
        byte[] json = new byte[wrong.length + 8];
        System.arraycopy("{\"a\":\"".getBytes(StandardCharsets.UTF_8), 0, json, 0, 6);
        System.arraycopy(wrong, 0, json, 6, wrong.length);
        json[json.length - 2] = '"';
        json[json.length - 1] = '}';
        String message = assertThrows(TokenizerException.class, () -> JsonObject.read("f.json", json))
                .getMessage();
        assertEquals(
                "f.json: not valid JSON, expected UTF-8, got byte " + (wrong[0] & 0xFF)
                        + " at byte 6; the file is damaged, take it again from its source",
                message);
    }

    private static JsonObject read(String json) {
        return JsonObject.read("f.json", json.getBytes(StandardCharsets.UTF_8));
    }
}
