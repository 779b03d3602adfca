package dev.merapi.tokenizer;

import java.nio.charset.StandardCharsets;

/// Reads JSON (RFC 8259) from its bytes, from front to back, as strictly as the reference does: UTF-8 without a
/// mark in front, no lone surrogate, nothing but white space after the value. `NaN`, `Infinity` and `-Infinity`
/// are numbers, as Python writes them.
///
///     reader.open('[');
///     while (reader.next(']')) {
///         reader.string(texts);
///     }
final class JsonReader {
    private static final int MAX_DEPTH = 100;
    private static final int MAX_EXACT_DIGITS = 18; // of a number in a long

    private final String file;
    private final byte[] bytes;
    private final Texts scratch = new Texts();
    private int at;
    private int depth;
    private boolean opened; // nothing was read since the last bracket

    /// @param file its name, for errors
    JsonReader(String file, byte[] bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    /// The next byte that is not white space, without taking it; 0 at the end.
    int peek() {
        while (at < bytes.length) {
            byte b = bytes[at];
            if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
                return b;
            }
            at++;
        }
        return 0;
    }

    /// Takes an opening bracket.
    void open(char bracket) {
        if (peek() != bracket) {
            throw unexpected("\"" + bracket + "\"");
        }
        at++;
        if (++depth > MAX_DEPTH) {
            throw wrong("nesting of " + MAX_DEPTH + " levels at most", "more");
        }
        opened = true;
    }

    /// Whether another element follows before the closing bracket, which is taken if none does.
    boolean next(char closing) {
        int b = peek();
        if (b == closing) {
            at++;
            depth--;
            opened = false;
            return false;
        }
        if (!opened) {
            if (b != ',') {
                throw unexpected("\",\" or \"" + closing + "\"");
            }
            at++;
        }
        opened = false;
        return true;
    }

    /// Takes the name of a member and the colon behind it.
    String name() {
        scratch.clear();
        name(scratch);
        return scratch.get(0);
    }

    /// Takes the name of a member and the colon behind it.
    void name(Texts target) {
        string(target);
        if (peek() != ':') {
            throw unexpected("\":\"");
        }
        at++;
    }

    String string() {
        scratch.clear();
        string(scratch);
        return scratch.get(0);
    }

    /// Takes a string, which becomes a text of `target`.
    void string(Texts target) {
        open(target);
        target.end();
    }

    /// Takes a string, which is appended to the open text of `target`.
    void open(Texts target) {
        if (peek() != '"') {
            throw unexpected("a string");
        }
        int from = ++at;
        while (true) {
            if (at == bytes.length) {
                throw unexpected("the end of a string");
            }
            byte b = bytes[at];
            if (b == '"' || b == '\\') {
                int stop = target.append(bytes, from, at);
                if (stop < at) {
                    at = stop;
                    throw wrong("UTF-8", "byte " + (bytes[at] & 0xFF));
                }
                at++;
                if (b == '"') {
                    return;
                }
                escape(target);
                from = at;
            } else if (b >= 0 && b < ' ') {
                throw wrong("a string without control characters", "byte " + b);
            } else {
                at++;
            }
        }
    }

    private void escape(Texts target) {
        char c = at < bytes.length ? (char) bytes[at] : 0;
        int plain = "\"\\/bfnrt".indexOf(c);
        if (plain >= 0) {
            at++;
            target.append("\"\\/\b\f\n\r\t".charAt(plain));
            return;
        }
        if (c != 'u') {
            throw unexpected("an escape");
        }
        char unit = hex();
        target.append(unit);
        if (Character.isHighSurrogate(unit)) {
            boolean more = at + 1 < bytes.length && bytes[at] == '\\' && bytes[at + 1] == 'u';
            at += more ? 1 : 0;
            unit = more ? hex() : 0;
            if (!Character.isLowSurrogate(unit)) {
                throw wrong("a low surrogate after the high one", "none");
            }
            target.append(unit);
        } else if (Character.isLowSurrogate(unit)) {
            throw wrong("a high surrogate before the low one", "none");
        }
    }

