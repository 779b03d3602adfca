package dev.merapi.tokenizer;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.Map;
import java.util.stream.IntStream;

/// A map from strings to numbers ≥ 0 that finds the longest key at a place of a text in one walk: a double array
/// (Aoe 1989, doi:10.1109/32.31365) over UTF-16 units.
///
/// Units are renumbered by how often the keys use them, from 1, so that children lie close together. The child of node
/// `s` by the unit with number `k` is `t = base[s] + k`, if `parent[t] == s`.
final class Trie {
    static final int ROOT = 0;
    static final int NONE = -1;

    private final char[] numbers; // of the units up to the highest in use; 0: in no key
    private int[] base = new int[256];
    private int[] parent = new int[256];
    private int[] value = new int[256];

    Trie(Map<String, Integer> entries) {
        String[] keys = entries.keySet().toArray(String[]::new);
        Arrays.sort(keys);
        numbers = number(keys);
        Arrays.fill(parent, NONE);
        Arrays.fill(value, NONE);
        int nodes = place(keys, entries);
        int units = 0;
        for (char number : numbers) {
            units = Math.max(units, number);
        }
        resize(nodes + units); // any unit's number may be added to any base without leaving the arrays
    }

    /// The child of `node` by `unit`, or [#NONE].
    int child(int node, char unit) {
        if (unit >= numbers.length) {
            return NONE;
        }
        int child = base[node] + numbers[unit];
        return parent[child] == node ? child : NONE;
    }

    /// The number of the key that ends at `node`, or [#NONE].
    int value(int node) {
        return value[node];
    }

    /// The node that `key` leads to from the root, or [#NONE].
    int find(String key) {
        int node = ROOT;
        for (int i = 0; i < key.length() && node != NONE; i++) {
            node = child(node, key.charAt(i));
        }
        return node;
    }

    /// The number of `key`, or [#NONE].
    int get(String key) {
        int node = find(key);
        return node == NONE ? NONE : value[node];
    }

    /// The longest key below `node` that the text spells from `from` on, ending at `to` at the latest: its end in the
    /// upper half, its number in the lower; negative if there is none. The empty key is not found.
    long longest(int node, char[] text, int from, int to) {
        long found = NONE;
        for (int i = from; i < to; i++) {
            char unit = text[i];
            if (unit >= numbers.length) {
                break;
            }
            int child = base[node] + numbers[unit];
            if (parent[child] != node) {
                break;
            }
            node = child;
            if (value[node] != NONE) {
                found = (long) (i + 1) << 32 | value[node];
            }
        }
        return found;
    }

    private static char[] number(String[] keys) {
        int[] uses = new int[Character.MAX_VALUE + 1];
        for (String key : keys) {
            key.chars().forEach(unit -> uses[unit]++);
        }
        int[] used = IntStream.range(0, uses.length)
                .filter(unit -> uses[unit] > 0)
                .boxed()
                .sorted((a, b) -> Integer.compare(uses[b], uses[a]))
                .mapToInt(Integer::intValue)
                .toArray();
        char[] numbers = new char[Arrays.stream(used).max().orElse(-1) + 1];
        for (int i = 0; i < used.length; i++) {
            numbers[used[i]] = (char) (i + 1);
        }
        return numbers;
    }

    /// A node whose children have no place yet: `keys[from, to)` pass through it and agree on `depth` units.
    private record Open(int at, int from, int to, int depth) {}

    /// Gives every node its place; returns how far they reach.
    private int place(String[] keys, Map<String, Integer> entries) {
        BitSet taken = new BitSet();
        taken.set(ROOT);
        int firstFree = 1; // below it the array is so full that it is not worth searching
        Deque<Open> open = new ArrayDeque<>();
        open.push(new Open(ROOT, 0, keys.length, 0));
        while (!open.isEmpty()) {
            Open node = open.pop();
            int from = node.from;
            if (from < node.to && keys[from].length() == node.depth) {
                value[node.at] = entries.get(keys[from++]);
            }
            if (from == node.to) {
                continue;
            }
            int[] starts = childStarts(keys, from, node.to, node.depth);
            int[] children = new int[starts.length - 1];
            for (int i = 0; i < children.length; i++) {
                children[i] = numbers[keys[starts[i]].charAt(node.depth)];
            }
            int offset = findRoom(children, taken, firstFree);
            base[node.at] = offset;
            for (int i = 0; i < children.length; i++) {
                int child = offset + children[i];
                if (child >= parent.length) {
                    resize(2 * child);
                }
                taken.set(child);
                parent[child] = node.at;
                open.push(new Open(child, starts[i], starts[i + 1], node.depth + 1));
            }
            firstFree = Math.max(firstFree, taken.nextClearBit(firstFree));
            if (taken.length() - firstFree > 4096
                    && taken.get(firstFree, firstFree + 4096).cardinality() > 4000) {
                firstFree += 4096;
            }
        }
        return taken.length();
    }

    /// Where the keys of each next unit start, and where the last ones end.
    private static int[] childStarts(String[] keys, int from, int to, int depth) {
        return IntStream.concat(
                        IntStream.range(from, to)
                                .filter(i -> i == from || keys[i].charAt(depth) != keys[i - 1].charAt(depth)),
                        IntStream.of(to))
                .toArray();
    }

    private static int findRoom(int[] children, BitSet taken, int firstFree) {
        int lowest = Arrays.stream(children).min().orElseThrow();
        for (int free = taken.nextClearBit(Math.max(firstFree, lowest)); ; free = taken.nextClearBit(free + 1)) {
            int offset = free - lowest;
            if (Arrays.stream(children).noneMatch(child -> taken.get(offset + child))) {
                return offset;
            }
        }
    }

    private void resize(int size) {
        int old = parent.length;
        base = Arrays.copyOf(base, size);
        parent = Arrays.copyOf(parent, size);
        value = Arrays.copyOf(value, size);
        if (size > old) {
            Arrays.fill(parent, old, size, NONE);
            Arrays.fill(value, old, size, NONE);
        }
    }
}
