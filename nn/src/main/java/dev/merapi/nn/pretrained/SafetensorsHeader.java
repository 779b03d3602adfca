package dev.merapi.nn.pretrained;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The header of a safetensors file: where each tensor lies in the data that follows it.
///
///     {"__metadata__": {"format": "pt"}, "a.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0,
///     24]}, …}
///
/// Sorted by offset, the tensors fill the data without hole or overlap: a file that says anything else is
/// refused.
record SafetensorsHeader(Map<String, String> metadata, Map<String, Entry> entries) {
    private static final int MAX_RANK = 64;
    private static final String DAMAGED = "; the file is damaged, download it again";

    /// Values of a tensor: the bytes `[begin, end)` of the data.
    record Entry(TensorInfo info, long begin, long end) {}

    /// @param dataBytes bytes of the file after its header
    static SafetensorsHeader parse(String source, byte[] json, long dataBytes) {
        Map<String, String> metadata = new LinkedHashMap<>();
        Map<String, Entry> entries = new TreeMap<>();
        JsonReader.stream(source + ": header", json, parser -> {
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                parser.nextToken();
                if (name.equals("__metadata__")) readMetadata(source, parser, metadata);
                else entries.put(name, readEntry(source + ": \"" + abbreviate(name) + "\"", name, parser));
            }
            return entries;
        });
        checkContiguous(source, entries, dataBytes);
        return new SafetensorsHeader(metadata, entries);
    }

    private static void readMetadata(String source, JsonParser parser, Map<String, String> out) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT)
            throw new PretrainedException(source + ": __metadata__ must be an object of strings" + DAMAGED);
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            if (parser.nextToken() != JsonToken.VALUE_STRING)
                throw new PretrainedException(source + ": __metadata__ \"" + abbreviate(key)
                        + "\" must be a string, got " + parser.currentToken() + DAMAGED);
            out.put(key, parser.getText());
        }
    }

    private static Entry readEntry(String where, String name, JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT)
            throw new PretrainedException(where + ": expected an object with dtype, shape and data_offsets, got "
                    + parser.currentToken() + DAMAGED);
        DType dtype = null;
        long[] shape = null;
        long[] offsets = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.currentName();
            parser.nextToken();
            switch (field) {
                case "dtype" -> dtype = dtype(where, parser);
                case "shape" -> shape = numbers(where, "shape", parser);
                case "data_offsets" -> offsets = numbers(where, "data_offsets", parser);
                default -> parser.skipChildren();
            }
        }
        if (dtype == null || shape == null || offsets == null)
            throw new PretrainedException(where + ": expected dtype, shape and data_offsets, got no "
                    + (dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets") + DAMAGED);
        if (offsets.length != 2 || offsets[0] > offsets[1])
            throw new PretrainedException(
                    where + ": data_offsets must be [begin, end], got " + Arrays.toString(offsets) + DAMAGED);
        long bytes = bytes(where, dtype, shape);
        if (bytes != offsets[1] - offsets[0])
            throw new PretrainedException(where + ": " + dtype + " " + Arrays.toString(shape) + " needs " + bytes
                    + " bytes, got data_offsets " + Arrays.toString(offsets) + DAMAGED);
        return new Entry(new TensorInfo(name, dtype, shape), offsets[0], offsets[1]);
    }

    private static DType dtype(String where, JsonParser parser) throws IOException {
        String name = parser.currentToken() == JsonToken.VALUE_STRING ? parser.getText() : "" + parser.currentToken();
        for (DType dtype : DType.values()) if (dtype.name().equals(name)) return dtype;
        throw new PretrainedException(where + ": dtype must be one of " + Arrays.toString(DType.values()) + ", got "
                + abbreviate(name) + "; save it as F32");
    }

    /// Whole numbers from 0 to 2^63 − 1, in digits alone: no `1.0`, no `-0`, no `1e3`.
    private static long[] numbers(String where, String field, JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_ARRAY)
            throw new PretrainedException(
                    where + ": " + field + " must be an array, got " + parser.currentToken() + DAMAGED);
        List<Long> numbers = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            String text = parser.currentToken().isNumeric() ? parser.getText() : "" + parser.currentToken();
            if (numbers.size() == MAX_RANK)
                throw new PretrainedException(
                        where + ": " + field + " must have at most " + MAX_RANK + " numbers" + DAMAGED);
            try {
                if (text.charAt(0) < '0' || text.charAt(0) > '9') throw new NumberFormatException("not a digit");
                numbers.add(Long.parseLong(text));
            } catch (NumberFormatException e) {
                throw new PretrainedException(
                        where + ": " + field + " must hold whole numbers from 0 to 2^63 - 1, got " + abbreviate(text)
                                + DAMAGED,
                        e);
            }
        }
        return numbers.stream().mapToLong(Long::longValue).toArray();
    }

    private static long bytes(String where, DType dtype, long[] shape) {
        try {
            long n = 1;
            for (long size : shape) n = Math.multiplyExact(n, size);
            return Math.multiplyExact(n, dtype.bytes);
        } catch (ArithmeticException e) {
            throw new PretrainedException(
                    where + ": shape " + Arrays.toString(shape) + " must have fewer than 2^63 bytes" + DAMAGED, e);
        }
    }

    private static void checkContiguous(String source, Map<String, Entry> entries, long dataBytes) {
        Comparator<Entry> order = Comparator.comparingLong(Entry::begin);
        long position = 0;
        String previous = null;
        for (Entry e : entries.values().stream()
                .sorted(order.thenComparingLong(Entry::end))
                .toList()) {
            String name = abbreviate(e.info().name());
            if (e.begin() != position)
                throw new PretrainedException(source + ": \"" + name + "\": must begin at byte " + position
                        + (previous == null ? ", as the first tensor" : ", where \"" + previous + "\" ends") + ", got "
                        + e.begin() + (e.begin() > position ? " (a hole)" : " (an overlap)") + DAMAGED);
            position = e.end();
            previous = name;
        }
        if (position != dataBytes)
            throw new PretrainedException(source + ": expected " + position + " bytes of data"
                    + (previous == null ? " as there are no tensors" : ", where \"" + previous + "\" ends") + ", got "
                    + dataBytes
                    + (dataBytes < position ? "; the file is truncated" : "; something was appended to the file")
                    + ", download it again");
    }

    private static String abbreviate(String text) {
        return text.length() <= 200 ? text : text.substring(0, 197) + "...";
    }
}
