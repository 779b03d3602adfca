package dev.merapi.tokenizer;

import java.util.List;

/// SentencePiece's own normalizer: from left to right, at each place the longest rule of the [Charsmap] that
/// matches, else the character as it is; then spaces are reduced to one, `▁` takes their place, and one is put
/// in front.
///
///     "  Ａ ｂ\tc "  →  "▁A▁b▁c"
///
/// User-defined symbols are never rewritten. The origin of each unit is the place of the stretch that its rule
/// matched; a piece reaches to the origin of what follows it, so that spaces which are dropped belong to the
/// piece before.
final class SentencePieceNormalizer implements Normalizer {
    static final char SPACE = '▁';

    private static final char SLOW = '\uFFFF'; // a rule or a symbol starts like this, or it becomes more than one unit
    private static final char DROP = '\uFFFE';
    private static final int COPY = -1;

    private final Charsmap charsmap;
    private final Trie symbols; // null: none
    private final boolean prefix;
    private final boolean suffix;
    private final boolean reduce;
    private final char space;
    private final char[] ascii = new char[128]; // what becomes of each before another ASCII character or the end

    SentencePieceNormalizer(SentencePieceFile.Rules rules, boolean spaceIsSuffix, List<String> userSymbols) {
        charsmap = rules.charsmap();
        symbols = userSymbols.isEmpty() ? null : new Trie(Texts.of(userSymbols), new int[userSymbols.size()]);
        prefix = rules.dummyPrefix() && !spaceIsSuffix;
        suffix = rules.dummyPrefix() && spaceIsSuffix;
        reduce = rules.removeExtraSpaces();
        space = rules.escapeSpaces() ? SPACE : ' ';
        for (char c = 0; c < 128; c++) {
            ascii[c] = plain(c);
        }
    }

    private char plain(char c) {
        if (symbols != null && symbols.child(Trie.ROOT, c) != Trie.NONE) {
            return SLOW;
        }
        int node = charsmap == null ? Charsmap.NONE : charsmap.child(Charsmap.ROOT, c);
        if (node == Charsmap.NONE) {
            return c;
        }
        if (charsmap.continuesInAscii(node)) {
            return SLOW;
        }
        int result = charsmap.result(node);
        if (result == Charsmap.NONE) {
            return c;
        }
        int first = charsmap.codePoint(result);
        if (first == 0) {
            return DROP;
        }
        boolean single = charsmap.codePoint(result + Charsmap.width(first)) == 0;
        return single && first < SLOW - 1 ? (char) first : SLOW;
    }

    @Override
    public void apply(NormalizedText text) {
        char[] chars = text.chars;
        int length = text.length;
        int at = reduce ? skipSpaces(chars, length) : 0;
        if (at < length && prefix) {
            text.put(space, ~text.start(at));
        }
        boolean afterSpace = reduce;
        boolean empty = at == length;
        while (at < length) {
            char c = chars[at];
            char plain = c < 128 && (at + 1 == length || chars[at + 1] < 128) ? ascii[c] : SLOW;
            if (plain != SLOW) {
                if (plain == ' ') {
                    if (!afterSpace) {
                        text.put(space, text.origin(at));
                        afterSpace = reduce;
                    }
                } else if (plain != DROP) {
                    text.put(plain, text.origin(at));
                    afterSpace = false;
                }
                at++;
                continue;
            }
            long match = match(chars, at, length);
            afterSpace = write(match, at, afterSpace, text);
            at = (int) (match >>> 32);
        }
        int end = length == 0 ? text.base() : text.end(length - 1);
        if (reduce) {
            for (int place = text.takeBack(space); place >= 0; place = text.takeBack(space)) {
                end = place;
            }
        }
        if (suffix && !empty) {
            text.put(space, ~end);
        }
        text.turn(end);
    }

    private int skipSpaces(char[] chars, int length) {
        for (int at = 0; at < length; ) {
            long match = match(chars, at, length);
            int result = (int) match;
            int end = (int) (match >>> 32);
            boolean isSpace = result == COPY
                    ? end == at + 1 && chars[at] == ' '
                    : charsmap.codePoint(result) == ' ' && charsmap.codePoint(result + 1) == 0;
            if (!isSpace) {
                return at;
            }
            at = end;
        }
        return length;
    }

    /// What is rewritten at `from`: where it ends in the upper half, its result or [#COPY] in the lower.
    private long match(char[] chars, int from, int length) {
        if (symbols != null) {
            long symbol = symbols.longest(Trie.ROOT, chars, from, length);
            if (symbol >= 0) {
                return packed((int) (symbol >>> 32), COPY);
            }
        }
        int end = from + (Character.isHighSurrogate(chars[from]) ? 2 : 1);
        int result = COPY;
        int node = charsmap == null ? Charsmap.NONE : Charsmap.ROOT;
        for (int at = from; at < length && node != Charsmap.NONE; ) {
            int codePoint = chars[at++];
            if (Character.isHighSurrogate((char) codePoint)) {
                codePoint = Character.toCodePoint((char) codePoint, chars[at++]);
            }
            node = charsmap.child(node, codePoint);
            int found = node == Charsmap.NONE ? Charsmap.NONE : charsmap.result(node);
            if (found != Charsmap.NONE) {
                result = found;
                end = at;
            }
        }
        return packed(end, result);
    }

    private static long packed(int end, int result) {
        return (long) end << 32 | result & 0xFFFFFFFFL;
    }

    /// Writes what was matched, less the spaces it starts with if there is one before it. Returns whether a
    /// space comes before what follows.
    private boolean write(long match, int from, boolean afterSpace, NormalizedText text) {
        int end = (int) (match >>> 32);
        int result = (int) match;
        int origin = text.origin(from);
        boolean leading = afterSpace;
        int last = -1;
        for (int at = from; ; ) {
            int codePoint;
            if (result != COPY) {
                codePoint = charsmap.codePoint(result);
                result += Charsmap.width(codePoint);
                if (codePoint == 0) {
                    break;
                }
            } else if (at < end) {
                codePoint = Character.codePointAt(text.chars, at, end);
                at += Character.charCount(codePoint);
            } else {
                break;
            }
            if (!leading || codePoint != ' ') {
                leading = false;
                text.put(codePoint == ' ' ? space : codePoint, origin);
                last = codePoint;
            }
        }
        return last < 0 ? afterSpace : last == ' ' && reduce;
    }
}
