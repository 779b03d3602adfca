package dev.merapi.tokenizer;

import java.util.Arrays;

/// The tokens of one text, in order, before special tokens are put around them: id, place in the text (UTF-16),
/// and the number of the word they belong to. Reused from text to text.
final class TokenBuffer {
    private int size;
    private int[] ids = new int[32];
    private int[] starts = new int[32];
    private int[] ends = new int[32];
    private int[] words = new int[32];
    private boolean surrogates; // else places in code points are those in UTF-16
    private int[] codePointStarts = new int[0];
    private int[] codePointEnds = codePointStarts;

    // The tokens whose text is not that of the vocabulary: where in the buffer, their text, and whether they were cut
    // out of the text before the model saw it.
    private int added;
    private int[] addedAt = new int[4];
    private String[] addedText = new String[4];
    private boolean[] addedWhole = new boolean[4];

    /// Starts over with another text.
    void clear() {
        size = 0;
        added = 0;
        surrogates = false;
    }

    int size() {
        return size;
    }

    int id(int i) {
        return ids[i];
    }

    int start(int i) {
        return starts[i];
    }

    int end(int i) {
        return ends[i];
    }

    int word(int i) {
        return words[i];
    }

    int codePointStart(int i) {
        return !surrogates ? starts[i] : codePointStarts[i];
    }

    int codePointEnd(int i) {
        return !surrogates ? ends[i] : codePointEnds[i];
    }

    /// Whether places counted in code points differ from those in UTF-16 units.
    boolean hasSurrogates() {
        return surrogates;
    }

    void add(int id, int start, int end, int word) {
        if (size == ids.length) {
            int capacity = 2 * size;
            ids = Arrays.copyOf(ids, capacity);
            starts = Arrays.copyOf(starts, capacity);
            ends = Arrays.copyOf(ends, capacity);
            words = Arrays.copyOf(words, capacity);
        }
        ids[size] = id;
        starts[size] = start;
        ends[size] = end;
        words[size] = word;
        size++;
    }

    /// Adds a token that was found in the text as `text`, which white space and normalization may make other
    /// than its content.
    void addFound(int id, String text, int start, int end, int word) {
        addWithText(id, text, true, start, end, word);
    }

    /// Adds a token by which a model says that it does not know `text`.
    void addUnknown(int id, String text, int start, int end, int word) {
        addWithText(id, text, false, start, end, word);
    }

    private void addWithText(int id, String text, boolean whole, int start, int end, int word) {
        if (added == addedAt.length) {
            addedAt = Arrays.copyOf(addedAt, 2 * added);
            addedText = Arrays.copyOf(addedText, 2 * added);
            addedWhole = Arrays.copyOf(addedWhole, 2 * added);
        }
        addedAt[added] = size;
        addedText[added] = text;
        addedWhole[added] = whole;
        added++;
        add(id, start, end, word);
    }

    /// Forgets the tokens from `newSize` on; none of them may have been found in the text.
    void cut(int newSize) {
        size = newSize;
    }

    /// Counts the places in code points too, for a text that has surrogate pairs.
    void countCodePoints(char[] text) {
        surrogates = true;
        if (codePointStarts.length < size) {
            codePointStarts = new int[ids.length];
            codePointEnds = new int[ids.length];
        }
        int at = 0;
        int codePoints = 0;
        for (int i = 0; i < 2 * size; i++) {
            int place = i % 2 == 0 ? starts[i / 2] : ends[i / 2];
            for (; at < place; at++) {
                codePoints += Character.isLowSurrogate(text[at]) ? 0 : 1;
            }
            for (; at > place; at--) {
                codePoints -= Character.isLowSurrogate(text[at - 1]) ? 0 : 1;
            }
            (i % 2 == 0 ? codePointStarts : codePointEnds)[i / 2] = codePoints;
        }
    }

    /// Puts the texts of the tokens of a window that do not read as in the vocabulary into `texts`, from `at`
    /// on.
    ///
    /// @param texts null: none so far; made with `length` places if there is one now
    String[] ownTexts(Window window, String[] texts, int at, int length) {
        String[] own = texts;
        int first = Arrays.binarySearch(addedAt, 0, added, window.start());
        for (int k = first < 0 ? ~first : first; k < added && addedAt[k] < window.end(); k++) {
            own = own == null ? new String[length] : own;
            own[at + addedAt[k] - window.start()] = addedText[k];
        }
        return own;
    }

    private boolean isFound(int i) {
        int at = added == 0 ? -1 : Arrays.binarySearch(addedAt, 0, added, i);
        return at >= 0 && addedWhole[at];
    }

    /// The number of tokens tokenizers 0.23 would have before it truncates to `limit`: it stops at the end of
    /// the word that reaches the limit, counting from the side that is kept; words cut out of the text do not
    /// stop it.
    ///
    /// This decides which text of a pair counts as the longer one, and thereby which of the two gets an odd
    /// token.
    int countedSize(int limit, Side cut) {
        boolean fromLeft = cut == Side.RIGHT;
        for (int n = 1; n <= size; n++) {
            int last = fromLeft ? n - 1 : size - n;
            int next = fromLeft ? n : size - n - 1;
            boolean endOfWord = n == size || words[next] != words[last];
            if (n >= limit && endOfWord && !isFound(last)) {
                return n;
            }
        }
        return size;
    }
}
