package dev.merapi.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Real vocabularies on every code point (those that are not BERT's on the first 13,312), 388 translations of
/// one text, and claims with their passages, by hashes of `golden_tokenizer.py --real` and
/// `golden_sentencepiece.py --real` in `src/reference`. Skipped where `shared` is not beside the checkout.
class RealVocabulariesTest {
    private static final String CASES = """
        bert-base-uncased, vocab.txt, '{"do_lower_case": true}'
        bert-base-uncased, tokenizer.json, '{}'
        bert-base-cased, vocab.txt, '{"do_lower_case": false}'
        gpt2, vocab.json merges.txt, '{"tokenizer_class": "GPT2Tokenizer"}'
        roberta-base, vocab.json merges.txt, '{"tokenizer_class": "RobertaTokenizer"}'
        deberta-v3, spm.model, '{}'
        unigram-4000, spm.model, '{}'
        """;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(textBlock = CASES)
    void everyCodePointAsTheReference(String name, String file, String settings) throws IOException {
        Tokenizer tokenizer = load(name, file, settings);
        int last = name.startsWith("bert") ? Character.MAX_CODE_POINT + 1 : 0x3400;
        assertEquals(
                expected(name, file, "code points"), Fixtures.Digest.ofCodePoints(tokenizer, last, isPaired(file)));
    }

    @ParameterizedTest
    @CsvSource(textBlock = CASES)
    void manyLanguagesAsTheReference(String name, String file, String settings) throws IOException {
        Tokenizer tokenizer = load(name, file, settings);
        Fixtures.Digest digest = new Fixtures.Digest();
        try (Stream<Path> files = Files.list(shared().resolve("data/text/udhr"))) {
            List<Path> sorted = files.filter(path -> path.toString().endsWith(".txt"))
                    .sorted()
                    .toList();
            for (Path path : sorted) {
                digest.add(tokenizer.encode(pythonNewLines(Files.readString(path))));
            }
        }
        assertEquals(expected(name, file, "udhr"), digest.hex());
    }

    @ParameterizedTest
    @CsvSource(textBlock = CASES)
    void claimsAndPassagesAsTheReference(String name, String file, String settings) throws IOException {
        Tokenizer tokenizer = load(name, file, settings);
        Fixtures.Digest digest = new Fixtures.Digest();
        Path data = shared().resolve("data/claims");
        JsonObject evidence = JsonObject.read("evidence.json", Files.readAllBytes(data.resolve("evidence.json")));
        for (String part : List.of("train-claims.json", "dev-claims.json")) {
            JsonObject claims = JsonObject.read(part, Files.readAllBytes(data.resolve(part)));
            for (String id : claims.members().keySet()) {
                JsonObject claim = claims.object(id);
                for (String passage : claim.strings("evidences")) {
                    digest.add(tokenizer, claim.string("claim_text"), evidence.string(passage), isPaired(file));
                }
            }
        }
        assertEquals(expected(name, file, "claims"), digest.hex());
    }

    private Tokenizer load(String name, String files, String settings) throws IOException {
        for (String file : files.split(" ")) {
            Files.copy(shared().resolve("tokenizers").resolve(name).resolve(file), folder.resolve(file));
        }
        Files.writeString(folder.resolve("tokenizer_config.json"), settings);
        return Tokenizer.fromPretrained(folder);
    }

    private static String expected(String name, String files, String texts) {
        return isPaired(files)
                ? Fixtures.hashes().object(name + "/" + files.split(" ")[0]).string(texts)
                : JsonObject.read("hashes.json", Fixtures.bytes("sentencepiece/hashes.json"))
                        .object(name)
                        .string(texts);
    }

    /// SentencePiece's own models know no pairs.
    private static boolean isPaired(String files) {
        return !files.equals("spm.model");
    }

    /// Python reads files with its universal new lines.
    private static String pythonNewLines(String text) {
        return text.replace("\r\n", "\n").replace('\r', '\n');
    }

    private static Path shared() {
        Path place = Path.of("").toAbsolutePath();
        while (place != null && !Files.isDirectory(place.resolve("shared/tokenizers"))) {
            place = place.getParent();
        }
        assumeTrue(place != null, "skipped: no folder `shared` with `tokenizers` beside the checkout or above it");
        return place.resolve("shared");
    }
}
