package dev.merapi.tokenizer;

import java.util.Arrays;

/// A stretch of a text on its way through the normalizers: what it has become, and for every UTF-16 unit of that, the
/// place of the character in the original text that it came from. Reused from stretch to stretch; never shared between
/// threads.
///
/// A normalizer reads `chars` and writes the next version with [#put]; both halves of a surrogate pair have the same
/// origin. As long as no character has moved there is no table of origins at all.
final class NormalizedText {
    char[] chars = new char[0];
    int length;

    private char[] source = chars;
    private boolean ascii;
    private int base;
    private boolean moved; // else unit i came from base + i
    private int[] origins = new int[0];

    private char[] nextChars = chars;
    private int[] nextOrigins = origins;
    private int nextLength;

    /// Starts over with `source[start, end)`; `ascii` promises that the source holds nothing above U+007F.
    void reset(char[] source, int start, int end, boolean ascii) {
        this.source = source;
        this.ascii = ascii;
        base = start;
        moved = false;
        length = end - start;
        if (chars.length < length) {
            chars = new char[length];
        }
        System.arraycopy(source, start, chars, 0, length);
    }

    boolean isAscii() {
        return ascii;
    }

    /// Where in the original text the character of unit `i` starts.
    int start(int i) {
        return moved ? origins[i] : base + i;
    }

    /// Where in the original text the character of unit `i` ends.
    int end(int i) {
        if (!moved) {
            return base + i + 1; // asked of the last unit of a character only
        }
        int start = origins[i];
        return Character.isHighSurrogate(source[start]) ? start + 2 : start + 1;
    }

    /// Appends a code point to the next version.
    void put(int codePoint, int origin) {
        if (nextLength + 2 > nextChars.length || nextLength + 2 > nextOrigins.length) {
            int capacity = Math.max(length + length / 4, nextLength * 2) + 16;
            nextChars = Arrays.copyOf(nextChars, capacity);
            nextOrigins = Arrays.copyOf(nextOrigins, capacity);
        }
        nextOrigins[nextLength] = origin;
        if (codePoint < Character.MIN_SUPPLEMENTARY_CODE_POINT) {
            nextChars[nextLength++] = (char) codePoint;
        } else {
            nextChars[nextLength++] = Character.highSurrogate(codePoint);
            nextOrigins[nextLength] = origin;
            nextChars[nextLength++] = Character.lowSurrogate(codePoint);
        }
    }

    /// The next version becomes the current one.
    void turn() {
        char[] oldChars = chars;
        chars = nextChars;
        nextChars = oldChars;
        int[] oldOrigins = origins;
        origins = nextOrigins;
        nextOrigins = oldOrigins;
        moved = true;
        length = nextLength;
        nextLength = 0;
    }
}
