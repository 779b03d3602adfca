package dev.merapi.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Texts and requests that break tokenizers. `[PAD] [UNK] [CLS] [SEP] [MASK]` are 0 to 4.
class HardTextsTest {
    private final Tokenizer tokenizer = Fixtures.load("uncased");

    @Test
    void emptyTextHasOnlySpecialTokens() {
        assertArrayEquals(new int[] {2, 3}, tokenizer.encode("").ids());
        assertArrayEquals(new int[] {2, 3, 3}, tokenizer.encode("", "").ids());
        assertEquals(
                0,
                tokenizer
                        .encode("", EncodeOptions.DEFAULT.withoutSpecialTokens())
                        .length());
        assertEquals("", tokenizer.decode(new int[0], false));
    }

    @Test
    void offsetsAreThereInUtf16AndInCodePoints() {
        Encoding encoding = tokenizer.encode("é😀a b");
        assertEquals(List.of("[CLS]", "e", "##😀", "##a", "b", "[SEP]"), encoding.tokens());
        assertEquals("[0 0, 0 1, 1 3, 3 4, 5 6, 0 0]", places(encoding.offsets()));
        assertEquals("[0 0, 0 1, 1 2, 2 3, 4 5, 0 0]", places(encoding.codePointOffsets()));
        assertEquals("😀", encoding.offsets().get(2).of("é😀a b"));
    }

    @ParameterizedTest
    @CsvSource({"a\ud83d, D83D, 1", "\ude00, DE00, 0", "a \ude00\ud83d b, DE00, 2", "\ud83d\ud83d\ude00, D83D, 0"})
    void aLoneSurrogateIsAnError(String text, String unit, int at) {
        TokenizerException e = assertThrows(TokenizerException.class, () -> tokenizer.encode("fine", text));
        assertEquals(
                "encode: the text has a lone surrogate, U+" + unit + ", at " + at
                        + ", expected Unicode text; it was cut in the middle of a character, or decoded wrongly",
                e.getMessage());
    }

    @Test
    void aWordOfAMillionCharactersIsUnknown() {
        for (String letter : List.of("a", "é", "😀", "e\u0301\u0323")) {
            Encoding encoding = tokenizer.encode(letter.repeat(1_000_000));
            assertArrayEquals(new int[] {2, 1, 3}, encoding.ids());
            int dropped = letter.endsWith("\u0323") ? 2 : 0; // the marks at the end
            assertEquals(
                    new Span(0, letter.length() * 1_000_000 - dropped),
                    encoding.offsets().get(1));
        }
    }

    @Test
    void aMillionOfThemAreAsManyTokens() {
        assertEquals(1_000_002, tokenizer.encode("[MASK]".repeat(1_000_000)).length());
        assertEquals(1_000_002, tokenizer.encode("漢".repeat(1_000_000)).length());
        assertEquals(1_000_002, tokenizer.encode("[".repeat(1_000_000)).length());
        assertEquals(2, tokenizer.encode("\u0301 \0".repeat(1_000_000)).length());
    }

    @Test
    void tenMegabytesAreEncodedWhole() {
        String text = "the ice of the sea, naïve ".repeat(400_000);
        Encoding encoding = tokenizer.encode(text);
        int[] once = tokenizer.encode("the ice of the sea, naïve ").ids();
        assertEquals(400_000 * (once.length - 2) + 2, encoding.length());
        assertEquals(
                text.length() - 1, encoding.offsets().get(encoding.length() - 2).end());
        assertEquals(399_999 * 7 + 6, encoding.wordIds()[encoding.length() - 2]);
    }

    @Test
    void invisibleCharactersGoAndRightToLeftStaysInOrder() {
        assertArrayEquals(
                tokenizer.encode("able").ids(),
                tokenizer.encode("a\0b\u200dl\u202ee").ids());
        Encoding family = tokenizer.encode("👍\u200d👍");
        assertArrayEquals(new int[] {2, 1, 3}, family.ids());
        Encoding hebrew = tokenizer.encode("שלום");
        assertEquals(new Span(0, 4), hebrew.offsets().get(1));
    }

    @Test
    void specialTokensAreCutOutAsTheyAreWritten() {
        assertEquals(
                List.of("[CLS]", "un", "[MASK]", "able", "[", "m", "##a", "##s", "##k", "]", "[SEP]"),
                tokenizer.encode("un[MASK]able [mask]").tokens());
        Encoding encoding = tokenizer.encode("un[MASK]able");
        assertArrayEquals(new int[] {1, 0, 0, 0, 1}, encoding.specialTokensMask());
        assertArrayEquals(new int[] {-1, 0, 1, 2, -1}, encoding.wordIds());
    }

    @Test
    void strideMustLeaveRoomToGetOn() {
        TokenizerException e = assertThrows(
                TokenizerException.class,
                () -> tokenizer.encode("a", EncodeOptions.maxLength(5).overflow(3)));
        assertEquals(
                "encode: stride 3 must be less than the 3 tokens that maxLength 5 leaves beside 2 special tokens; lower"
                        + " the stride or raise maxLength",
                e.getMessage());
    }

