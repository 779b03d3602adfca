package dev.merapi.tokenizer;

import java.util.Arrays;
import java.util.Collection;

/// Many strings, one behind the other in one array: the tokens of a vocabulary, without an object for each. The
/// last one is open until [#end] ends it.
final class Texts {
    private char[] units;
    private int[] ends; // of each text in `units`
    private int size;
    private int length;

    Texts() {
        this(16);
    }

    /// @param expected how many texts there will be
    Texts(int expected) {
        ends = new int[expected];
        units = new char[8 * expected];
    }

    static Texts of(Collection<String> strings) {
        Texts texts = new Texts(strings.size() + 1);
        for (String string : strings) {
            texts.add(string);
        }
        return texts;
    }

    /// How many have been ended.
    int size() {
        return size;
    }

    /// The UTF-16 units of all of them; text `i` is `units()[start(i), end(i))`.
    char[] units() {
        return units;
    }

    int start(int i) {
        return i == 0 ? 0 : ends[i - 1];
    }

    int end(int i) {
        return ends[i];
    }

    String get(int i) {
        int start = start(i);
        return new String(units, start, ends[i] - start);
    }

    void add(String text) {
        reserve(text.length());
        text.getChars(0, text.length(), units, length);
        length += text.length();
        end();
    }

    /// Adds text `i` of `other`.
    void add(Texts other, int i) {
        int start = other.start(i);
        int count = other.ends[i] - start;
        reserve(count);
        System.arraycopy(other.units, start, units, length, count);
        length += count;
        end();
    }

    /// Appends a unit to the open text.
    void append(int unit) {
        if (length == units.length) {
            reserve(1);
        }
        units[length++] = (char) unit;
    }

    /// Appends `bytes[from, to)`, which must be UTF-8, to the open text. Returns `to`, or where the bytes are
    /// something else.
    int append(byte[] bytes, int from, int to) {
        reserve(to - from);
        int at = from;
        while (at < to) {
            int first = bytes[at];
            if (first >= 0) {
                units[length++] = (char) first;
                at++;
                continue;
            }
            int more = first < (byte) 0xE0 ? 1 : first < (byte) 0xF0 ? 2 : 3;
            if (first < (byte) 0xC2 || first > (byte) 0xF4 || at + more >= to) {
                return at;
            }
            int codePoint = first & 0x3F >> more;
            for (int k = 1; k <= more; k++) {
                if ((bytes[at + k] & 0xC0) != 0x80) {
                    return at;
                }
                codePoint = codePoint << 6 | bytes[at + k] & 0x3F;
            }
            boolean tooLong = codePoint < (more == 2 ? 0x800 : more == 3 ? 0x10000 : 0);
            if (tooLong || codePoint > Character.MAX_CODE_POINT || codePoint >> 11 == 0xD800 >> 11) {
                return at;
            }
            if (more == 3) {
                units[length++] = Character.highSurrogate(codePoint);
                units[length++] = Character.lowSurrogate(codePoint);
            } else {
                units[length++] = (char) codePoint;
            }
            at += more + 1;
        }
        return to;
    }

    /// Appends `bytes[from, to)` to the open text; what is not UTF-8 becomes U+FFFD, one for each longest start
    /// of a character (The Unicode Standard, 3.9; Rust's `from_utf8_lossy`; the JDK takes broken surrogates
    /// together).
    void appendLossy(byte[] bytes, int from, int to) {
        for (int at = append(bytes, from, to); at < to; at = append(bytes, at, to)) {
            append(0xFFFD);
            at += broken(bytes, at, to);
        }
    }

    /// How many of the bytes from `at` on, which are no character, could start one.
    private static int broken(byte[] bytes, int at, int to) {
        int first = bytes[at] & 0xFF;
        int second = at + 1 < to ? bytes[at + 1] & 0xFF : 0;
        int lowest = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
        int highest = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
        if (first < 0xE0 || first > 0xF4 || second < lowest || second > highest) {
            return 1;
        }
        return first >= 0xF0 && at + 2 < to && (bytes[at + 2] & 0xC0) == 0x80 ? 3 : 2;
    }

    /// How long the open text is.
    int open() {
        return length - (size == 0 ? 0 : ends[size - 1]);
    }

    /// The last unit of the open text, which is not empty.
    char last() {
        return units[length - 1];
    }

    /// Takes the last unit of the open text back.
    void dropLast() {
        length--;
    }

    /// Ends the open text.
    void end() {
        if (size == ends.length) {
            ends = Arrays.copyOf(ends, 2 * size);
        }
        ends[size++] = length;
    }

    /// Forgets all of them.
    void clear() {
        size = 0;
        length = 0;
    }

    /// Gives back room that is not used.
    Texts trim() {
        units = Arrays.copyOf(units, length);
        ends = Arrays.copyOf(ends, size);
        return this;
    }

    private void reserve(int more) {
        if (length + more > units.length) {
            units = Arrays.copyOf(units, Math.max(length + more, 2 * units.length));
        }
    }
}
