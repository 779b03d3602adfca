package dev.merapi.nn.pretrained;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// An immutable JSON tree that keeps the order of members and the exact text of numbers, so that a config that
/// is read and written again says what it said. [JsonReader] reads it, [#pretty] writes it as Python's
/// `json.dumps(indent=2)` does.
///
///     var config = Json.read(folder.resolve("config.json"));
///     int hidden = config.integer("hidden_size");
///     var saved = config.with("architectures", Json.Arr.of("BertForSequenceClassification")).pretty();
public sealed interface Json {

    /// The largest file that is read as JSON: 100 MB, as safetensors allows for its header.
    int MAX_BYTES = 100_000_000;

    /// Reads a file that holds one object, in UTF-8. `NaN` and `Infinity` are accepted, as Python writes them.
    static Obj read(Path file) {
        String source = file.getFileName().toString();
        try {
            if (Files.size(file) > MAX_BYTES)
                throw new PretrainedException(source + ": expected a JSON file of at most " + MAX_BYTES + " bytes, got "
                        + Files.size(file) + "; it cannot be a config");
            return parse(source, Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            throw new PretrainedException(file + ": there is no such file; is the folder a model folder?", e);
        } catch (IOException e) {
            throw new PretrainedException(file + ": cannot be read (" + AtomicFiles.reason(e) + ")", e);
        }
    }

    /// One object out of `utf8`; `source` names it in every error, also those of the typed getters.
    static Obj parse(String source, byte[] utf8) {
        return JsonReader.read(source, utf8);
    }

    /// The text that Python's `json.dumps(value, indent=2)` makes: ASCII, two spaces a level, members in their
    /// order, no line break at the end.
    default String pretty() {
        StringBuilder out = new StringBuilder();
        JsonPrinter.print(this, "\n", out);
        return out.toString();
    }

    /// An object. Every getter throws a [PretrainedException] that names the file, the member, what it must be
    /// and what it is. A getter with a default returns it where the member is missing or null.
    ///
    /// @param where what an error begins with: `config.json: `, or `config.json: vision.` inside of a member
    record Obj(String where, Map<String, Json> members) implements Json {
        public Obj {
            members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
        }

        /// An object without members; [#with] adds them.
        public static Obj empty(String source) {
            return new Obj(source + ": ", Map.of());
        }

        /// This object with one member added, or replaced in its place.
        public Obj with(String name, Json value) {
            Map<String, Json> changed = new LinkedHashMap<>(members);
            changed.put(name, value);
            return new Obj(where, changed);
        }

        public Obj with(String name, String value) {
            return with(name, new Str(value));
        }

        public Obj with(String name, long value) {
            return with(name, Num.of(value));
        }

        public Obj with(String name, double value) {
            return with(name, Num.of(value));
        }

        public Obj with(String name, float value) {
            return with(name, Num.of(value));
        }

        public Obj with(String name, boolean value) {
            return with(name, new Bool(value));
        }

        public Obj without(String name) {
            Map<String, Json> changed = new LinkedHashMap<>(members);
            changed.remove(name);
            return new Obj(where, changed);
        }

        /// The members in the order of their names, at this level only, as transformers writes configs.
        public Obj sorted() {
            return new Obj(where, new TreeMap<>(members));
        }

        /// Whether the member is there and not null.
        public boolean has(String name) {
            return !(members.getOrDefault(name, Null.NULL) instanceof Null);
        }

        /// The member of any type.
        public Json get(String name) {
            Json value = members.get(name);
            if (value == null) throw new PretrainedException(where + name + " is missing");
            return value;
        }

        public String string(String name) {
            return get(name) instanceof Str(String value) ? value : wrong(name, "a string");
        }

        public String string(String name, String otherwise) {
            return has(name) ? string(name) : otherwise;
        }

        public boolean bool(String name) {
            return get(name) instanceof Bool(boolean value) ? value : wrong(name, "true or false");
        }

        public boolean bool(String name, boolean otherwise) {
            return has(name) ? bool(name) : otherwise;
        }

        public int integer(String name) {
            return get(name) instanceof Num n && n.isInt() ? (int) n.asLong() : wrong(name, "an integer");
        }

        public int integer(String name, int otherwise) {
            return has(name) ? integer(name) : otherwise;
        }

        /// A number, whole or not; `NaN` and the infinities too.
        public double number(String name) {
            return get(name) instanceof Num n ? n.asDouble() : wrong(name, "a number");
        }

        public double number(String name, double otherwise) {
            return has(name) ? number(name) : otherwise;
        }

        public Obj object(String name) {
            return get(name) instanceof Obj value ? value : wrong(name, "an object");
        }

        public List<Json> array(String name) {
            return get(name) instanceof Arr(List<Json> values) ? values : wrong(name, "an array");
        }

        /// An array of strings.
        public List<String> strings(String name) {
            return array(name).stream()
                    .map(v -> v instanceof Str(String value) ? value : this.<String>wrong(name, "an array of strings"))
                    .toList();
        }

        private <T> T wrong(String name, String expected) {
            String got = get(name).pretty().replaceAll("\\s+", " ");
            if (got.length() > 60) got = got.substring(0, 57) + "...";
            throw new PretrainedException(where + name + " must be " + expected + ", got " + got);
        }
    }

    record Arr(List<Json> values) implements Json {
        public Arr {
            values = List.copyOf(values);
        }

        public static Arr of(String... values) {
            return new Arr(List.of(values).stream().<Json>map(Str::new).toList());
        }
    }

    record Str(String value) implements Json {}

    record Bool(boolean value) implements Json {}

    /// A number as it is written: `1e-12`, `0.10`, `1000000000000000019884624838656`, `NaN`, `-Infinity`.
    record Num(String text) implements Json {

        public static Num of(long value) {
            return new Num(Long.toString(value));
        }

        /// The shortest text that reads back as the same float64, in Python's form: `0.1`, `1e-12`, `1.0`.
        public static Num of(double value) {
            return new Num(JsonPrinter.python(value, Double.toString(value)));
        }

        /// The shortest text that reads back as the same float32.
        public static Num of(float value) {
            return new Num(JsonPrinter.python(value, Float.toString(value)));
        }

        public boolean isInteger() {
            return text.chars().allMatch(c -> c == '-' || c >= '0' && c <= '9');
        }

        private boolean isInt() {
            return isInteger() && asDouble() >= Integer.MIN_VALUE && asDouble() <= Integer.MAX_VALUE;
        }

        /// The value of an integer; a NumberFormatException where it needs more than 64 bits.
        public long asLong() {
            return Long.parseLong(text);
        }

        public double asDouble() {
            return Double.parseDouble(text);
        }
    }

    enum Null implements Json {
        NULL
    }
}