    @Test
    void specialTokensMustFit() {
        assertArrayEquals(
                new int[] {2, 3},
                tokenizer.encode("a b", EncodeOptions.maxLength(2)).ids());
        TokenizerException e =
                assertThrows(TokenizerException.class, () -> tokenizer.encode("a", "b", EncodeOptions.maxLength(2)));
        assertEquals(
                "encode: maxLength 2 is less than the 3 special tokens of a pair; raise maxLength", e.getMessage());
    }

    @Test
    void windowsReachToTheEndOfTheText() {
        Encoding encoding =
                tokenizer.encode("a b c d e f g h", EncodeOptions.maxLength(5).overflow(1));
        assertEquals(List.of("[CLS]", "a", "b", "c", "[SEP]"), encoding.tokens());
        assertEquals(
                List.of(
                        List.of("[CLS]", "c", "d", "e", "[SEP]"),
                        List.of("[CLS]", "e", "f", "g", "[SEP]"),
                        List.of("[CLS]", "g", "h", "[SEP]")),
                encoding.overflowing().stream().map(Encoding::tokens).toList());
        assertArrayEquals(
                new int[] {-1, 6, 7, -1}, encoding.overflowing().get(2).wordIds());
    }

    @Test
    void windowsOfPairsAreCombined() {
        Encoding encoding =
                tokenizer.encode("a b c", "d e f", EncodeOptions.maxLength(7).overflow(0));
        assertEquals("Encoding[[CLS], a, b, [SEP], d, e, [SEP]] + 3 windows", encoding.toString());
        assertEquals(
                List.of("c | d e", "c | f", "a b | f"),
                encoding.overflowing().stream()
                        .map(window -> tokenizer
                                .decode(window.ids(), false)
                                .replace("[CLS] ", "")
                                .replaceFirst(" \\[SEP] ", " | ")
                                .replace(" [SEP]", ""))
                        .toList());
        assertArrayEquals(
                new int[] {0, 0, 0, 1, 1, 1}, encoding.overflowing().getFirst().typeIds());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 509, 30_000, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void anIdThatNoTokenHasCannotBeDecoded(int id) {
        TokenizerException e = assertThrows(TokenizerException.class, () -> tokenizer.decode(new int[] {1, id}, false));
        assertEquals(
                "no token has id " + id
                        + "; expected one of the vocabulary of 509 tokens, from the tokenizer that made the" + " ids",
                e.getMessage());
    }

    /// Whatever the text: no error, tokens in order, each a piece of the text, words without gaps.
    @Test
    void randomTextsGiveTokensInOrder() {
        Random random = new Random(7);
        for (int round = 0; round < 20_000; round++) {
            int[] codePoints = random.ints(random.nextInt(20), 0, round % 3 == 0 ? 0x11_0000 : 0x3000)
                    .filter(c -> c < 0xD800 || c > 0xDFFF)
                    .toArray();
            String text = new String(codePoints, 0, codePoints.length);
            Encoding encoding = tokenizer.encode(text, EncodeOptions.DEFAULT.withoutSpecialTokens());
            Span before = new Span(0, 0);
            int word = 0;
            for (int i = 0; i < encoding.length(); i++) {
                Span span = encoding.offsets().get(i);
                int next = encoding.wordIds()[i];
                boolean inOrder = span.start() >= before.start() && span.end() >= before.end();
                boolean inside = span.start() < span.end() && span.end() <= text.length();
                assertEquals("true true true", inOrder + " " + inside + " " + (next == word || next == word + 1), text);
                before = span;
                word = next;
            }
        }
    }

    /// The short cut for ASCII, and the way that every other text takes, meet.
    @Test
    void asciiIsEncodedTheSameBesideOtherText() {
        Random random = new Random(8);
        for (int round = 0; round < 20_000; round++) {
            byte[] ascii = new byte[random.nextInt(30)];
            for (int i = 0; i < ascii.length; i++) {
                ascii[i] = (byte) (round % 2 == 0 ? random.nextInt(128) : "aAbB .,-[]'\t".charAt(random.nextInt(12)));
            }
            String text = new String(ascii, java.nio.charset.StandardCharsets.US_ASCII);
            Encoding alone = tokenizer.encode(text);
            Encoding beside = tokenizer.encode(text + " é");
            int n = alone.length() - 1;
            assertEquals(n + 2, beside.length());
            assertEquals(alone.tokens().subList(0, n), beside.tokens().subList(0, n), text);
            assertEquals(alone.offsets().subList(0, n), beside.offsets().subList(0, n), text);
        }
    }

    private static String places(List<Span> spans) {
        return spans.stream()
                .map(span -> span.start() + " " + span.end())
                .toList()
                .toString();
    }
}
