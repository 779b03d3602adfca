package dev.merapi.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BytePairEncodingTest {
    private static final List<String> MERGES = List.of("a b", "ab c", "b c", "b b", "bb bb", "c ab");

    @Test
    void theEarliestMergeGoesFirstAndThenTheLeftmost() {
        assertEquals(List.of("abc"), tokens("abc"));
        assertEquals(List.of("bb", "b"), tokens("bbb"));
        assertEquals(List.of("bbbb", "bb", "bc"), tokens("bbbbbbbc"));
        assertEquals(List.of("c", "abc"), tokens("cabc"));
    }

    @Test
    void theHeapMergesAsTheTextbookDoes() {
        Random random = new Random(3);
        for (int run = 0; run < 300; run++) {
            StringBuilder word = new StringBuilder();
            for (int i = 30 + random.nextInt(200); i > 0; i--) {
                word.append("abc".charAt(random.nextInt(3)));
            }
            assertEquals(textbook(word.toString()), tokens(word.toString()));
        }
    }

    @Test
    void unknownCharactersAreFusedOrSpelledInBytesAsAsked() {
        var fused = new BytePairEncoding.Options("?", "", "", true, false, false);
        assertEquals(List.of("?@0-3", "ab@3-5", "?@5-6"), places("é😀abÉ", fused));
        var single = new BytePairEncoding.Options("?", "", "", false, false, false);
        assertEquals(List.of("?@0-1", "?@1-3", "ab@3-5", "?@5-6"), places("é😀abÉ", single));
        var bytes = new BytePairEncoding.Options("?", "", "", true, true, false);
        assertEquals(List.of("<0xC3>@0-1", "<0xA9>@0-1", "?@1-3", "ab@3-5"), places("é😀ab", bytes));
        assertEquals(List.of("ab@1-3"), places("éab", BytePairEncoding.Options.PLAIN));
    }

    @Test
    void anUnknownTokenThatIsNotInTheVocabularyIsAnError() {
        var options = new BytePairEncoding.Options("<none>", "", "", false, false, false);
        assertEquals(
                "BPE: the text has a character that the vocabulary cannot spell, and the unknown token \"<none>\" is"
                        + " not in the vocabulary of 12 tokens; add it to the vocabulary, or name the right one as"
                        + " unk_token",
                assertThrows(TokenizerException.class, () -> places("é", options))
                        .getMessage());
    }

    @Test
    void aMergeOfTokensThatAreNotThereIsAnError() {
        assertEquals(
                "merges: merge 0, \"a x\", needs the token \"x\", which is not in the vocabulary of 12 tokens; the"
                        + " files do not belong together",
                assertThrows(
                                TokenizerException.class,
                                () -> new BytePairEncoding(
                                        vocabulary(), merges(List.of("a x")), BytePairEncoding.Options.PLAIN, false))
                        .getMessage());
    }

    @Test
    void bytesAreWrittenAsGpt2WritesThem() {
        assertEquals('\u0120', ByteAlphabet.charOf(' '));
        assertEquals('\u010a', ByteAlphabet.charOf('\n'));
        assertEquals('\u0143', ByteAlphabet.charOf(0xAD));
        for (int b = 0; b < 256; b++) {
            assertEquals(b, ByteAlphabet.byteOf(ByteAlphabet.charOf(b)));
        }
        assertEquals(-1, ByteAlphabet.byteOf(' '));
        assertArrayEquals(new byte[] {(byte) 0xC3, (byte) 0xA9}, ByteAlphabet.bytesOf("Ã©"));
    }

    @Test
    void wordsKeepTheirSpaceAndContractionsAreCutOff() {
        assertEquals("I|'m| 12|th|!'|s|  | été|'ll|\n\n| '|x|  ", words("I'm 12th!'s   été'll\n\n 'x  ", false));
        assertEquals(" a| b", words("a b", true));
        assertEquals(" 漢字|😀|٣|\u3000|x", words(" 漢字😀٣\u3000x", false));
    }

    private static String words(String text, boolean prefixSpace) {
        NormalizedText normalized = new NormalizedText();
        normalized.reset(text.toCharArray(), 0, text.length(), false);
        Words words = new Words();
        words.reset(0, text.length());
        new ByteLevel(prefixSpace, true, false).split(normalized, words);
        List<String> found = new ArrayList<>();
        for (int i = 0; i < words.count(); i++) {
            found.add(new String(normalized.chars, words.start(i), words.end(i) - words.start(i)));
        }
        return String.join("|", found);
    }

    private static Texts merges(List<String> lines) {
        Texts merges = new Texts();
        lines.forEach(line -> MergesFile.add(line, merges));
        return merges;
    }

    private static Vocabulary vocabulary() {
        return new Vocabulary(
                Texts.of(List.of("a", "b", "c", "ab", "abc", "bc", "bb", "bbbb", "cab", "?", "<0xC3>", "<0xA9>")));
    }

    private static List<String> tokens(String word) {
        return places(word, BytePairEncoding.Options.PLAIN).stream()
                .map(place -> place.substring(0, place.indexOf('@')))
                .toList();
    }

    private static List<String> places(String word, BytePairEncoding.Options options) {
        BytePairEncoding model = new BytePairEncoding(vocabulary(), merges(MERGES), options, false);
        NormalizedText text = new NormalizedText();
        text.reset(word.toCharArray(), 0, word.length(), false);
        TokenBuffer tokens = new TokenBuffer();
        model.segmenter().tokenize(text, 0, word.length(), 0, tokens);
        List<String> found = new ArrayList<>();
        for (int i = 0; i < tokens.size(); i++) {
            found.add(model.vocabulary().token(tokens.id(i)) + "@" + tokens.start(i) + "-" + tokens.end(i));
        }
        return found;
    }

    /// The algorithm of the paper, literally.
    private static List<String> textbook(String word) {
        Map<String, Integer> ranks = new HashMap<>();
        MERGES.forEach(merge -> ranks.put(merge, ranks.size()));
        List<String> symbols = new ArrayList<>(List.of(word.split("")));
        while (true) {
            int best = -1;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                int rank = ranks.getOrDefault(symbols.get(i) + " " + symbols.get(i + 1), Integer.MAX_VALUE);
                int lowest = best < 0 ? Integer.MAX_VALUE : ranks.get(symbols.get(best) + " " + symbols.get(best + 1));
                if (rank < lowest) {
                    best = i;
                }
            }
            if (best < 0) {
                return symbols;
            }
            symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
        }
    }
}
