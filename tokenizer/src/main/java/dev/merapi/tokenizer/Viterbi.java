package dev.merapi.tokenizer;

import java.util.Arrays;

/// Finds the way to cut a text into pieces with the greatest sum of scores (Viterbi 1967), from left to right:
/// for each place the best last piece that ends there. Of equal sums the piece that starts first wins. Where no
/// piece spans a place, all ways meet: what comes before is decided there and handed out, so that room is
/// needed for a few words only, however long the text.
final class Viterbi extends Cut {

    /// What pieces are worth.
    ///
    /// @param trie the pieces' ids
    /// @param byId NaN for pieces that are not found in texts
    /// @param unknown id of the token for a character that is no piece itself; -1 for none, which makes it an
    ///     error
    /// @param ofUnknown what that token is worth
    /// @param single whether sums are rounded to single precision, as SentencePiece keeps them
    record Scores(Trie trie, double[] byId, int unknown, double ofUnknown, boolean single) {

        /// The sum after a piece is added.
        double add(double sum, int piece) {
            double next = sum + (piece == unknown ? ofUnknown : byId[piece]);
            return single ? (float) next : next;
        }
    }

    /// Where SentencePiece starts to sum anew.
    static final double LOWEST_SUM = -100_000;

    private final Trie trie;
    private final double[] scores;
    private final int unknown;
    private final double ofUnknown;
    private final boolean single;

    private char[] chars;
    private int to; // the end of the text
    private int at; // the next place to look for pieces from
    private int base; // what comes before this place is decided
    private int reach; // how far the pieces found reach
    private double[] best = new double[64]; // for each place from `base` on: the greatest sum up to it, the next to it,
    private double[] second = new double[64];
    private int[] lengths = new int[64]; // and the length and id of the last piece of the best way; 0: no way yet
    private int[] ids = new int[64];

    private int decided; // pieces up to this place can be handed out
    private double gap;

    Viterbi(Scores scores) {
        this.trie = scores.trie;
        this.scores = scores.byId;
        this.unknown = scores.unknown;
        this.ofUnknown = scores.ofUnknown;
        this.single = scores.single;
    }

    @Override
    void start(char[] text, int from, int to) {
        start(text, from, to, 0);
    }

    /// Starts over where the pieces before sum up to `sum`.
    void start(char[] text, int from, int to, double sum) {
        this.chars = text;
        this.to = to;
        at = from;
        base = from;
        reach = from;
        decided = from;
        end = from;
        best[0] = sum;
        gap = Double.POSITIVE_INFINITY;
    }

    @Override
    boolean next() {
        if (end == decided) {
            if (at == to) {
                return false;
            }
            decide();
        }
        from = end;
        int place = from - base;
        end = from + lengths[place];
        id = ids[place];
        return true;
    }

    /// The sum up to where it is decided.
    double sum() {
        return best[decided - base];
    }

    /// By how much the pieces chosen so far were better than others, at the least.
    double gap() {
        return gap;
    }

    /// Goes on to the next place where all ways meet, and turns the pieces on the best way there to be read
    /// forward.
    private void decide() {
        best[0] = best[at - base];
        base = at;
        do {
            search();
        } while (at < reach);
        decided = at;
        int length = 0;
        int piece = 0;
        for (int place = at - base; place > 0; ) {
            gap = Math.min(gap, best[place] - second[place]);
            int nextLength = lengths[place];
            int nextPiece = ids[place];
            lengths[place] = length;
            ids[place] = piece;
            length = nextLength;
            piece = nextPiece;
            place -= length;
        }
        lengths[0] = length;
        ids[0] = piece;
    }

    /// Finds the pieces from `at` on, and goes on by one code point.
    private void search() {
        int start = at;
        int oneCharacter = start + (Character.isHighSurrogate(chars[start]) ? 2 : 1);
        if (single && best[start - base] < LOWEST_SUM) {
            startOver(start);
        }
        double here = best[start - base];
        boolean spelled = false;
        int node = Trie.ROOT;
        for (int i = start; i < to; ) {
            node = trie.child(node, chars[i++]);
            if (node == Trie.NONE) {
                break;
            }
            int piece = trie.value(node);
            if (piece >= 0) {
                double score = scores[piece];
                if (score == score) {
                    double sum = here + score;
                    relax(start, i, single ? (float) sum : sum, piece);
                    spelled |= i == oneCharacter;
                }
            }
        }
        if (!spelled) {
            double sum = here + ofUnknown;
            relax(start, oneCharacter, single ? (float) sum : sum, unknown);
        }
        at = oneCharacter;
    }

    /// Counts sums from this place on, so that rounding them does not decide more than it must.
    private void startOver(int start) {
        double sum = best[start - base];
        for (int place = start - base; place <= reach - base; place++) {
            best[place] = (float) (best[place] - sum);
            second[place] = (float) (second[place] - sum);
        }
    }

    private void relax(int start, int stop, double sum, int piece) {
        int place = stop - base;
        if (stop > reach) {
            open(stop);
        }
        if (lengths[place] == 0 || sum > best[place]) {
            if (piece < 0) {
                throw new TokenizerException("Unigram: the text has a character that no piece spells, and the model has"
                        + " no unknown token; name one as unk_id");
            }
            second[place] = lengths[place] == 0 ? Double.NEGATIVE_INFINITY : best[place];
            best[place] = sum;
            lengths[place] = stop - start;
            ids[place] = piece;
        } else if (sum > second[place]) {
            second[place] = sum;
        }
    }

    /// Pieces reach further than before, to `stop`.
    private void open(int stop) {
        int place = stop - base;
        if (place >= best.length) {
            int capacity = Math.max(place + 1, 2 * best.length);
            best = Arrays.copyOf(best, capacity);
            second = Arrays.copyOf(second, capacity);
            lengths = Arrays.copyOf(lengths, capacity);
            ids = Arrays.copyOf(ids, capacity);
        }
        for (int i = reach + 1 - base; i <= place; i++) {
            lengths[i] = 0;
        }
        reach = stop;
    }
}
