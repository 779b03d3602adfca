package dev.merapi.tokenizer.json;

import java.nio.charset.StandardCharsets;

/// Writes JSON, indented by two spaces.
///
///     json.open('{').name("id").value(3).name("content").string("<s>").close('}');
public final class JsonWriter {
    private final StringBuilder json = new StringBuilder();
    private int depth;
    private boolean first = true; // nothing was written since the last bracket
    private boolean named; // a name was written last

    /// Writes an opening bracket.
    public JsonWriter open(char bracket) {
        next();
        json.append(bracket);
        depth++;
        first = true;
        return this;
    }

    /// Writes a closing bracket.
    public JsonWriter close(char bracket) {
        depth--;
        if (!first) {
            line();
        }
        json.append(bracket);
        first = false;
        return this;
    }

    /// Writes the name of the next member.
    public JsonWriter name(String name) {
        next();
        quote(name);
        json.append(": ");
        named = true;
        return this;
    }

    public JsonWriter string(String value) {
        next();
        quote(value);
        return this;
    }

    /// Writes a number, true, false, null, or what is JSON already.
    public JsonWriter value(Object value) {
        next();
        json.append(value);
        return this;
    }

    public byte[] toBytes() {
        return json.append('\n').toString().getBytes(StandardCharsets.UTF_8);
    }

    private void next() {
        if (named) {
            named = false;
            return;
        }
        if (!first) {
            json.append(',');
        }
        if (depth > 0) {
            line();
        }
        first = false;
    }

    private void line() {
        json.append('\n').repeat(' ', 2 * depth);
    }

    private void quote(String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> json.append('\\').append(c);
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    if (c < ' ') {
                        json.append("\\u00").append((char) ('0' + (c >> 4))).append("0123456789abcdef".charAt(c & 15));
                    } else {
                        json.append(c);
                    }
                }
            }
        }
        json.append('"');
    }
}
