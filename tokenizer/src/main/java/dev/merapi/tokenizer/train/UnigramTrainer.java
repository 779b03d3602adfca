package dev.merapi.tokenizer.train;

import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.tokenizer.TokenizerException;
import dev.merapi.tokenizer.json.JsonWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Learns a unigram vocabulary (Kudo 2018, arXiv:1804.10959), as XLM-R's and T5's: text is brought to NFKC and
/// cut at white space, which a `▁` before each word stands for; then many pieces are tried, and those are kept
/// that give the text the highest likelihood.
///
///     Tokenizer tokenizer = UnigramTrainer.of(8_000).train(Path.of("corpus.txt"));
///
/// The method is SentencePiece's. What is done otherwise: a seed counts by how often its words occur, not by
/// how many words have it; whole words are seeds; the last pruning too is by loss, and EM fits what it leaves.
///
/// @param vocabularySize tokens at most, the special ones included; but every covered letter has its token
/// @param characterCoverage share of the text's characters that the kept letters make up; 1 for all letters
/// @param seeds pieces to start with, at most
/// @param specialTokens get the first ids; `<unk>` must be one. With `<s>` and `</s>` texts are framed as for
///     XLM-R
public record UnigramTrainer(int vocabularySize, double characterCoverage, int seeds, List<String> specialTokens)
        implements VocabularyTrainer {
    private static final String UNKNOWN = "<unk>";

    private static final String NORMALIZER = """
        {"type": "NFKC"}\
        """;
    private static final String DECODER = """
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}\
        """;
    private static final String PRE_TOKENIZER = """
        {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, %s]}\
        """.formatted(DECODER);
    private static final String FRAME = """
        {"type": "RobertaProcessing", "sep": ["%s", %d], "cls": ["%s", %d], "trim_offsets": false, \
        "add_prefix_space": false}\
        """;

    public UnigramTrainer {
        specialTokens = VocabularyTrainer.check(vocabularySize, specialTokens, UNKNOWN);
        if (!(characterCoverage > 0 && characterCoverage <= 1)) {
            throw new TokenizerException("UnigramTrainer: characterCoverage must be above 0 and at most 1, got "
                    + characterCoverage + "; 0.9995 suits languages with many letters, 1 the others");
        }
    }

    /// With XLM-R's special tokens, and SentencePiece's settings: 99.95 % of the characters, a million seeds.
    public static UnigramTrainer of(int vocabularySize) {
        return new UnigramTrainer(
                vocabularySize, 0.9995, 1_000_000, List.of("<s>", "<pad>", "</s>", UNKNOWN, "<mask>"));
    }

    @Override
    public Tokenizer train(Stream<String> texts) {
        String frame = Description.framed(specialTokens, "<s>", "</s>", FRAME, "null");
        Description description = new Description(specialTokens, NORMALIZER, PRE_TOKENIZER, frame, DECODER);
        Tokenizer untrained = tokenizer(description, List.of());
        WordCounts corpus = WordCounts.count(texts, untrained::preTokenize, WordCounts.LIMIT);
        if (corpus.size() == 0) {
            throw new TokenizerException("train: the texts have no words; a unigram model needs some to learn from");
        }
        LetterText letters = LetterText.of(corpus, characterCoverage);
        Pieces pieces = ExpectationMaximization.learn(letters, vocabularySize - specialTokens.size(), seeds);
        return tokenizer(description, sorted(pieces));
    }

    private record Piece(String text, double score) {}

    /// By descending probability; a special token is no piece.
    private List<Piece> sorted(Pieces pieces) {
        List<Piece> sorted = new ArrayList<>();
        IntStream.range(0, pieces.size())
                .mapToObj(i -> new Piece(pieces.string(i), pieces.logProbability()[i]))
                .filter(piece -> !specialTokens.contains(piece.text))
                .sorted(Comparator.comparingDouble((Piece piece) -> -piece.score)) // stable: then alphabetically
                .forEach(sorted::add);
        return sorted;
    }

    private Tokenizer tokenizer(Description description, List<Piece> pieces) {
        return description.with(json -> {
            json.name("type").string("Unigram");
            json.name("unk_id").value(specialTokens.indexOf(UNKNOWN));
            json.name("vocab").open('[');
            specialTokens.forEach(token -> writePiece(json, token, 0));
            pieces.forEach(piece -> writePiece(json, piece.text, piece.score));
            json.close(']');
            json.name("byte_fallback").value(false);
        });
    }

    private static void writePiece(JsonWriter json, String text, double score) {
        json.open('[').string(text).value(score).close(']');
    }
}
