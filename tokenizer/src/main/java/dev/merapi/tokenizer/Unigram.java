package dev.merapi.tokenizer;

import java.nio.charset.StandardCharsets;

/// Unigram language model (Kudo 2018, arXiv:1804.10959) as tokenizers 0.23 has it: each word is cut where the
/// sum of its pieces' scores is greatest ([Viterbi]). A character that no piece spells costs ten more than the
/// worst piece; several in a row are one unknown token, or, with byte fallback, the tokens of their UTF-8
/// bytes.
///
/// [SentencePieceModel] is the same model as SentencePiece has it, which adds in single precision.
final class Unigram implements Model {
    static final double UNKNOWN_PENALTY = 10;

    private final Vocabulary vocabulary;
    private final Viterbi.Scores scores;
    private final int unknown;
    private final boolean wordwise;
    private final WordCache cache = new WordCache();
    private final int[] bytes; // ids of <0x00> to <0xFF>; null: no fallback

    /// @param tokens by id; of equal ones the last counts
    /// @param scores by id
    /// @param unknown id of the unknown token, -1 for none
    Unigram(Texts tokens, double[] scores, int unknown, boolean byteFallback) {
        if (unknown >= tokens.size()) {
            throw new TokenizerException("Unigram: unk_id " + unknown + " is not in the vocabulary of " + tokens.size()
                    + " tokens; correct the file");
        }
        double lowest = Double.POSITIVE_INFINITY;
        for (int id = 0; id < scores.length; id++) {
            if (!Double.isFinite(scores[id])) {
                throw new TokenizerException("Unigram: the score of \"" + tokens.get(id) + "\" must be finite, got "
                        + scores[id] + "; the file is damaged");
            }
            lowest = Math.min(lowest, scores[id]);
        }
        this.vocabulary = new Vocabulary(tokens);
        this.scores = new Viterbi.Scores(vocabulary.trie(), scores, unknown, lowest - UNKNOWN_PENALTY, false);
        this.wordwise = WordwiseViterbi.fits(tokens, scores);
        this.unknown = unknown;
        this.bytes = byteFallback ? BytePiece.ids(vocabulary) : null;
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public String unknownToken() {
        return unknown < 0 ? null : vocabulary.token(unknown);
    }

    @Override
    public Segmenter segmenter() {
        return new Words();
    }

    /// Cuts one word after the other.
    private final class Words implements Segmenter {
        private final Cut cut = wordwise ? new WordwiseViterbi(scores, cache) : new Viterbi(scores);

        @Override
        public void tokenize(NormalizedText text, int from, int to, int word, TokenBuffer tokens) {
            int unknownFrom = -1;
            cut.start(text.chars, from, to);
            while (cut.next()) {
                if (cut.id() == unknown) {
                    unknownFrom = unknownFrom < 0 ? cut.from() : unknownFrom;
                    continue;
                }
                if (unknownFrom >= 0) {
                    addUnknown(text, unknownFrom, cut.from(), word, tokens);
                    unknownFrom = -1;
                }
                tokens.add(cut.id(), text.start(cut.from()), text.end(cut.to() - 1), word);
            }
            if (unknownFrom >= 0) {
                addUnknown(text, unknownFrom, to, word, tokens);
            }
        }

        private void addUnknown(NormalizedText text, int from, int to, int word, TokenBuffer tokens) {
            String surface = new String(text.chars, from, to - from);
            int start = text.start(from);
            int end = text.end(to - 1);
            if (bytes != null && vocabulary.id(surface) < 0) {
                byte[] utf8 = surface.getBytes(StandardCharsets.UTF_8);
                if (allKnown(utf8)) {
                    for (byte b : utf8) {
                        tokens.add(bytes[b & 0xFF], start, end, word);
                    }
                    return;
                }
            }
            tokens.addUnknown(unknown, surface, start, end, word);
        }

        private boolean allKnown(byte[] utf8) {
            for (byte b : utf8) {
                if (bytes[b & 0xFF] < 0) {
                    return false;
                }
            }
            return true;
        }
    }
}
