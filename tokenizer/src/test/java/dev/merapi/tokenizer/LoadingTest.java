package dev.merapi.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoadingTest {
    private static final String SMALL = """
        {"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "BertPreTokenizer"},
         "post_processor": null, "decoder": null,
         "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                   "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "a": 1, "b": 2, "##b": 3}}}\
        """;

    @TempDir
    Path folder;

    @Test
    void settingsAreReadBesideTheVocabulary() {
        Tokenizer tokenizer = Fixtures.load("accents");
        assertEquals(128, tokenizer.modelMaxLength());
        assertEquals(514, tokenizer.vocabularySize());
        assertEquals(
                "0 510 1 2 511",
                tokenizer.unkId() + " " + tokenizer.padId() + " " + tokenizer.clsId() + " " + tokenizer.sepId() + " "
                        + tokenizer.maskId());
        assertEquals(OptionalInt.of(509), tokenizer.tokenToId("NASA"));
        assertEquals(OptionalInt.of(508), tokenizer.tokenToId("last"));
        assertEquals(OptionalInt.empty(), tokenizer.tokenToId("no such token"));
        assertEquals(OptionalInt.empty(), tokenizer.id(SpecialToken.BOS));
        assertEquals("<e>", tokenizer.idToToken(512));
    }

    @Test
    void aHugeModelLengthMeansNone() {
        assertEquals(EncodeOptions.UNLIMITED, Fixtures.load("cased").modelMaxLength()); // 10^30 as an integer
        assertEquals(EncodeOptions.UNLIMITED, Fixtures.load("steps").modelMaxLength()); // 1e+30
        assertEquals(512, Fixtures.load("uncased").modelMaxLength());
    }

    @Test
    void truncationAndPaddingInTheFileAreNotApplied() {
        Tokenizer tokenizer = Fixtures.load("added"); // says: at most 8, from the left, padded to 16
        assertEquals(12, tokenizer.encode("a b c d e f g h i j").length());
    }

    @Test
    void theSideOfTruncationIsTheFilesUnlessTheSettingsSayOtherwise() throws IOException {
        assertEquals("a", tokenOf(Fixtures.load("added"))); // the settings say right
        Files.write(folder.resolve("tokenizer.json"), Fixtures.bytes("added/tokenizer.json"));
        assertEquals("c", tokenOf(Tokenizer.fromPretrained(folder))); // tokenizer.json says left
        assertEquals("c", tokenOf(Fixtures.load("cased")));
        EncodeOptions right = EncodeOptions.maxLength(3).truncationSide(Side.RIGHT);
        assertEquals("a", Fixtures.load("cased").encode("a b c", right).tokens().get(1));
    }

    private static String tokenOf(Tokenizer tokenizer) {
        return tokenizer.encode("a b c", EncodeOptions.maxLength(3)).tokens().get(1);
    }

    @Test
    void bothFormsOfOneVocabularyAgree() {
        Tokenizer vocabulary = Fixtures.load("uncased");
        Tokenizer json = load(new String(Fixtures.bytes("steps/tokenizer.json"), StandardCharsets.UTF_8));
        String text = "the naïve climate, unable";
        assertArrayEquals(vocabulary.encode(text).ids(), json.encode(text).ids());
        assertEquals(vocabulary.maskId(), json.maskId());
    }

    @Test
    void aWordThatNeedsAMissingUnknownTokenIsAnError() {
        Tokenizer tokenizer = load(SMALL.replace("\"[UNK]\": 0", "\"c\": 0"));
        assertArrayEquals(new int[] {1, 3}, tokenizer.encode("ab").ids());
        TokenizerException e = assertThrows(TokenizerException.class, () -> tokenizer.encode("xyz"));
        assertEquals(
                "WordPiece: the text has a word that the vocabulary cannot spell, and the unknown token \"[UNK]\" is"
                        + " not in the vocabulary of 4 tokens; add it to the vocabulary, or name the right one as"
                        + " unk_token",
                e.getMessage());
    }

    @Test
    void aFolderWithoutTokenizerSaysWhatItNeeds() throws IOException {
        assertEquals(
                "fromPretrained: " + folder
                        + " has neither tokenizer.json nor one of [spm.model, spiece.model, sentencepiece.bpe.model]"
                        + " nor vocab.json with merges.txt nor vocab.txt; a tokenizer needs one of them",
                failure(() -> Tokenizer.fromPretrained(folder)));
        Path missing = folder.resolve("missing");
        assertEquals(
                "fromPretrained: " + missing + " is not a folder; expected the folder of a saved model, with"
                        + " tokenizer.json or vocab.txt",
                failure(() -> Tokenizer.fromPretrained(missing)));
    }

    @Test
    void aVocabularyMustBeTextWithTokens() throws IOException {
        Files.write(folder.resolve("vocab.txt"), new byte[] {'a', '\n', 'b', (byte) 0xC3, '\n'});
        assertEquals(
                "vocab.txt: expected UTF-8, got other bytes at 3; download it again, or convert it",
                failure(() -> Tokenizer.fromPretrained(folder)));
        Files.write(folder.resolve("vocab.txt"), new byte[0]);
        assertEquals(
                "vocab.txt: expected a token a line, got an empty file; download it again",
                failure(() -> Tokenizer.fromPretrained(folder)));
    }

    @Test
    void aVocabularyOfAnotherKindOfTokenizerIsRefused() throws IOException {
        Files.writeString(folder.resolve("vocab.txt"), "a\n");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"MPNetTokenizer\"}");
        assertEquals(
                "tokenizer_config.json: tokenizer_class MPNetTokenizer with a vocab.txt is not supported, expected"
                        + " BertTokenizer or one like it; save it in Python so that there is a tokenizer.json",
                failure(() -> Tokenizer.fromPretrained(folder)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        "normalizer": null | "normalizer": {"type": "ByteLevel"} | tokenizer.json: normalizer: ByteLevel is not supported, expected one of BertNormalizer, NFC, NFD, NFKC, NFKD, StripAccents, Lowercase, Strip, Replace, Prepend, Precompiled, Sequence; this tokenizer cannot be reproduced without it
        "normalizer": null | "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "Nmt"}]} | tokenizer.json: normalizer.normalizers[1]: Nmt is not supported, expected one of BertNormalizer, NFC, NFD, NFKC, NFKD, StripAccents, Lowercase, Strip, Replace, Prepend, Precompiled, Sequence; this tokenizer cannot be reproduced without it
        "normalizer": null | "normalizer": {"type": "BertNormalizer", "clean_text": 1} | tokenizer.json: normalizer: "lowercase" must be true or false, got nothing; correct the file or download it again
        "BertPreTokenizer" | "UnicodeScripts" | tokenizer.json: pre_tokenizer: UnicodeScripts is not supported, expected one of BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation, Digits, Split, Metaspace, ByteLevel, Sequence; this tokenizer cannot be reproduced without it
        "BertPreTokenizer" | "Punctuation", "behavior": "Gone" | tokenizer.json: pre_tokenizer: "behavior" must be Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous, got "Gone"; correct the file or download it again
        "post_processor": null | "post_processor": {"type": "Framing"} | tokenizer.json: post_processor: Framing is not supported, expected one of TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence; this tokenizer cannot be reproduced without it
        "post_processor": null | "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 1], "cls": ["[CLS]"]} | tokenizer.json: post_processor: "cls" must be a token and its id, got a list; correct the file or download it again
        "post_processor": null | "post_processor": {"type": "TemplateProcessing", "single": [], "pair": []} | post_processor: the template "single" must use text A once, it does so 0 times; correct the template
        "decoder": null | "decoder": {"type": "CTC"} | tokenizer.json: decoder: CTC is not supported, expected one of WordPiece, ByteLevel, Metaspace, BPEDecoder, ByteFallback, Fuse, Strip, Replace, Sequence; this tokenizer cannot be reproduced without it
        "WordPiece" | "WordLevel" | tokenizer.json: model: WordLevel is not supported, expected one of WordPiece, BPE, Unigram; this tokenizer cannot be reproduced without it
        "##b": 3 | "##b": "3" | tokenizer.json: model.vocab: "##b" must be a whole number from 0 to 2^31 − 1, got "3"; correct the file or download it again
        "##b": 3 | "b": 3 | tokenizer.json: model: expected tokens that differ, got "b" twice; the file is damaged, take it again from its source
        "##b": 3 | "##b": 2000000000 | vocabulary: token "##b" has id 2000000000, expected one from 0 to 16777215; the file is damaged
        "added_tokens": [] | "added_tokens": [{"id": 9, "content": "new"}] | tokenizer.json: added_tokens[0]: token "new" has id 9, but the vocabulary and the added tokens before it make it 4; correct the id, or order the added tokens by id
        "added_tokens": [] | "added_tokens": [7] | tokenizer.json: "added_tokens" must be a list of objects, got 7; correct the file or download it again
        "added_tokens": [] | "added_tokens": [{"id": 4}] | tokenizer.json: added_tokens[0]: "content" must be a string, got nothing; correct the file or download it again
        "1.0" | "2.0" | tokenizer.json: "version" must be "1.0", got "2.0"; correct the file or download it again
        """)
    void aComponentThatIsNotKnownIsNamed(String part, String replacement, String message) {
        String json = SMALL.replace(part, replacement);
        assertTrue(!json.equals(SMALL), part);
        assertEquals(message, failure(() -> load(json)));
    }

    @Test
    void damagedJsonIsAnErrorOfOneLine() {
        assertEquals(
                "tokenizer.json: not valid JSON, expected a value, got the end of the file at byte 12; the file is"
                        + " damaged, take it again from its source",
                failure(() -> load("{\"version\": ")));
        assertTrue(failure(() -> load("{\"model\": 1, \"mod\\u0065l\": 2}"))
                .startsWith("tokenizer.json: not valid JSON, expected names that differ, got \"model\" twice"));
        assertTrue(failure(() -> load(SMALL.replace("##b", "##\\ude00")))
                .contains("expected a high surrogate before the low one, got none"));
        assertTrue(failure(() -> load("{} {}")).contains("expected nothing more, got \"{\" at byte 3"));
        assertEquals(
                "tokenizer.json: expected a JSON object, got an empty file; the file is damaged",
                failure(() -> load("")));
        assertEquals(
                "tokenizer.json: \"model\" must be an object, got nothing; correct the file or download it again",
                failure(() -> load("{}")));
    }

    @Test
    void deepJsonIsAnErrorAndNoStackOverflow() {
        String deep = "{\"normalizer\": " + "[".repeat(100_000) + "]".repeat(100_000) + "}";
        assertTrue(failure(() -> load(deep)).contains("expected nesting of 100 levels at most, got more at byte"));
        String objects = "{\"a\": ".repeat(100_000) + "1" + "}".repeat(100_000);
        assertTrue(failure(() -> load(objects)).contains("expected nesting of 100 levels at most, got more at byte"));
    }

    private static Tokenizer load(String json) {
        return Tokenizer.fromJson(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)));
    }

    private static String failure(org.junit.jupiter.api.function.Executable action) {
        String message = assertThrows(TokenizerException.class, action).getMessage();
        assertEquals(1, message.lines().count());
        return message;
    }
}
