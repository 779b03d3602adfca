package dev.merapi.tokenizer;

import java.util.Arrays;

/// [Viterbi] for models none of whose pieces goes on over the start of a word, `▁`: each word can be cut by
/// itself, and frequent words need not be cut again.
///
/// Sums are rounded, so the best way through a word may depend on the sum before it. A word's pieces are
/// remembered with the gap by which they won; they are taken again only where all rounding there could not
/// close it: `L` additions in a sum of magnitude `m` are off by `L · m · ε` at most, on either side. Else the
/// word is cut anew.
final class WordwiseViterbi extends Cut {
    private static final double MARGIN = 10_000;
    private static final double SINGLE_EPSILON = 0x1p-23;
    private static final double DOUBLE_EPSILON = 0x1p-52;

    private final Viterbi viterbi;
    private final Viterbi.Scores scores;
    private final WordCache cache;
    private final double epsilon;

    private char[] chars;
    private int to;
    private double sum;
    private int wordFrom;
    private int wordTo;
    private final WordCache.Word word = new WordCache.Word();
    private long[] buffer = new long[16];
    private long[] pieces = buffer; // from `next` to before `count`, each piece of the word: id << 32 | end in the word
    private int next;
    private int count;

    /// @param cache of the words of all threads
    WordwiseViterbi(Viterbi.Scores scores, WordCache cache) {
        this.viterbi = new Viterbi(scores);
        this.scores = scores;
        this.cache = cache;
        this.epsilon = scores.single() ? SINGLE_EPSILON : DOUBLE_EPSILON;
    }

    /// Whether a model's words can be cut by themselves: no token has a space's symbol but at its start, and
    /// sums only fall.
    static boolean fits(Texts tokens, double[] scores) {
        char[] units = tokens.units();
        for (int token = 0, i = 0; token < tokens.size(); token++) {
            for (i++; i < tokens.end(token); i++) {
                if (units[i] == SentencePieceNormalizer.SPACE) {
                    return false;
                }
            }
            i = tokens.end(token);
        }
        for (double score : scores) {
            if (score > 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    void start(char[] text, int from, int to) {
        chars = text;
        this.to = to;
        sum = 0;
        wordTo = from;
        count = 0;
        next = 0;
        end = from;
    }

    @Override
    boolean next() {
        if (next == count) {
            if (wordTo == to) {
                return false;
            }
            wordFrom = wordTo++;
            while (wordTo < to && chars[wordTo] != SentencePieceNormalizer.SPACE) {
                wordTo++;
            }
            cutWord();
        }
        from = end;
        end = wordFrom + (int) pieces[next];
        id = (int) (pieces[next] >>> 32);
        next++;
        return true;
    }

    private void cutWord() {
        int length = wordTo - wordFrom;
        boolean low =
                scores.single() && sum < Viterbi.LOWEST_SUM + MARGIN; // it may be summed anew in the middle of the word
        boolean known = length <= WordCache.MAX_LENGTH && !low;
        if (known) {
            word.set(chars, wordFrom, wordTo);
            long[] entry = cache.get(word);
            if (entry != null && holds(entry[word.size()], length)) {
                pieces = entry;
                next = word.size() + 1;
                count = entry.length;
                for (int i = next; i < count; i++) {
                    sum = scores.add(sum, (int) (entry[i] >>> 32));
                }
                return;
            }
        }
        double before = sum;
        viterbi.start(chars, wordFrom, wordTo, sum);
        next = 0;
        count = 0;
        while (viterbi.next()) {
            if (count == buffer.length) {
                buffer = Arrays.copyOf(buffer, 2 * count);
            }
            buffer[count++] = (long) viterbi.id() << 32 | viterbi.to() - wordFrom;
        }
        sum = viterbi.sum();
        pieces = buffer;
        if (known) {
            remember(Math.abs(sum - before), before, length);
        }
    }

    /// Remembers the word's pieces behind the gap by which they won and the size of their sum, where rounding
    /// cannot close the gap.
    private void remember(double size, double before, int length) {
        double gap = viterbi.gap() - error(before, size, length);
        if (gap > 0) {
            long[] entry = word.entry(1 + count);
            entry[word.size()] = (long) Float.floatToIntBits((float) gap) << 32
                    | Float.floatToIntBits(Math.nextUp((float) size)) & 0xFFFFFFFFL;
            System.arraycopy(buffer, 0, entry, word.size() + 1, count);
            cache.put(word, entry);
        }
    }

    private boolean holds(long gapAndSize, int length) {
        double gap = Float.intBitsToFloat((int) (gapAndSize >>> 32));
        return gap > error(sum, Float.intBitsToFloat((int) gapAndSize), length);
    }

    /// What rounding can add to the difference of two ways through a word, with room to spare.
    private double error(double before, double size, int length) {
        return 4 * (length + 1) * epsilon * (Math.abs(before) + size);
    }
}
