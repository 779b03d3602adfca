package dev.merapi.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Walks through JSON whose form is known, and names the place where it has another one.
final class JsonReader {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final String source;
    private final long firstLine;
    private final JsonParser parser;

    /// @param source name of the file, for messages
    /// @param firstLine number of the text's first line in the file
    JsonReader(String source, long firstLine, String json) {
        this.source = source;
        this.firstLine = firstLine;
        try {
            this.parser = FACTORY.createParser(json);
            parser.nextToken();
        } catch (IOException e) {
            throw malformed(e);
        }
    }

    /// Visits each field of the object that comes next; `field` reads its value or skips it.
    void object(String what, Consumer<String> field) {
        expect(JsonToken.START_OBJECT, what, "an object {…}");
        while (next() != JsonToken.END_OBJECT) {
            String name = name();
            next();
            field.accept(name);
        }
    }

    /// Visits each element of the list that comes next.
    void list(String what, Runnable element) {
        expect(JsonToken.START_ARRAY, what, "a list […]");
        while (next() != JsonToken.END_ARRAY) element.run();
    }

    /// In which line of the file the value that comes next begins.
    long line() {
        return parser.currentTokenLocation().getLineNr() - 1 + firstLine;
    }

    /// The list of strings that comes next.
    List<String> strings(String what) {
        expect(JsonToken.START_ARRAY, what, "a list of texts");
        List<String> strings = new ArrayList<>();
        while (next() != JsonToken.END_ARRAY) strings.add(string(what));
        return strings;
    }

    /// The string that comes next.
    String string(String what) {
        expect(JsonToken.VALUE_STRING, what, "a text in quotes");
        return text();
    }

    /// The single value that comes next, as text; null for JSON's `null`.
    String scalar(String what) {
        JsonToken token = parser.currentToken();
        if (token == null || !token.isScalarValue()) {
            throw error(what + " is " + describe() + ", expected a text, a number, true, false or null");
        }
        return token == JsonToken.VALUE_NULL ? null : text();
    }

    /// Whether a list or an object comes next.
    boolean isNested() {
        return parser.currentToken() != null && parser.currentToken().isStructStart();
    }

    void skip() {
        try {
            parser.skipChildren();
        } catch (IOException e) {
            throw malformed(e);
        }
    }

    /// Makes sure that nothing follows.
    void end() {
        if (next() != null) throw error("expected the end of the JSON, got " + describe());
    }

    /// An error at the place that was read last.
    DataException error(String message) {
        return new DataException(at(parser.currentTokenLocation()) + ": " + message);
    }

    private void expect(JsonToken token, String what, String expected) {
        if (parser.currentToken() != token) {
            throw error(what + " is " + describe() + ", expected " + expected);
        }
    }

    private String describe() {
        JsonToken token = parser.currentToken();
        if (token == null) return "missing (the file ends)";
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "a list";
            case VALUE_NULL -> "null";
            case VALUE_STRING -> "the text \"" + text() + "\"";
            default -> text();
        };
    }

    private JsonToken next() {
        try {
            return parser.nextToken();
        } catch (IOException e) {
            throw malformed(e);
        }
    }

    private String name() {
        try {
            return parser.currentName();
        } catch (IOException e) {
            throw malformed(e);
        }
    }

    private String text() {
        try {
            return parser.getText();
        } catch (IOException e) {
            throw malformed(e);
        }
    }

    private DataException malformed(IOException e) {
        if (e instanceof JsonProcessingException wrong && wrong.getLocation() != null) {
            String reason = wrong.getOriginalMessage().lines().findFirst().orElse("malformed");
            return new DataException(at(wrong.getLocation()) + ": not JSON, " + reason + "; repair the file", e);
        }
        String reason = e.getMessage().lines().findFirst().orElse("malformed");
        return new DataException(source + " is not JSON, " + reason + "; repair the file", e);
    }

    private String at(JsonLocation place) {
        return source + " line " + (place.getLineNr() - 1 + firstLine) + ", column " + place.getColumnNr();
    }
}
