package dev.merapi.cli;

import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// Standard input, line by line, UTF-8. A line that begins with `{` is JSON, any other is text as it stands.
final class InputLines {
    private InputLines() {}

    /// One line of input.
    ///
    /// @param where what an error begins with: `line 3: `
    /// @param text the first text; null where the line gives ids
    /// @param pair the second text; null where there is none
    /// @param ids token ids; null where the line gives text
    /// @param typeIds of the ids; null for zeros
    record Line(String where, String text, String pair, int[] ids, int[] typeIds) {
        /// With its texts changed, where it has any.
        Line changed(UnaryOperator<String> change) {
            return new Line(
                    where,
                    text == null ? null : change.apply(text),
                    pair == null ? null : change.apply(pair),
                    ids,
                    typeIds);
        }
    }

    /// Hands every line to `action`, in order. An error of an action names its line.
    static void forEach(InputStream in, Consumer<Line> action) {
        int number = 0;
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()))) {
            for (String line; (line = reader.readLine()) != null; ) {
                String where = "line " + ++number + ": ";
                action.accept(line.startsWith("{") ? json(where, line) : new Line(where, line, null, null, null));
            }
        } catch (CharacterCodingException e) {
            throw new InputException(
                    "standard input, after line " + number
                            + ": expected UTF-8, got other bytes; convert it with iconv -t UTF-8",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Line json(String where, String line) {
        Json.Obj object;
        try {
            object = Json.parse("line", line.getBytes(StandardCharsets.UTF_8));
        } catch (PretrainedException e) {
            throw new InputException(where + "a line that begins with { must be JSON, " + e.getMessage(), e);
        }
        if (object.has("ids") == object.has("text"))
            throw new InputException(
                    where + "expected {\"text\": …} with or without \"pair\", or {\"ids\": […]} with or without"
                            + " \"type_ids\", got " + shortened(line));
        if (object.has("text"))
            return new Line(
                    where,
                    string(where, object, "text"),
                    object.has("pair") ? string(where, object, "pair") : null,
                    null,
                    null);
        int[] ids = integers(where, object, "ids");
        int[] typeIds = object.has("type_ids") ? integers(where, object, "type_ids") : null;
        if (typeIds != null && typeIds.length != ids.length)
            throw new InputException(
                    where + "expected as many type_ids as ids, got " + typeIds.length + " for " + ids.length);
        return new Line(where, null, null, ids, typeIds);
    }

    private static String string(String where, Json.Obj object, String name) {
        if (object.get(name) instanceof Json.Str(String value)) return value;
        throw new InputException(where + "\"" + name + "\" must be a string, got "
                + shortened(object.get(name).pretty()));
    }

    private static int[] integers(String where, Json.Obj object, String name) {
        Json value = object.get(name);
        if (value instanceof Json.Arr(List<Json> values) && values.stream().allMatch(InputLines::isInteger))
            return values.stream().mapToInt(v -> (int) ((Json.Num) v).asLong()).toArray();
        throw new InputException(
                where + "\"" + name + "\" must be an array of integers, got " + shortened(value.pretty()));
    }

    /// At most nine digits: any id, and no overflow.
    private static boolean isInteger(Json value) {
        return value instanceof Json.Num n && n.isInteger() && n.text().length() <= 9;
    }

    private static String shortened(String text) {
        String line = text.replaceAll("\\s+", " ");
        return line.length() <= 80 ? line : line.substring(0, 77) + "...";
    }
}
