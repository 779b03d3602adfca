package dev.merapi.data;

import static dev.merapi.data.TextNormalization.normalize;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TextNormalizationTest {
    @Test
    void quotesAndDashesBecomePlain() {
        assertEquals("it's \"so\" - 1-2", normalize("it\u2019s \u201Cso\u201D \u2013 1\u22122"));
        assertEquals("'a' \"b\" 5'6\"", normalize("\u201Aa\u2018 \u00ABb\u00BB 5\u20326\u2033"));
    }

    @Test
    void compatibilityFormsBecomePlain() {
        assertEquals("ABC fi ... m2", normalize("\uFF21\uFF22\uFF23 \uFB01 \u2026 m\u00B2"));
    }

    @Test
    void invisibleCharactersGoAndWhiteSpaceIsOneSpace() {
        assertEquals("produces a b c", normalize(" prod\u00ADuces\ta\u00A0\u200B b\r\n\u0000c\uFEFF "));
    }

    @Test
    void lettersCaseAndAddressesStay() {
        String text = "\u00C9t\u00E9 in K\u00F6ln: https://example.org/a_b?c=d#e 100% \u4F60\u597D";
        assertEquals(text, normalize(text));
    }

    @Test
    void secondTimeChangesNothing() {
        for (int codePoint = 0; codePoint < 0x20000; codePoint++) {
            if (Character.getType(codePoint) == Character.SURROGATE) continue;
            String once = normalize("a" + Character.toString(codePoint) + "b");
            assertEquals(once, normalize(once), "U+" + Integer.toHexString(codePoint));
        }
    }
}
