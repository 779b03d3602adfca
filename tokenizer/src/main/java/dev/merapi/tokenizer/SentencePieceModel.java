package dev.merapi.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;

/// A SentencePiece model as its C++ library has it: the whole text is cut at once, spaces are characters like
/// others. Unigram models ([Viterbi]) add scores in single precision, user-defined symbols win over everything;
/// BPE models join pieces by score ([PieceMerges]). What no piece spells becomes the pieces of its UTF-8 bytes,
/// or else an unknown token, one for as many in a row as there are.
///
/// A token reaches to where the next one starts, so that it takes along what the normalizer dropped after it.
/// Of the bytes of a character, the last has its place, and those before it nothing at its start.
final class SentencePieceModel implements Model {
    private final Vocabulary vocabulary;
    private final int unknown;
    private final int[] bytes; // ids of <0x00> to <0xFF>; null: no fallback
    private final boolean spaceIsSuffix;
    private final Supplier<Cut> cut;

    /// @param name of the file, for errors
    /// @param pieces those of the file, or in another order and with more control pieces
    SentencePieceModel(String name, SentencePieceFile file, SentencePieceFile.Pieces pieces) {
        int unknownId = -1;
        for (int id = 0; id < pieces.size(); id++) {
            if (pieces.type(id) == SentencePieceFile.Type.UNKNOWN) {
                unknownId = id;
            }
        }
        vocabulary = new Vocabulary(pieces.texts()).requireDistinct(name);
        unknown = unknownId;
        bytes = file.byteFallback() ? BytePiece.ids(vocabulary) : null;
        spaceIsSuffix = file.spaceIsSuffix();
        cut = switch (file.algorithm()) {
            case UNIGRAM -> {
                Viterbi.Scores scores = scores(pieces);
                WordCache cache = new WordCache();
                boolean wordwise = !spaceIsSuffix && WordwiseViterbi.fits(pieces.texts(), scores.byId());
                yield () -> wordwise ? new WordwiseViterbi(scores, cache) : new Viterbi(scores);
            }
            case BPE -> {
                PieceMerges.Pieces merges = merges(pieces);
                yield () -> new PieceMerges(merges);
            }
            default ->
                throw new TokenizerException("SentencePiece: models of type " + file.algorithm()
                        + " are not supported, expected UNIGRAM or BPE; train the model with one of these");
        };
    }

    /// The scores of unigrams: a user-defined symbol's is just below that of as many best pieces as it has
    /// bytes.
    private Viterbi.Scores scores(SentencePieceFile.Pieces pieces) {
        float lowest = Float.MAX_VALUE;
        float highest = Float.MIN_NORMAL; // where SentencePiece starts, so that it is this if all scores are negative
        for (int id = 0; id < pieces.size(); id++) {
            if (pieces.type(id) == SentencePieceFile.Type.NORMAL) {
                lowest = Math.min(lowest, pieces.score(id));
                highest = Math.max(highest, pieces.score(id));
            }
        }
        double[] scores = new double[pieces.size()];
        for (int id = 0; id < scores.length; id++) {
            scores[id] = switch (pieces.type(id)) {
                case NORMAL -> pieces.score(id);
                case USER_DEFINED -> pieces.texts().get(id).getBytes(StandardCharsets.UTF_8).length * highest - 0.1;
                default -> Double.NaN;
            };
        }
        return new Viterbi.Scores(vocabulary.trie(), scores, unknown, lowest - (float) Unigram.UNKNOWN_PENALTY, true);
    }

    private PieceMerges.Pieces merges(SentencePieceFile.Pieces pieces) {
        SentencePieceFile.Type[] types = new SentencePieceFile.Type[pieces.size()];
        float[] scores = new float[pieces.size()];
        for (int id = 0; id < scores.length; id++) {
            types[id] = pieces.type(id);
            scores[id] = pieces.score(id);
        }
        List<String> symbols = pieces.of(SentencePieceFile.Type.USER_DEFINED);
        Trie found = symbols.isEmpty() ? null : new Trie(Texts.of(symbols), new int[symbols.size()]);
        return new PieceMerges.Pieces(vocabulary.trie(), types, scores, found, unknown);
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public String unknownToken() {
        return vocabulary.token(unknown);
    }

    @Override
    public Segmenter segmenter() {
        return new Stretches(cut.get());
    }

    /// Cuts one stretch of text after the other. Words are numbered by their spaces.
    private final class Stretches implements Segmenter {
        private final Cut cut;

        private Stretches(Cut cut) {
            this.cut = cut;
        }

        @Override
        public void tokenize(NormalizedText text, int from, int to, int word, TokenBuffer tokens) {
            char[] chars = text.chars;
            int unknownFrom = -1;
            int unknownWord = word;
            cut.start(chars, from, to);
            while (cut.next()) {
                int start = cut.from();
                if (start > from && chars[spaceIsSuffix ? start - 1 : start] == SentencePieceNormalizer.SPACE) {
                    word++;
                }
                if (cut.id() == unknown && bytes == null) {
                    if (unknownFrom < 0) {
                        unknownFrom = start;
                        unknownWord = word;
                    }
                    continue;
                }
                if (unknownFrom >= 0) {
                    addUnknown(text, unknownFrom, start, unknownWord, tokens);
                    unknownFrom = -1;
                }
                if (cut.id() == unknown) {
                    addBytes(text, start, cut.to(), word, tokens);
                } else {
                    tokens.add(cut.id(), text.boundary(start), text.boundary(cut.to()), word);
                }
            }
            if (unknownFrom >= 0) {
                addUnknown(text, unknownFrom, to, unknownWord, tokens);
            }
        }

        private void addUnknown(NormalizedText text, int from, int to, int word, TokenBuffer tokens) {
            String surface = new String(text.chars, from, to - from);
            tokens.addUnknown(unknown, surface, text.boundary(from), text.boundary(to), word);
        }

        private void addBytes(NormalizedText text, int from, int to, int word, TokenBuffer tokens) {
            byte[] utf8 = new String(text.chars, from, to - from).getBytes(StandardCharsets.UTF_8);
            int start = text.boundary(from);
            for (int i = 0; i < utf8.length; i++) {
                int end = i == utf8.length - 1 ? text.boundary(to) : start;
                tokens.add(bytes[utf8[i] & 0xFF], start, end, word);
            }
        }
    }
}
