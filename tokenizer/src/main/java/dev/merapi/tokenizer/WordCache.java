package dev.merapi.tokenizer;

import java.util.concurrent.atomic.AtomicReferenceArray;

/// Remembers the tokens of short words: most words of a text are few. One slot per hash value, the newer word
/// replaces the older, so it never grows beyond `SLOTS` entries of `MAX_LENGTH` units and their tokens. Threads
/// share it without locks: an entry does not change once it is there, and who misses one makes it anew.
///
/// An entry is one array, so that a word is found with one step to another place in memory:
///
///     length of the word, its units, four in a long, whatever the model remembers of it
final class WordCache {
    static final int MAX_LENGTH = 28;

    private static final int SLOTS = 1 << 15;

    /// A word that is looked for. For one thread, reused.
    static final class Word {
        private final long[] packed = new long[2 + MAX_LENGTH / 4]; // as an entry starts
        private int size; // of what an entry starts with
        private int slot;

        /// Takes `text[from, to)`, of [#MAX_LENGTH] units at most.
        void set(char[] text, int from, int to) {
            packed[0] = to - from;
            long hash = to - from;
            int at = 1;
            int i = from;
            for (; i + 4 <= to; i += 4) {
                long four = (long) text[i] << 48 | (long) text[i + 1] << 32 | (long) text[i + 2] << 16 | text[i + 3];
                packed[at++] = four;
                hash = (hash ^ four) * 0x9E3779B97F4A7C15L;
                hash ^= hash >>> 32;
            }
            long rest = 0;
            for (; i < to; i++) {
                rest = rest << 16 | text[i];
            }
            packed[at++] = rest;
            hash = (hash ^ rest) * 0x9E3779B97F4A7C15L;
            slot = (int) (hash >>> 49);
            size = at;
        }

        /// Where in an entry that follows what the model remembers.
        int size() {
            return size;
        }

        private boolean is(long[] entry) {
            for (int i = 0; i < size; i++) {
                if (entry[i] != packed[i]) {
                    return false;
                }
            }
            return true;
        }

        /// An entry for this word, with room for `count` numbers behind it.
        long[] entry(int count) {
            long[] entry = new long[size + count];
            System.arraycopy(packed, 0, entry, 0, size);
            return entry;
        }
    }

    private final AtomicReferenceArray<long[]> entries = new AtomicReferenceArray<>(SLOTS);

    /// The entry of a word, or null.
    long[] get(Word word) {
        long[] entry = entries.getAcquire(word.slot);
        return entry != null && word.is(entry) ? entry : null;
    }

    /// Remembers an entry of [Word#entry].
    void put(Word word, long[] entry) {
        entries.setRelease(word.slot, entry);
    }
}
