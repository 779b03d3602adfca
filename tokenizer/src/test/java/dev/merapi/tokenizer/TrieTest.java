package dev.merapi.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TrieTest {

    @Test
    void findsTheLongestKeyAndWhereItEnds() {
        Trie trie = Trie.of(Map.of("a", 0, "abc", 1, "b", 2, "漢", 3));
        char[] text = "abdabc漢".toCharArray();
        assertEquals(1L << 32, trie.longest(Trie.ROOT, text, 0, 7)); // a, not abc
        assertEquals(6L << 32 | 1, trie.longest(Trie.ROOT, text, 3, 7)); // abc
        assertEquals(4L << 32, trie.longest(Trie.ROOT, text, 3, 5)); // a, as abc does not fit
        assertEquals(7L << 32 | 3, trie.longest(Trie.ROOT, text, 6, 7));
        assertEquals(-1, trie.longest(Trie.ROOT, text, 2, 7)); // d
    }

    @Test
    void continuesFromANode() {
        Trie trie = Trie.of(Map.of("##s", 5, "##", 6, "s", 7));
        int inside = trie.find("##");
        assertEquals(6, trie.value(inside));
        assertEquals(1L << 32 | 5, trie.longest(inside, new char[] {'s'}, 0, 1));
        assertEquals(-1, trie.longest(inside, new char[0], 0, 0));
    }

    @Test
    void emptyTrieFindsNothing() {
        Trie trie = Trie.of(Map.of());
        assertEquals(-1, trie.longest(Trie.ROOT, "a\uFFFF".toCharArray(), 0, 2));
        assertEquals(-1, trie.get("a"));
        assertEquals(-1, trie.get(""));
    }

    @Test
    void agreesWithASortedMapOnRandomKeys() {
        Random random = new Random(1);
        for (int round = 0; round < 30; round++) {
            int letters = 1 + random.nextInt(round < 20 ? 5 : 3000);
            TreeMap<String, Integer> map = new TreeMap<>();
            for (int i = 0; i < 2000; i++) {
                map.put(word(random, letters), i);
            }
            Trie trie = Trie.of(map);
            for (int i = 0; i < 2000; i++) {
                String text = word(random, letters) + word(random, letters);
                long expected = -1;
                for (int end = 1; end <= text.length(); end++) {
                    Integer value = map.get(text.substring(0, end));
                    expected = value == null ? expected : (long) end << 32 | value;
                }
                assertEquals(expected, trie.longest(Trie.ROOT, text.toCharArray(), 0, text.length()), text);
                assertEquals(map.getOrDefault(text, -1), trie.get(text), text);
            }
        }
    }

    @Test
    void ofEqualKeysTheLastCounts() {
        Trie trie = new Trie(Texts.of(List.of("a", "ab", "c", "ab")), new int[] {7, 8, 9, 10});
        assertEquals(10, trie.get("ab"));
        assertEquals(7, trie.get("a"));
        assertEquals(1, trie.repeated());
        assertEquals(Trie.NONE, Trie.of(Map.of("a", 1, "b", 2)).repeated());
    }

    private static String word(Random random, int letters) {
        StringBuilder word = new StringBuilder();
        for (int length = random.nextInt(6); length > 0; length--) {
            word.append((char) (' ' + 20 * random.nextInt(letters)));
        }
        return word.toString();
    }
}
