package dev.merapi.nn.pretrained;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads [Json] with Jackson's streaming parser. Refused: duplicate names (compared after unescaping), bytes
/// that are not UTF-8, a byte order mark, nesting deeper than [#MAX_DEPTH], anything after the object.
final class JsonReader {
    static final int MAX_DEPTH = 100;

    private static final JsonFactory STRICT = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES) // names of tensors do not repeat
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(Json.MAX_BYTES)
                    .build())
            .build();
    private static final JsonFactory PYTHON =
            STRICT.rebuild().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

    private JsonReader() {}

    /// The tree of one object.
    static Json.Obj read(String source, byte[] utf8) {
        return parse(source, utf8, PYTHON, parser -> object(source + ": ", parser));
    }

    /// What to do with a parser that stands on the `{` of the one object; it must consume the object.
    interface Body<T> {
        T read(JsonParser parser) throws IOException;
    }

    /// Streams one object of standard JSON, without `NaN`.
    static <T> T stream(String source, byte[] utf8, Body<T> body) {
        return parse(source, utf8, STRICT, body);
    }

    private static <T> T parse(String source, byte[] utf8, JsonFactory factory, Body<T> body) {
        if (utf8.length >= 3 && utf8[0] == (byte) 0xEF && utf8[1] == (byte) 0xBB && utf8[2] == (byte) 0xBF)
            throw new PretrainedException(
                    source + ": expected JSON, got a byte order mark; save it as UTF-8 without one");
        // a decoder of its own refuses what Jackson lets pass: overlong forms, other encodings
        Reader reader = new InputStreamReader(new ByteArrayInputStream(utf8), StandardCharsets.UTF_8.newDecoder());
        try (JsonParser parser = factory.createParser(reader)) {
            JsonToken first = parser.nextToken();
            if (first != JsonToken.START_OBJECT)
                throw new PretrainedException(source + ": expected a JSON object, got "
                        + (first == null ? "nothing" : "another value") + "; the file is damaged");
            T result = body.read(parser);
            if (parser.nextToken() != null)
                throw new PretrainedException(
                        source + ": expected one JSON object, got more after it; the file is damaged");
            return result;
        } catch (JsonProcessingException e) {
            JsonLocation at = e.getLocation();
            throw new PretrainedException(
                    source + ": expected valid JSON, got an error"
                            + (at == null ? "" : " in line " + at.getLineNr() + ", column " + at.getColumnNr()) + ": "
                            + reason(e) + "; the file is damaged",
                    e);
        } catch (CharacterCodingException e) {
            throw new PretrainedException(source + ": expected UTF-8, got other bytes; the file is damaged", e);
        } catch (IOException e) {
            throw new PretrainedException(source + ": cannot be read (" + AtomicFiles.reason(e) + ")", e);
        }
    }

    /// Jackson's first line, without the name of the method that would raise a limit.
    private static String reason(JsonProcessingException e) {
        String line = e.getOriginalMessage().lines().findFirst().orElse("unreadable");
        return line.replaceAll(", from `[^`]*`", "");
    }

    private static Json.Obj object(String where, JsonParser parser) throws IOException {
        Map<String, Json> members = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            members.put(name, value(where + name, parser));
        }
        return new Json.Obj(where, members);
    }

    private static Json value(String path, JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> object(path + ".", parser);
            case START_ARRAY -> {
                List<Json> values = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY)
                    values.add(value(path + "[" + values.size() + "]", parser));
                yield new Json.Arr(values);
            }
            case VALUE_STRING -> new Json.Str(parser.getText());
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(path, parser.getText());
            case VALUE_TRUE -> new Json.Bool(true);
            case VALUE_FALSE -> new Json.Bool(false);
            default -> Json.Null.NULL;
        };
    }

    /// Python's three words, and not Jackson's other spellings of them.
    private static Json number(String path, String text) {
        char last = text.charAt(text.length() - 1);
        boolean digits = last >= '0' && last <= '9';
        if (!digits && !text.equals("NaN") && !text.equals("Infinity") && !text.equals("-Infinity"))
            throw new PretrainedException(
                    path + " must be a number, got " + text + "; write NaN, Infinity or -Infinity");
        return new Json.Num(text);
    }
}
