package dev.merapi.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The tables are read as `src/reference/gen_unicode_tables.py` says it wrote them.
class UnicodeTest {

    @Test
    void flagsCoverAsManyCodePointsAsWereProbed() {
        assertEquals(25, count(Unicode.WHITESPACE));
        assertEquals(137_681, count(Unicode.REMOVED));
        assertEquals(726, count(Unicode.PUNCTUATION));
        assertEquals(1_549, count(Unicode.ACCENT));
        assertEquals(2_097, count(Unicode.MARK));
        assertEquals(81_264, count(Unicode.IDEOGRAPH));
        assertEquals(144_667, count(Unicode.WORD));
        assertEquals(810, count(Unicode.CLASS));
    }

    @Test
    void mappingsAreThoseOfTheReference() {
        assertArrayEquals(new int[] {'i', 0x307}, Unicode.lowerCase(Unicode.properties('İ')));
        assertArrayEquals(new int[] {'σ'}, Unicode.lowerCase(Unicode.properties('Σ')));
        assertNull(Unicode.lowerCase(Unicode.properties('a')));
        assertArrayEquals(new int[] {'e', 0x323, 0x302}, Unicode.decompose('ệ', Unicode.properties('ệ')));
        assertArrayEquals(new int[] {0x1100, 0x1161, 0x11A8}, Unicode.decompose('각', Unicode.properties('각')));
        assertNull(Unicode.decompose('ß', Unicode.properties('ß')));
    }

    private static long count(int flag) {
        return IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .filter(codePoint -> Unicode.is(codePoint, flag))
                .count();
    }
}
