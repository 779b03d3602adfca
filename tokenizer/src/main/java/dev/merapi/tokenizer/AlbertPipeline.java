package dev.merapi.tokenizer;

import java.util.ArrayList;
import java.util.List;

/// ALBERT's tokenizer, of whose SentencePiece model transformers takes the pieces and the rewriting rules
/// alone: what is around them is a pipeline of tokenizers' parts (transformers 5, `AlbertTokenizer`). Quotes of
/// two signs become one, accents go, letters become small, then words are cut one by one by a [Unigram] model.
record AlbertPipeline(String name, SentencePieceFile file, JsonObject settings) {
    private static final int UNKNOWN = 1;

    Unigram model() {
        SentencePieceFile.Pieces pieces = file.pieces();
        if (file.algorithm() != SentencePieceFile.Algorithm.UNIGRAM || pieces.size() <= UNKNOWN) {
            throw new TokenizerException(
                    name + ": ALBERT's model must be UNIGRAM with the unknown piece as piece " + UNKNOWN + ", got "
                            + file.algorithm() + " of " + pieces.size() + " pieces; it is another model's");
        }
        double[] scores = new double[pieces.size()];
        for (int id = 0; id < scores.length; id++) {
            scores[id] = pieces.score(id);
        }
        Unigram model = new Unigram(pieces.texts(), scores, UNKNOWN, false);
        model.vocabulary().requireDistinct(name);
        return model;
    }

    /// Adds the pieces that are found in the text as they are written.
    void addTokens(AddedTokens.Collector collector) {
        for (String text : file.pieces().of(SentencePieceFile.Type.CONTROL)) {
            collector.add(AddedToken.special(text));
        }
        for (String text : file.pieces().of(SentencePieceFile.Type.USER_DEFINED)) {
            collector.add(new AddedToken(text, false, false, false, false, false));
        }
    }

    List<Normalizer> normalizers() {
        List<Normalizer> normalizers = new ArrayList<>();
        normalizers.add(new Replace(new TextPattern.Literal("``"), "\""));
        normalizers.add(new Replace(new TextPattern.Literal("''"), "\""));
        if (!settings.bool("keep_accents", false)) {
            normalizers.add(NormalForm.NFKD);
            normalizers.add(CharacterNormalizer.STRIP_ACCENTS);
        }
        if (settings.bool("do_lower_case", true)) {
            normalizers.add(CharacterNormalizer.LOWERCASE);
        }
        if (file.normalizer().charsmap() != null) {
            normalizers.add(new Precompiled(file.normalizer().charsmap()));
        }
        return List.copyOf(normalizers);
    }

    /// Spaces become `▁`, each word starts with one.
    Metaspace spaces() {
        boolean prefix = settings.bool("add_prefix_space", true);
        return new Metaspace(
                SentencePieceNormalizer.SPACE, prefix ? Metaspace.Prepend.ALWAYS : Metaspace.Prepend.NEVER, true);
    }
}
