package dev.merapi.tokenizer.train;

import dev.merapi.tokenizer.Tokenizer;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Learns a WordPiece vocabulary, as BERT's: text is cleaned and cut at white space and punctuation, then the
/// most frequent pairs of neighbours are merged, inside of words with the prefix `##`. As in tokenizers'
/// WordPieceTrainer the pairs are chosen by how often they occur, not by the likelihood of Schuster & Nakajima
/// 2012.
///
///     Tokenizer tokenizer = WordPieceTrainer.uncased(30_000).train(Path.of("corpus.txt"));
///
/// @param vocabularySize tokens at most, the special ones included
/// @param minFrequency how often a pair must occur to be merged
/// @param lowercase whether text is lower-cased and its accents dropped
/// @param alphabetLimit letters that are kept, the most frequent ones; of equal ones the lower code points
/// @param specialTokens get the first ids; `[UNK]` must be one. With `[CLS]` and `[SEP]` texts are framed as
///     for BERT
public record WordPieceTrainer(
        int vocabularySize, long minFrequency, boolean lowercase, int alphabetLimit, List<String> specialTokens)
        implements VocabularyTrainer {
    private static final String UNKNOWN = "[UNK]";
    private static final String PREFIX = "##";
    private static final String NORMALIZER = """
        {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, \
        "lowercase": %b}\
        """;
    private static final String PRE_TOKENIZER = """
        {"type": "BertPreTokenizer"}\
        """;
    private static final String FRAME = """
        {"type": "BertProcessing", "sep": ["%s", %d], "cls": ["%s", %d]}\
        """;
    private static final String DECODER = """
        {"type": "WordPiece", "prefix": "##", "cleanup": true}\
        """;

    private static final List<String> BERT = List.of("[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]");

    public WordPieceTrainer {
        specialTokens = VocabularyTrainer.check(vocabularySize, specialTokens, UNKNOWN);
    }

    /// As bert-base-uncased: lower-cased, accents dropped; at most 1000 letters, pairs that occur twice.
    public static WordPieceTrainer uncased(int vocabularySize) {
        return new WordPieceTrainer(vocabularySize, 2, true, 1000, BERT);
    }

    /// As bert-base-cased; at most 1000 letters, pairs that occur twice.
    public static WordPieceTrainer cased(int vocabularySize) {
        return new WordPieceTrainer(vocabularySize, 2, false, 1000, BERT);
    }

    @Override
    public Tokenizer train(Stream<String> texts) {
        String frame = Description.framed(specialTokens, "[CLS]", "[SEP]", FRAME, "null");
        String normalizer = NORMALIZER.formatted(lowercase);
        Description description = new Description(specialTokens, normalizer, PRE_TOKENIZER, frame, DECODER);
        Tokenizer untrained = tokenizer(description, specialTokens);
        WordCounts corpus = WordCounts.count(texts, untrained::preTokenize, WordCounts.LIMIT);
        PairMerging merging = new PairMerging(corpus, specialTokens, alphabet(corpus), PREFIX);
        return tokenizer(description, merging.run(vocabularySize, minFrequency).tokens());
    }

    private static Tokenizer tokenizer(Description description, List<String> tokens) {
        return description.with(json -> {
            json.name("type").string("WordPiece");
            json.name("unk_token").string(UNKNOWN);
            json.name("continuing_subword_prefix").string(PREFIX);
            json.name("max_input_chars_per_word").value(100);
            Description.writeVocabulary(json, tokens);
        });
    }

    private SequencedSet<Integer> alphabet(WordCounts corpus) {
        Map<Integer, Long> uses = new HashMap<>();
        for (int i = 0; i < corpus.size(); i++) {
            long count = corpus.counts()[i];
            corpus.words()[i].codePoints().forEach(letter -> uses.merge(letter, count, Long::sum));
        }
        SequencedSet<Integer> alphabet = new TreeSet<>();
        uses.keySet().stream()
                .sorted(Comparator.comparing((Integer letter) -> -uses.get(letter))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(alphabetLimit)
                .forEach(alphabet::add);
        return alphabet;
    }
}
