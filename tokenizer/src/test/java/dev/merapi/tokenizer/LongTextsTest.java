package dev.merapi.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Texts that make careless tokenizers slow or large, through every kind of tokenizer: the work and the memory
/// grow with the text, not with its square.
class LongTextsTest {
    private static final int LENGTH = 60_000;
    private static final int BYTES_PER_UNIT = 1000;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "uncased",
                "added",
                "level",
                "words",
                "fallback",
                "unigram",
                "roberta",
                "albert",
                "precompiled",
                "sentencepiece/unigram",
                "sentencepiece/bytes",
                "sentencepiece/merges",
                "sentencepiece/symbols"
            })
    void memoryGrowsWithTheText(String name) {
        Tokenizer tokenizer = Fixtures.load(name);
        ThreadMXBean memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (String unit :
                new String[] {"a", "the", " ", "\u0301", "é😀", "[MASK]", "ab ", "\r\n", "▁", "\0", "'s ice "}) {
            String text = unit.repeat(LENGTH / unit.length());
            long before = memory.getCurrentThreadAllocatedBytes();
            Encoding encoding = tokenizer.encode(text);
            long used = memory.getCurrentThreadAllocatedBytes() - before;
            assertTrue(used < (long) BYTES_PER_UNIT * LENGTH, used + " bytes for " + unit);
            int last = encoding.length() == 0 ? 0 : encoding.offsets().getLast().end();
            assertTrue(last <= text.length());
            assertEquals(encoding.length(), encoding.tokens().size());
        }
    }
}
