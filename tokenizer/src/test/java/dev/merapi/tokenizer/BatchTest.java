package dev.merapi.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchTest {
    private final Tokenizer tokenizer = Fixtures.load("uncased");

    @Test
    void aBatchEqualsEachTextAlone() {
        List<String> texts = IntStream.range(0, 3000)
                .mapToObj(i -> "the naïve 漢 claim " + i + " ".repeat(i % 7) + "é😀".repeat(i % 50))
                .toList();
        EncodeOptions options = EncodeOptions.maxLength(40);
        List<Encoding> single = tokenizer.encodeBatch(texts, options);
        List<Encoding> paired = tokenizer.encodeBatch(texts, texts.reversed(), options);
        for (int i = 0; i < texts.size(); i++) {
            Encoding alone = tokenizer.encode(texts.get(i), options);
            assertArrayEquals(alone.ids(), single.get(i).ids());
            assertEquals(alone.offsets(), single.get(i).offsets());
            Encoding pair = tokenizer.encode(texts.get(i), texts.get(2999 - i), options);
            assertArrayEquals(pair.ids(), paired.get(i).ids());
            assertEquals(pair.codePointOffsets(), paired.get(i).codePointOffsets());
        }
    }

    @Test
    void anEmptyBatchIsEmpty() {
        assertEquals(List.of(), tokenizer.encodeBatch(List.of(), EncodeOptions.DEFAULT));
    }

    @Test
    void textsAndPairsMustBeAsMany() {
        TokenizerException e = assertThrows(
                TokenizerException.class,
                () -> tokenizer.encodeBatch(List.of("a", "b"), List.of("c"), EncodeOptions.DEFAULT));
        assertEquals("encodeBatch: 2 texts but 1 pairs; give one for each", e.getMessage());
    }

    @Test
    void whatFailsAloneFailsInABatch() {
        List<String> texts = List.of("a".repeat(100_000), "\ud83d", "b".repeat(100_000));
        TokenizerException e =
                assertThrows(TokenizerException.class, () -> tokenizer.encodeBatch(texts, EncodeOptions.DEFAULT));
        assertEquals(
                "encode: the text has a lone surrogate, U+D83D, at 0, expected Unicode text; it was cut in the middle of a"
                        + " character, or decoded wrongly",
                e.getMessage());
    }
}
