package dev.merapi.tokenizer;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Small tokenizers against Hugging Face's; golden files by `src/reference/golden_tokenizer.py`.
///
/// `uncased` and `cased` are plain BERT vocabularies, `accents` one with unusual settings in the older files,
/// `added` and `steps` are `tokenizer.json` with all kinds of added tokens and with other components, `bare`
/// has no components.
/// `roberta` is `vocab.json` with `merges.txt`; the five after it together have every component
/// (`make_pipelines`). The last four are those of `src/reference/golden_families.py`.
class GoldenTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "uncased",
                "cased",
                "accents",
                "added",
                "steps",
                "bare",
                "roberta",
                "level",
                "words",
                "fallback",
                "unigram",
                "splits",
                "gpt2",
                "deberta",
                "albert",
                "precompiled"
            })
    void encodesAndDecodesAsTheReference(String name) {
        Tokenizer tokenizer = Fixtures.load(name);
        List<JsonObject> lines = new String(Fixtures.bytes(name + ".jsonl"), StandardCharsets.UTF_8)
                .lines()
                .map(line -> JsonObject.read(name + ".jsonl", line.getBytes(StandardCharsets.UTF_8)))
                .toList();
        assertTrue(lines.size() == 209 || lines.size() == 225, lines.size() + " lines");
        Stream<Executable> checks = lines.stream().map(line -> () -> {
            String expected = line.string("expected");
            String answer = TokenizeLines.answer(tokenizer, line.object("case"));
            boolean hashed = expected.startsWith("CRC-32 ");
            assertEquals(
                    expected, hashed ? "CRC-32 " + TokenizeLines.crc(answer) : answer, () -> line.get("case") + "");
        });
        assertAll(checks);
    }

    /// What the sections `truncation` and `padding` ask for, as tokenizers does it by itself.
    @Test
    void savedTruncationAndPaddingAreTheReferences() {
        String whole = new String(Fixtures.bytes("added/tokenizer.json"), StandardCharsets.UTF_8);
        String rest = whole.substring(whole.indexOf("\"added_tokens\""));
        List<String> lines = new String(Fixtures.bytes("lengths.jsonl"), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertEquals(12, lines.size());
        for (String line : lines) {
            String sections = line.substring(line.indexOf("{\"truncation\""), line.indexOf(",\"texts\"") - 1);
            Tokenizer tokenizer = Tokenizer.fromJson(
                    new ByteArrayInputStream((sections + "," + rest).getBytes(StandardCharsets.UTF_8)));
            JsonObject golden = JsonObject.read("lengths.jsonl", line.getBytes(StandardCharsets.UTF_8));
            if ("error".equals(golden.get("expected"))) {
                assertThrows(TokenizerException.class, () -> padded(tokenizer, golden.list("texts")), line);
                continue;
            }
            assertEquals(
                    golden.list("expected"),
                    padded(tokenizer, golden.list("texts")).stream()
                            .map(GoldenTest::numbers)
                            .toList(),
                    line);
        }
    }

    private static List<Encoding> padded(Tokenizer tokenizer, List<?> texts) {
        EncodeOptions options = tokenizer.savedTruncation();
        List<Encoding> encodings = texts.stream()
                .map(text -> text instanceof List<?> pair
                        ? tokenizer.encode((String) pair.getFirst(), (String) pair.getLast(), options)
                        : tokenizer.encode((String) text, options))
                .toList();
        return tokenizer
                .savedPadding()
                .map(padding -> tokenizer.pad(encodings, padding))
                .orElse(encodings);
    }

    private static List<List<Integer>> numbers(Encoding encoding) {
        List<Integer> places = encoding.codePointOffsets().stream()
                .flatMap(span -> Stream.of(span.start(), span.end()))
                .toList();
        return List.of(
                boxed(encoding.ids()),
                boxed(encoding.typeIds()),
                boxed(encoding.attentionMask()),
                boxed(encoding.specialTokensMask()),
                places);
    }

    private static List<Integer> boxed(int[] numbers) {
        return IntStream.of(numbers).boxed().toList();
    }

    @Test
    void paddingWithAnotherIdThanThatOfItsTokenIsAnError() {
        String json = new String(Fixtures.bytes("added/tokenizer.json"), StandardCharsets.UTF_8)
                .replace("\"pad_id\":0", "\"pad_id\":7");
        Tokenizer tokenizer = Tokenizer.fromJson(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)));
        assertEquals(
                "tokenizer.json: padding: \"pad_id\" must be 0, the id of \"[PAD]\", got 7; correct the file",
                assertThrows(TokenizerException.class, tokenizer::savedPadding).getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"uncased", "added", "steps"})
    void treatsEveryCodePointAsTheReference(String name) {
        String expected = Fixtures.hashes().object(name).string("code points");
        assertEquals(expected, Fixtures.Digest.ofCodePoints(Fixtures.load(name)));
    }
}
