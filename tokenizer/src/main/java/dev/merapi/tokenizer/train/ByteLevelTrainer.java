package dev.merapi.tokenizer.train;

import dev.merapi.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SequencedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Learns a byte-level BPE vocabulary, as GPT-2's (Radford et al. 2019): text is cut as GPT-2 cuts it, words
/// are spelled in their UTF-8 bytes, each written as a printable character (`Ġ` for a space), and the most
/// frequent pairs are merged. No text has an unknown token.
///
///     Tokenizer tokenizer = ByteLevelTrainer.roberta(50_000).train(Path.of("corpus.txt"));
///
/// @param vocabularySize tokens at most, the 256 bytes and the special tokens included
/// @param minFrequency how often a pair must occur to be merged
/// @param specialTokens get the first ids. With `<s>` and `</s>` texts are framed as for RoBERTa
public record ByteLevelTrainer(int vocabularySize, long minFrequency, List<String> specialTokens)
        implements VocabularyTrainer {

    private static final String PRE_TOKENIZER = """
        {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}\
        """;
    private static final String DECODER = """
        {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}\
        """;
    private static final String TRIMMING = """
        {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true}\
        """;
    private static final String FRAME = """
        {"type": "RobertaProcessing", "sep": ["%s", %d], "cls": ["%s", %d], "trim_offsets": true, \
        "add_prefix_space": false}\
        """;

    public ByteLevelTrainer {
        specialTokens = VocabularyTrainer.check(vocabularySize, specialTokens, null);
    }

    /// With GPT-2's special token, `<|endoftext|>`; pairs that occur twice.
    public static ByteLevelTrainer gpt2(int vocabularySize) {
        return new ByteLevelTrainer(vocabularySize, 2, List.of("<|endoftext|>"));
    }

    /// With RoBERTa's special tokens, and texts framed by `<s>` and `</s>`; pairs that occur twice.
    public static ByteLevelTrainer roberta(int vocabularySize) {
        return new ByteLevelTrainer(vocabularySize, 2, List.of("<s>", "<pad>", "</s>", "<unk>", "<mask>"));
    }

    @Override
    public Tokenizer train(Stream<String> texts) {
        String frame = Description.framed(specialTokens, "<s>", "</s>", FRAME, TRIMMING);
        Description description = new Description(specialTokens, "null", PRE_TOKENIZER, frame, DECODER);
        int[] characters = characters();
        SequencedSet<Integer> alphabet = new TreeSet<>();
        Arrays.stream(characters).forEach(alphabet::add);
        WordCounts none = new WordCounts(new String[0], new long[0]);
        PairMerging unmerged = new PairMerging(none, specialTokens, alphabet, "");
        Tokenizer untrained = tokenizer(description, unmerged.run(0, 1));
        WordCounts corpus = spell(WordCounts.count(texts, untrained::preTokenize, WordCounts.LIMIT), characters);
        PairMerging merging = new PairMerging(corpus, specialTokens, alphabet, "");
        return tokenizer(description, merging.run(vocabularySize, minFrequency));
    }

    /// The words, each byte of them written as its character.
    private static WordCounts spell(WordCounts corpus, int[] characters) {
        String[] words = Arrays.stream(corpus.words())
                .map(word -> {
                    StringBuilder spelled = new StringBuilder();
                    for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
                        spelled.append((char) characters[b & 0xFF]);
                    }
                    return spelled.toString();
                })
                .toArray(String[]::new);
        return new WordCounts(words, corpus.counts());
    }

    private static Tokenizer tokenizer(Description description, PairMerging.Result result) {
        return description.with(json -> {
            json.name("type").string("BPE");
            json.name("dropout").value(null);
            json.name("unk_token").value(null);
            json.name("continuing_subword_prefix").value(null);
            json.name("end_of_word_suffix").value(null);
            json.name("fuse_unk").value(false);
            json.name("byte_fallback").value(false);
            json.name("ignore_merges").value(false);
            Description.writeVocabulary(json, result.tokens());
            json.name("merges").open('[');
            for (int[] merge : result.merges()) {
                String left = result.tokens().get(merge[0]);
                String right = result.tokens().get(merge[1]);
                json.open('[').string(left).string(right).close(']');
            }
            json.close(']');
        });
    }

    /// The characters that stand for bytes: printable Latin-1 characters for themselves, for the 68 other bytes
    /// those from U+0100 on.
    private static int[] characters() {
        int[] characters = new int[256];
        int other = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b != 0xAD; // U+00AD: the soft hyphen
            characters[b] = printable ? b : other++;
        }
        return characters;
    }
}
