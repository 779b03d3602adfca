package dev.merapi.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files with bytes changed, words exchanged or the end cut off: each is a tokenizer, or the package's own
/// error of one line; nothing else, and no hang. ([SentencePieceTest] does the same to `spm.model`.)
class DamagedFilesTest {
    private static final String TEXT = "the  ice of [MASK] é😀 漢 CO2, don't! <br> unable\u0301";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "uncased",
                "accents",
                "added",
                "steps",
                "level",
                "words",
                "fallback",
                "unigram",
                "splits",
                "roberta",
                "deberta",
                "albert",
                "precompiled"
            })
    void isATokenizerOrATypedError(String name) {
        Map<String, byte[]> sound = TokenizerFiles.read(Fixtures.folder(name)).contents();
        String[] names = sound.keySet().toArray(String[]::new);
        Random random = new Random(name.hashCode());
        int failed = 0;
        for (int i = 0; i < 150; i++) {
            Map<String, byte[]> files = new LinkedHashMap<>(sound);
            String file = names[random.nextInt(names.length)];
            files.put(file, damaged(sound.get(file), random));
            try {
                Tokenizer tokenizer = Loader.load(new TokenizerFiles(files));
                Encoding encoding = tokenizer.encode(TEXT, "a", EncodeOptions.maxLength(20));
                tokenizer.decode(encoding.ids(), i % 2 == 0);
            } catch (TokenizerException e) {
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
                failed++;
            }
        }
        assertTrue(failed > 25, failed + " of 150");
    }

    private static byte[] damaged(byte[] sound, Random random) {
        byte[] file = Arrays.copyOf(sound, random.nextInt(8) == 0 ? random.nextInt(sound.length) : sound.length);
        if (random.nextBoolean()) {
            for (int n = random.nextInt(6); n >= 0 && file.length > 0; n--) {
                file[random.nextInt(file.length)] = (byte) random.nextInt();
            }
            return file;
        }
        String[] words = {
            "null", "true", "-1", "3", "\"x\"", "{}", "[]", "\"\"", "1e9", "[[]]", "\"\\ud83d\"", "2147483648", "\n"
        };
        String text = new String(file, StandardCharsets.ISO_8859_1);
        String[] parts = text.splitWithDelimiters("[^\\[\\]{},:\\n]+", 0);
        for (int n = random.nextInt(3); n >= 0; n--) {
            parts[random.nextInt(Math.min(parts.length, 400))] = words[random.nextInt(words.length)];
        }
        return String.join("", parts).getBytes(StandardCharsets.ISO_8859_1);
    }
}
