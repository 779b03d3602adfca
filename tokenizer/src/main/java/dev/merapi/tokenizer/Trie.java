package dev.merapi.tokenizer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;

/// A map from strings to numbers ≥ 0 that finds the longest key at a place of a text in one walk: a double
/// array (Aoe 1989, doi:10.1109/32.31365) over UTF-16 units.
///
/// Units are renumbered by how often the keys use them, from 1, so that children lie close together. The child
/// of node `s` by the unit with number `k` is `t = base[s] + k`, if `parent[t] == s`. A node is one `long`, so
/// that a step reads one word:
///
///     bit 0  a key ends here    bits 1–31  base    bits 32–63  parent
final class Trie {
    static final int ROOT = 0;
    static final int NONE = -1;

    private static final long FREE = -1L << 32;
    private static final int LONG_SEARCH = 16;

    private final char[] numbers; // of the units up to the highest in use; 0: in no key
    private long[] nodes;
    private int[] values; // by node
    private int repeated = NONE;

    /// @param keys of equal ones the last counts
    /// @param valueOf by key
    Trie(Texts keys, int[] valueOf) {
        numbers = number(keys);
        nodes = new long[Math.max(256, 4 * keys.size())];
        Arrays.fill(nodes, FREE);
        values = new int[nodes.length];
        int units = 0;
        for (char number : numbers) {
            units = Math.max(units, number);
        }
        int size = place(keys, valueOf, units);
        resize(size + units); // any unit's number may be added to any base without leaving the arrays
        values = Arrays.copyOf(values, size);
    }

    /// The trie of strings with their values.
    static Trie of(Map<String, Integer> entries) {
        int[] values = new int[entries.size()];
        int i = 0;
        for (int value : entries.values()) {
            values[i++] = value;
        }
        return new Trie(Texts.of(entries.keySet()), values);
    }

    /// A key, by its place among the keys, that comes again later; [#NONE] if all differ.
    int repeated() {
        return repeated;
    }

    /// The child of `node` by `unit`, or [#NONE].
    int child(int node, char unit) {
        if (unit >= numbers.length) {
            return NONE;
        }
        int child = ((int) nodes[node] >>> 1) + numbers[unit];
        return (int) (nodes[child] >>> 32) == node ? child : NONE;
    }

    /// The number of the key that ends at `node`, or [#NONE].
    int value(int node) {
        return (nodes[node] & 1) == 0 ? NONE : values[node];
    }

    /// The node that `key` leads to from the root, or [#NONE].
    int find(String key) {
        return find(ROOT, key.toCharArray(), 0, key.length());
    }

    /// The node that `text[from, to)` leads to from `node`, or [#NONE].
    int find(int node, char[] text, int from, int to) {
        for (int i = from; i < to && node != NONE; i++) {
            node = child(node, text[i]);
        }
        return node;
    }

    /// The number of `key`, or [#NONE].
    int get(String key) {
        int node = find(key);
        return node == NONE ? NONE : value(node);
    }

    /// The longest key below `node` that the text spells from `from` on, ending at `to` at the latest: its end
    /// in the upper half, its number in the lower; negative if there is none. The empty key is not found.
    long longest(int node, char[] text, int from, int to) {
        int last = NONE;
        int end = from;
        long content = nodes[node];
        for (int i = from; i < to; i++) {
            char unit = text[i];
            if (unit >= numbers.length) {
                break;
            }
            int child = ((int) content >>> 1) + numbers[unit];
            content = nodes[child];
            if ((int) (content >>> 32) != node) {
                break;
            }
            node = child;
            if ((content & 1) != 0) {
                last = node;
                end = i + 1;
            }
        }
        return last == NONE ? NONE : (long) end << 32 | values[last];
    }

    /// Numbers the units that the keys use.
    private static char[] number(Texts keys) {
        int[] uses = new int[Character.MAX_VALUE + 1];
        for (int i = 0; i < (keys.size() == 0 ? 0 : keys.end(keys.size() - 1)); i++) {
            uses[keys.units()[i]]++;
        }
        int count = 0;
        int highest = -1;
        for (int unit = 0; unit < uses.length; unit++) {
            if (uses[unit] > 0) {
                count++;
                highest = unit;
            }
        }
        char[] used = new char[count];
        for (int unit = 0, i = 0; unit <= highest; unit++) {
            if (uses[unit] > 0) {
                used[i++] = (char) unit;
            }
        }
        if (count > Character.MAX_VALUE) {
            throw new TokenizerException("vocabulary: expected at most 65535 different UTF-16 units, got " + count
                    + "; leave out tokens that no text has");
        }
        char[] numbers = new char[highest + 1];
        int next = 1;
        for (int zeros = 0; next <= count; zeros++) { // the most frequent ones first, by powers of two
            for (char unit : used) {
                if (Integer.numberOfLeadingZeros(uses[unit]) == zeros) {
                    numbers[unit] = (char) next++;
                }
            }
        }
        return numbers;
    }

