package dev.merapi.tokenizer;

import java.util.Arrays;

/// Cuts a text as SentencePiece's BPE models do (Sennrich et al. 2016, arXiv:1508.07909): starts with its
/// characters, and each time joins the two neighbours whose union is the piece with the highest score, the
/// leftmost of equal ones. User-defined symbols stand for themselves from the start. An unused piece is taken
/// apart again at the end, as it was joined.
///
/// The symbols are a linked list over the text, candidates wait in a heap: O(n log n).
final class PieceMerges extends Cut {

    /// The pieces that can be joined.
    ///
    /// @param trie the pieces' ids
    /// @param types by id
    /// @param scores by id
    /// @param symbols user-defined symbols, null for none
    record Pieces(Trie trie, SentencePieceFile.Type[] types, float[] scores, Trie symbols, int unknown) {}

    private final Pieces pieces;

    private char[] chars;
    private int base;
    private int length;
    private int next; // the symbol to be handed out next, by its place

    // By a symbol's place from `base` on.
    private int[] ends = new int[64]; // where it ends; 0: joined to the one before
    private int[] before = new int[64]; // the place of the symbol before it, or -1
    private boolean[] frozen = new boolean[64];

    // A binary heap of candidates: score, descending, and place in `order`, the place where the union ends in `unions`.
    private long[] order = new long[64];
    private int[] unions = new int[64];
    private int waiting;

    private int[] splits; // by id: where an unused piece was joined; null: no such piece yet
    private int[] open = new int[16]; // ends of the parts of an unused piece that are still to be handed out
    private int opened;

    PieceMerges(Pieces pieces) {
        this.pieces = pieces;
    }

    @Override
    void start(char[] text, int from, int to) {
        chars = text;
        base = from;
        length = to - from;
        next = 0;
        opened = 0;
        waiting = 0;
        reserve();
        int last = -1;
        for (int place = 0; place < length; ) {
            int stop = place + (Character.isHighSurrogate(text[from + place]) ? 2 : 1);
            long symbol = pieces.symbols == null ? -1 : pieces.symbols.longest(Trie.ROOT, text, from + place, to);
            frozen[place] = symbol >= 0;
            if (symbol >= 0) {
                stop = (int) (symbol >>> 32) - from;
            }
            ends[place] = stop;
            before[place] = last;
            if (last >= 0) {
                propose(last, place);
            }
            last = place;
            place = stop;
        }
        while (waiting > 0) {
            merge();
        }
    }

    private void reserve() {
        if (ends.length < length) {
            int capacity = Math.max(length, 2 * ends.length);
            ends = new int[capacity];
            before = new int[capacity];
            frozen = new boolean[capacity];
        }
    }

    /// Puts the union of two neighbours into the heap if it is a piece.
    private void propose(int left, int right) {
        if (frozen[left] || frozen[right]) {
            return;
        }
        int stop = ends[right];
        int piece = find(base + left, base + stop);
        if (piece < 0 || !pieces.types[piece].isText()) {
            return;
        }
        push((long) ~ascending(pieces.scores[piece]) << 32 | left, stop);
        if (pieces.types[piece] == SentencePieceFile.Type.UNUSED) {
            if (splits == null) {
                splits = new int[pieces.types.length];
            }
            splits[piece] = right - left;
        }
    }

    /// A number that grows as the score does; both zeros are one.
    private static int ascending(float score) {
        int bits = Float.floatToRawIntBits(score + 0f);
        return bits < 0 ? ~bits ^ 1 << 31 : bits;
    }

    private int find(int from, int to) {
        int node = Trie.ROOT;
        for (int i = from; i < to && node != Trie.NONE; i++) {
            node = pieces.trie.child(node, chars[i]);
        }
        return node == Trie.NONE ? -1 : pieces.trie.value(node);
    }

    /// Takes the best candidate and joins its symbols, if neither has changed meanwhile.
    private void merge() {
        int left = (int) order[0];
        int stop = unions[0];
        pop();
        int right = ends[left];
        if (right == 0 || right == length || ends[right] != stop) {
            return;
        }
        ends[left] = stop;
        ends[right] = 0;
        if (stop < length) {
            before[stop] = left;
        }
        if (before[left] >= 0) {
            propose(before[left], left);
        }
        if (stop < length) {
            propose(left, stop);
        }
    }

    private void push(long key, int union) {
        if (waiting == order.length) {
            order = Arrays.copyOf(order, 2 * waiting);
            unions = Arrays.copyOf(unions, 2 * waiting);
        }
        int i = waiting++;
        for (int parent = (i - 1) >> 1; i > 0 && order[parent] > key; parent = (i - 1) >> 1) {
            order[i] = order[parent];
            unions[i] = unions[parent];
            i = parent;
        }
        order[i] = key;
        unions[i] = union;
    }

    private void pop() {
        long key = order[--waiting];
        int union = unions[waiting];
        int i = 0;
        for (int child = 1; child < waiting; child = 2 * i + 1) {
            if (child + 1 < waiting && order[child + 1] < order[child]) {
                child++;
            }
            if (order[child] >= key) {
                break;
            }
            order[i] = order[child];
            unions[i] = unions[child];
            i = child;
        }
        order[i] = key;
        unions[i] = union;
    }

    @Override
    boolean next() {
        if (opened > 0) {
            from = end;
            end = open[--opened];
        } else if (next == length) {
            return false;
        } else {
            from = base + next;
            next = ends[next];
            end = base + next;
        }
        id = find(from, end);
        while (id >= 0 && pieces.types[id] == SentencePieceFile.Type.UNUSED && splits != null && splits[id] > 0) {
            if (opened == open.length) {
                open = Arrays.copyOf(open, 2 * opened);
            }
            open[opened++] = end;
            end = from + splits[id];
            id = find(from, end);
        }
        if (id < 0 || !pieces.types[id].isText()) {
            id = pieces.unknown;
        }
        return true;
    }
}
