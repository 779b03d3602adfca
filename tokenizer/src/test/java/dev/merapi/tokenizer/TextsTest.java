package dev.merapi.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextsTest {

    @Test
    void textsAreKeptOneBehindTheOther() {
        Texts texts = Texts.of(List.of("a", "", "é😀", "x".repeat(1000)));
        texts.add(texts, 2);
        assertEquals(5, texts.size());
        assertEquals("", texts.get(1));
        assertEquals("é😀", texts.get(4));
        assertEquals(1000, texts.end(3) - texts.start(3));
    }

    @Test
    void everyCodePointIsReadFromUtf8() {
        Random random = new Random(4);
        StringBuilder all = new StringBuilder();
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
            if (codePoint >> 11 != 0x1B && (codePoint < 0x3000 || random.nextInt(20) == 0)) {
                all.appendCodePoint(codePoint);
            }
        }
        byte[] utf8 = all.toString().getBytes(StandardCharsets.UTF_8);
        Texts texts = new Texts();
        assertEquals(utf8.length, texts.append(utf8, 0, utf8.length));
        texts.end();
        assertEquals(all.toString(), texts.get(0));
    }

    /// `python: bytes.fromhex(hex).decode(errors="replace")`, which is the Unicode Standard's way.
    @ParameterizedTest
    @CsvSource({
        "61D0EDB16F, a???o",
        "EDA08061, ???a",
        "E28261, ?a",
        "F09F9861, ?a",
        "F09F61, ?a",
        "F0806161, ??aa",
        "F4909090, ????",
        "C080, ??",
        "E080, ??",
        "FF80, ??",
        "C3, ?",
        "F09F98, ?",
        "EE, ?",
        "F1808061C3A9, ?aé"
    })
    void whatIsNotUtf8IsReplacedAsTheReferenceDoes(String hex, String expected) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        Texts texts = new Texts();
        texts.appendLossy(bytes, 0, bytes.length);
        texts.end();
        assertEquals(expected.replace('?', '\uFFFD'), texts.get(0));
    }
}