    /// Gives every node its place; returns how far they reach. Keys are grouped by their units as it goes down:
    /// no key is compared with another.
    private int place(Texts keys, int[] valueOf, int units) {
        char[] chars = keys.units();
        int[] order = new int[keys.size()]; // of the keys: those below a node are next to each other
        int[] grouped = new int[keys.size()];
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        int[] counts = new int[units + 1]; // by a unit's number: how many keys go on with it, then where they are
        int[] children = new int[units];
        BitSet taken = new BitSet(nodes.length);
        taken.set(ROOT);
        int[] searches = new int[Integer.SIZE]; // where to look for room, by the number of bits in the children's count
        Arrays.fill(searches, 1);
        Open open = new Open(); // nodes whose children have no place yet
        open.push(ROOT, 0, order.length, 0);
        while (open.pop()) {
            int node = open.node;
            int depth = open.depth;
            int last = NONE; // key that ends here
            int count = 0;
            for (int i = open.from; i < open.to; i++) {
                int unit = keys.start(order[i]) + depth;
                if (unit == keys.end(order[i])) {
                    repeated = last == NONE ? repeated : Math.min(last, order[i]);
                    last = Math.max(last, order[i]);
                } else {
                    int number = numbers[chars[unit]];
                    if (counts[number]++ == 0) {
                        children[count++] = number;
                    }
                }
            }
            if (last != NONE) {
                values[node] = valueOf[last];
                nodes[node] |= 1;
            }
            if (count == 0) {
                continue;
            }
            int offset =
                    count == 1 ? findRoom(children[0], taken, searches) : findRoom(children, count, taken, searches);
            nodes[node] |= (long) offset << 1;
            int start = open.from;
            for (int i = 0; i < count; i++) {
                int keysOfChild = counts[children[i]];
                counts[children[i]] = start;
                start += keysOfChild;
            }
            if (count > 1 || last != NONE) {
                for (int i = open.from; i < open.to; i++) {
                    int unit = keys.start(order[i]) + depth;
                    if (unit < keys.end(order[i])) {
                        grouped[counts[numbers[chars[unit]]]++] = order[i];
                    }
                }
                System.arraycopy(grouped, open.from, order, open.from, start - open.from);
            } else {
                counts[children[0]] = start;
            }
            int from = open.from;
            for (int i = 0; i < count; i++) {
                int child = offset + children[i];
                if (child >= nodes.length) {
                    resize(2 * child);
                }
                taken.set(child);
                nodes[child] = (long) node << 32;
                open.push(child, from, counts[children[i]], depth + 1);
                from = counts[children[i]];
                counts[children[i]] = 0;
            }
        }
        return taken.length();
    }

    /// Nodes: where each is, which keys are below it (`order[from, to)`), how many units they share.
    private static final class Open {
        private int[] stack = new int[1 << 12];
        private int size;
        private int node;
        private int from;
        private int to;
        private int depth;

        void push(int node, int from, int to, int depth) {
            if (size == stack.length) {
                stack = Arrays.copyOf(stack, 2 * size);
            }
            stack[size] = node;
            stack[size + 1] = from;
            stack[size + 2] = to;
            stack[size + 3] = depth;
            size += 4;
        }

        boolean pop() {
            if (size == 0) {
                return false;
            }
            size -= 4;
            node = stack[size];
            from = stack[size + 1];
            to = stack[size + 2];
            depth = stack[size + 3];
            return true;
        }
    }

    /// An offset that puts a single child on a free place.
    private static int findRoom(int child, BitSet taken, int[] searches) {
        searches[1] = taken.nextClearBit(searches[1]);
        return taken.nextClearBit(Math.max(searches[1], child)) - child;
    }

    /// An offset that puts all children on free places. After a long search, nodes of about as many children
    /// start further up: what is left below is for those with fewer.
    private static int findRoom(int[] children, int count, BitSet taken, int[] searches) {
        int lowest = children[0];
        for (int i = 1; i < count; i++) {
            lowest = Math.min(lowest, children[i]);
        }
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(count);
        int offset = Math.max(taken.nextClearBit(searches[bits]), lowest) - lowest - 1;
        int tries = 0;
        for (int fitting = 0; fitting < count; tries++) {
            offset = taken.nextClearBit(offset + 1 + lowest) - lowest;
            fitting = 0;
            while (fitting < count && !taken.get(offset + children[fitting])) {
                fitting++;
            }
        }
        searches[bits] = tries > LONG_SEARCH ? offset + lowest : searches[bits];
        return offset;
    }

    private void resize(int size) {
        int old = nodes.length;
        nodes = Arrays.copyOf(nodes, size);
        values = Arrays.copyOf(values, size);
        if (size > old) {
            Arrays.fill(nodes, old, size, FREE);
        }
    }
}
