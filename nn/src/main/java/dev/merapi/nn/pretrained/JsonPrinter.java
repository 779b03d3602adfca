package dev.merapi.nn.pretrained;

import java.math.BigDecimal;
import java.util.Iterator;
import java.util.Map;

/// Writes [Json] as Python's `json.dumps(value, indent=2)` does, so that configs saved here look like
/// transformers'.
final class JsonPrinter {
    private JsonPrinter() {}

    /// @param line the line break with the indentation of the level that the value stands on
    static void print(Json json, String line, StringBuilder out) {
        switch (json) {
            case Json.Obj(String where, Map<String, Json> members) -> {
                if (members.isEmpty()) {
                    out.append("{}");
                    return;
                }
                out.append('{');
                for (Iterator<Map.Entry<String, Json>> i = members.entrySet().iterator(); i.hasNext(); ) {
                    Map.Entry<String, Json> member = i.next();
                    quote(member.getKey(), '~', out.append(line).append("  "));
                    print(member.getValue(), line + "  ", out.append(": "));
                    if (i.hasNext()) out.append(',');
                }
                out.append(line).append('}');
            }
            case Json.Arr(var values) -> {
                if (values.isEmpty()) {
                    out.append("[]");
                    return;
                }
                out.append('[');
                for (Iterator<Json> i = values.iterator(); i.hasNext(); ) {
                    print(i.next(), line + "  ", out.append(line).append("  "));
                    if (i.hasNext()) out.append(',');
                }
                out.append(line).append(']');
            }
            case Json.Str(String value) -> quote(value, '~', out);
            case Json.Num(String text) -> out.append(text);
            case Json.Bool(boolean value) -> out.append(value);
            case Json.Null _ -> out.append("null");
        }
    }

    /// A string literal.
    ///
    /// @param plain the last character that is written as it is; what is above, and control characters, are
    ///     escaped
    static void quote(String text, char plain, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\f' -> out.append("\\f");
                case '\b' -> out.append("\\b");
                default -> {
                    if (c >= ' ' && c <= plain) out.append(c);
                    else out.append(String.format("\\u%04x", (int) c));
                }
            }
        }
        out.append('"');
    }

    /// Python's `repr` of a float: the shortest digits, with an exponent below 1e-4 and from 1e16 on. (Java's
    /// digits are the shortest for all but a few subnormals, such as 4.9e-324 where 5e-324 would do.)
    ///
    /// @param shortest the same digits in Java's notation, as Double.toString or Float.toString give them
    static String python(double value, String shortest) {
        if (!Double.isFinite(value)) return shortest; // NaN, Infinity, -Infinity: the same words
        if (value == 0) return shortest; // 0.0, -0.0
        BigDecimal digits = new BigDecimal(shortest).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1; // of the scientific notation d.ddd × 10^exponent
        if (exponent >= -4 && exponent < 16) {
            String plain = digits.toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        String mantissa = digits.movePointLeft(exponent).toPlainString();
        return mantissa + (exponent < 0 ? "e-" : "e+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }
}
