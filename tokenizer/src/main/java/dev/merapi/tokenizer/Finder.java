package dev.merapi.tokenizer;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Finds added tokens in a text, from left to right, the longest at each place, each after the one before. Text
/// without any of their first letters costs a table look-up per character.
final class Finder {

    /// What is found: the tokens' places in the text, white space that they take along included. Reused.
    static final class Found {
        private int[] places = new int[16]; // start, end, which
        private int count;

        int count() {
            return count;
        }

        int start(int i) {
            return places[3 * i];
        }

        int end(int i) {
            return places[3 * i + 1];
        }

        int which(int i) {
            return places[3 * i + 2];
        }

        private void add(int start, int end, int which) {
            if (3 * count + 3 > places.length) {
                places = Arrays.copyOf(places, 2 * places.length);
            }
            places[3 * count] = start;
            places[3 * count + 1] = end;
            places[3 * count + 2] = which;
            count++;
        }
    }

    private final AddedToken[] tokens;
    private final Trie patterns;
    private final boolean[] firsts; // by UTF-16 unit, up to the highest first unit

    /// Looks for `patterns.get(i)` on behalf of `tokens.get(i)`. Of two equal patterns the first counts; an
    /// empty one is never found.
    Finder(List<AddedToken> tokens, List<String> patterns) {
        this.tokens = tokens.toArray(AddedToken[]::new);
        Map<String, Integer> numbers = new LinkedHashMap<>();
        int highest = -1;
        for (int i = 0; i < patterns.size(); i++) {
            if (!patterns.get(i).isEmpty()) {
                numbers.putIfAbsent(patterns.get(i), i);
                highest = Math.max(highest, patterns.get(i).charAt(0));
            }
        }
        this.patterns = Trie.of(numbers);
        firsts = new boolean[highest + 1];
        for (String pattern : numbers.keySet()) {
            firsts[pattern.charAt(0)] = true;
        }
    }

    /// Fills `found` with the tokens in `text[from, to)`; nothing outside of it is looked at.
    void find(char[] text, int from, int to, Found found) {
        found.count = 0;
        if (firsts.length == 0) {
            return;
        }
        int free = from; // the end of the last token, with its white space
        for (int i = from; i < to; ) {
            if (text[i] >= firsts.length || !firsts[text[i]]) {
                i++;
                continue;
            }
            long match = patterns.longest(Trie.ROOT, text, i, to);
            if (match < 0) {
                i++;
                continue;
            }
            int start = i;
            int end = (int) (match >>> 32);
            i = end;
            AddedToken token = tokens[(int) match];
            if (token.singleWord() && (wordBefore(text, from, start) || wordAfter(text, end, to))) {
                continue;
            }
            if (token.lstrip()) {
                while (start > free && Unicode.is(text[start - 1], Unicode.WHITESPACE)) {
                    start--;
                }
                start = Math.max(start, free);
            }
            if (token.rstrip()) {
                while (end < to && Unicode.is(text[end], Unicode.WHITESPACE)) {
                    end++;
                }
            }
            if (start < end) {
                found.add(start, end, (int) match);
                free = Math.max(free, end);
            }
        }
    }

    private static boolean wordBefore(char[] text, int from, int at) {
        return at > from && Unicode.is(Character.codePointBefore(text, at, from), Unicode.WORD);
    }

    private static boolean wordAfter(char[] text, int at, int to) {
        return at < to && Unicode.is(Character.codePointAt(text, at, to), Unicode.WORD);
    }
}
