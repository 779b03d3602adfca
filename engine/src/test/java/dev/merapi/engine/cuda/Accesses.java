package dev.merapi.engine.cuda;

import java.util.Arrays;

/// Which thread of which block of a launch reads and writes which words of 4 bytes of the device's memory.
///
/// One is a code: whose (block · 512 + thread, 18 bits), whether it writes (1), the address / 4 (45).
final class Accesses {
    private static final int WORD = 4, THREADS = 512, BLOCKS = 512;

    private long[] codes = new long[1 << 12];
    private int count;

    void add(int block, int thread, long address, int bytes, boolean writes) {
        if (block >= BLOCKS) throw new IllegalArgumentException("accesses: " + block + " blocks, at most " + BLOCKS);
        long who = ((long) block * THREADS + thread) << 1 | (writes ? 1 : 0);
        while (count + bytes / WORD + 1 > codes.length) codes = Arrays.copyOf(codes, 2 * codes.length);
        for (int i = 0; i < bytes; i += WORD) codes[count++] = who << 45 | (address + i) / WORD;
    }

    /// All of them, ascending, each once.
    long[] sorted() {
        long[] all = Arrays.copyOf(codes, count);
        Arrays.sort(all);
        int kept = 0;
        for (int i = 0; i < count; i++) if (i == 0 || all[i] != all[i - 1]) all[kept++] = all[i];
        return Arrays.copyOf(all, kept);
    }

    static String describe(long code) {
        long who = code >>> 46;
        return "block %d, thread %d %s %x"
                .formatted(
                        who / THREADS,
                        who % THREADS,
                        (code >> 45 & 1) == 1 ? "writes" : "reads",
                        (code & (1L << 45) - 1) * WORD);
    }
}
