package dev.merapi.tokenizer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A JSON object that knows where it is from, so that a wrong member is an error that says which. Values are
/// Boolean, Number, String, List, JsonObject, or null.
///
/// @param where file and path: `tokenizer.json: normalizer`
record JsonObject(String where, Map<String, Object> members) {

    /// Reads a large member into something smaller than lists and objects.
    interface MemberReader {
        /// Takes the value that is next.
        Object read(JsonReader reader, JsonObject owner, String name);
    }

    /// Reads a file that holds one object.
    static JsonObject read(String file, byte[] json) {
        return read(file, json, Map.of());
    }

    /// Reads a file that holds one object.
    ///
    /// @param readers for lists and objects in the first level's objects, by path: `model.vocab`
    static JsonObject read(String file, byte[] json, Map<String, MemberReader> readers) {
        JsonReader reader = new JsonReader(file, json);
        if (reader.peek() != '{') {
            throw new TokenizerException(file + ": expected a JSON object, got "
                    + (json.length == 0 ? "an empty file" : "something else") + "; the file is damaged");
        }
        JsonObject object = object(reader, file, "", readers);
        reader.end();
        return object;
    }

    private static JsonObject object(JsonReader reader, String where, String path, Map<String, MemberReader> readers) {
        JsonObject object = new JsonObject(where, new LinkedHashMap<>());
        reader.open('{');
        while (reader.next('}')) {
            String name = reader.name();
            if (object.members.containsKey(name)) {
                throw reader.wrong("names that differ", "\"" + name + "\" twice");
            }
            object.members.put(name, object.value(reader, name, path + name, readers));
        }
        return object;
    }

    private Object value(JsonReader reader, String name, String path, Map<String, MemberReader> readers) {
        int first = reader.peek();
        if (first == '{' || first == '[') {
            MemberReader special = readers.get(path);
            return special != null ? special.read(reader, this, name) : structure(reader, first, name, path, readers);
        }
        if (first == '"') {
            return reader.string();
        }
        if (reader.take("true")) {
            return true;
        }
        if (reader.take("false")) {
            return false;
        }
        return reader.take("null") ? null : reader.number();
    }

    private Object structure(
            JsonReader reader, int bracket, String name, String path, Map<String, MemberReader> readers) {
        if (bracket == '{') {
            return object(reader, where + (where.contains(": ") ? "." : ": ") + name, path + ".", readers);
        }
        List<Object> list = new ArrayList<>();
        reader.open('[');
        while (reader.next(']')) {
            list.add(value(reader, name + "[" + list.size() + "]", path + "[]", readers));
        }
        return list;
    }

    /// Whether the member is there and not null.
    boolean has(String name) {
        return members.get(name) != null;
    }

    Object get(String name) {
        return members.get(name);
    }

    String string(String name) {
        return get(name, String.class, "a string", null);
    }

    String string(String name, String otherwise) {
        return has(name) ? string(name) : otherwise;
    }

    boolean bool(String name) {
        return get(name, Boolean.class, "true or false", null);
    }

    boolean bool(String name, boolean otherwise) {
        return get(name, Boolean.class, "true or false", otherwise);
    }

    JsonObject object(String name) {
        return get(name, JsonObject.class, "an object", null);
    }

    List<?> list(String name) {
        return get(name, List.class, "a list", null);
    }

    int integer(String name) {
        return integer(name, get(name));
    }

    int integer(String name, int otherwise) {
        return has(name) ? integer(name) : otherwise;
    }

    /// `value`, which the member `name` holds, as a number of 32 bits.
    int integer(String name, Object value) {
        if (value instanceof Integer number) {
            return number;
        }
        throw wrong(name, "a whole number below 2^31", value);
    }

    /// The objects in the list `name`.
    List<JsonObject> objects(String name) {
        List<JsonObject> objects = new ArrayList<>();
        for (Object element : list(name)) {
            if (!(element instanceof JsonObject object)) {
                throw wrong(name, "a list of objects", element);
            }
            objects.add(object);
        }
        return objects;
    }

    List<String> strings(String name) {
        List<String> strings = new ArrayList<>();
        for (Object element : list(name)) {
            if (!(element instanceof String string)) {
                throw wrong(name, "a list of strings", element);
            }
            strings.add(string);
        }
        return strings;
    }

    List<Integer> integers(String name) {
        List<Integer> integers = new ArrayList<>();
        for (Object element : list(name)) {
            integers.add(integer(name, element));
        }
        return integers;
    }

    private <T> T get(String name, Class<T> type, String expected, T otherwise) {
        Object value = members.get(name);
        if (value == null && otherwise != null) {
            return otherwise;
        }
        if (!type.isInstance(value)) {
            throw wrong(name, expected, value);
        }
        return type.cast(value);
    }

    /// The error of a member that is not what it should be.
    TokenizerException wrong(String name, String expected, Object got) {
        String found = got == null
                ? "nothing"
                : got instanceof JsonObject ? "an object" : got instanceof List ? "a list" : abbreviate(got);
        return new TokenizerException(where + ": \"" + name + "\" must be " + expected + ", got " + found
                + "; correct the file or download it again");
    }

    private static String abbreviate(Object value) {
        String text = value instanceof String ? "\"" + value + "\"" : value.toString();
        return text.length() <= 60 ? text : text.substring(0, 57) + "...";
    }
}
