package dev.merapi.engine.cuda;

import java.util.ArrayList;
import java.util.Arrays;

/// Copies of the last few arrays of ints on the device: all layers of a pass ask for the same starts, ids and
/// tiles, which so travel once. The contents are compared, for whoever calls may write to his array again.
final class Numbers {
    private static final int KEPT = 32;

    private final Graphs graphs;
    private final Staging staging;
    private final ArrayList<Copy> copies = new ArrayList<>(); // the last used at the end

    Numbers(Graphs graphs, Staging staging) {
        this.graphs = graphs;
        this.staging = staging;
    }

    /// The address of a copy of the first `count` numbers, valid for the launches of the call at hand.
    synchronized long address(int[] x, int count) {
        for (int i = copies.size() - 1; i >= 0; i--) {
            Copy copy = copies.get(i);
            if (copy.values.length == count && Arrays.equals(copy.values, 0, count, x, 0, count)) {
                copies.remove(i);
                if (!graphs.isFresh(copy.turn)) break; // its page will be written again
                copies.add(copy);
                return copy.address;
            }
        }
        if (copies.size() == KEPT) copies.removeFirst();
        long address = staging.mail(x, count);
        copies.add(new Copy(Arrays.copyOf(x, count), address, graphs.turn()));
        return address;
    }

    /// @param turn of the mail
    private record Copy(int[] values, long address, int turn) {}
}