    /// Takes `u` and four digits.
    private char hex() {
        int value = 0;
        at++;
        for (int i = 0; i < 4; i++, at++) {
            int digit = at < bytes.length && bytes[at] > 0 ? Character.digit(bytes[at], 16) : -1;
            if (digit < 0) {
                throw unexpected("four hexadecimal digits");
            }
            value = value << 4 | digit;
        }
        return (char) value;
    }

    /// Takes `word` if it is next.
    boolean take(String word) {
        peek();
        for (int i = 0; i < word.length(); i++) {
            if (at + i >= bytes.length || bytes[at + i] != word.charAt(i)) {
                return false;
            }
        }
        at += word.length();
        return true;
    }

    /// Takes a whole number from 0 to 2^31 − 1 in its usual form; -1, and nothing is taken, if something else
    /// is next.
    int index() {
        int first = peek();
        int end = at;
        long value = 0;
        while (end < bytes.length && end - at <= 10 && isDigit(bytes[end])) {
            value = 10 * value + bytes[end++] - '0';
        }
        boolean whole = end == bytes.length || bytes[end] != '.' && (bytes[end] | 0x20) != 'e';
        boolean usual = end > at && whole && value <= Integer.MAX_VALUE && (first != '0' || end == at + 1);
        at = usual ? end : at;
        return usual ? (int) value : -1;
    }

    /// Takes a number: an Integer or a Long if it is whole and fits, else the Double that is closest.
    Number number() {
        if (take("NaN")) {
            return Double.NaN;
        }
        if (take("Infinity")) {
            return Double.POSITIVE_INFINITY;
        }
        if (take("-Infinity")) {
            return Double.NEGATIVE_INFINITY;
        }
        return decimal();
    }

    private Number decimal() {
        int from = at;
        boolean negative = at < bytes.length && bytes[at] == '-';
        at += negative ? 1 : 0;
        int start = at;
        if (at == bytes.length || !isDigit(bytes[at])) {
            throw unexpected("a value");
        }
        long digits = digits(0);
        if (at > start + 1 && bytes[start] == '0') {
            throw wrong("a number", "one that starts with 0");
        }
        int count = at - start;
        boolean whole = true;
        int exponent = 0;
        if (at < bytes.length && bytes[at] == '.') {
            at++;
            int point = at;
            digits = digits(digits);
            exponent = point - at;
            count -= exponent;
            whole = false;
        }
        if (at < bytes.length && (bytes[at] | 0x20) == 'e') {
            at++;
            boolean below = at < bytes.length && bytes[at] == '-';
            at += below || at < bytes.length && bytes[at] == '+' ? 1 : 0;
            int stop = at;
            long shift = digits(0);
            exponent = at - stop > 6 ? 1 << 20 : exponent + (int) (below ? -shift : shift);
            whole = false;
        }
        if (count <= MAX_EXACT_DIGITS && whole && (digits > 0 || !negative)) {
            long value = negative ? -digits : digits;
            if (value == (int) value) {
                return (int) value;
            }
            return value;
        }
        if (count <= MAX_EXACT_DIGITS && digits > 0) {
            double value = Decimal.closest(digits, exponent);
            if (value == value) {
                return negative ? -value : value;
            }
        }
        return Double.parseDouble(new String(bytes, from, at - from, StandardCharsets.ISO_8859_1));
    }

    /// Takes digits, one at least, behind those of `before`; what does not fit is lost.
    private long digits(long before) {
        long value = before;
        int start = at;
        while (at < bytes.length && isDigit(bytes[at])) {
            value = 10 * value + bytes[at++] - '0';
        }
        if (at == start) {
            throw unexpected("a digit");
        }
        return value;
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    /// @throws TokenizerException if anything but white space follows
    void end() {
        if (peek() != 0 || at < bytes.length) {
            throw unexpected("nothing more");
        }
    }

    /// The error of something else than what is next.
    TokenizerException unexpected(String expected) {
        if (at >= bytes.length) {
            return wrong(expected, "the end of the file");
        }
        byte b = bytes[at];
        return wrong(expected, b > ' ' && b < 127 ? "\"" + (char) b + "\"" : "byte " + (b & 0xFF));
    }

    TokenizerException wrong(String expected, String got) {
        return new TokenizerException(file + ": not valid JSON, expected " + expected + ", got " + got + " at byte "
                + at + "; the file is damaged, take it again from its source");
    }
}
