package dev.merapi.nn;

import java.util.Arrays;
import java.util.List;

/// The tokens of a batch without padding: B sequences one behind the other, N tokens in all.
public final class Sequences {
    private final int[] ids;
    private final int[] typeIds;
    private final int[] starts;
    private final int[] firstTokens;
    private final int[] positions;

    /// @param ids     [N], indices into the vocabulary
    /// @param typeIds [N], 0 for the first text of a pair and 1 for the second
    /// @param starts  [B + 1]: sequence b is `ids[starts[b]] … ids[starts[b + 1] − 1]`
    public Sequences(int[] ids, int[] typeIds, int[] starts) {
        if (ids.length != typeIds.length)
            throw new IllegalArgumentException("sequences: " + ids.length + " ids but " + typeIds.length
                    + " type ids; give one of each for every token");
        if (starts.length < 2 || starts[0] != 0 || starts[starts.length - 1] != ids.length)
            throw new IllegalArgumentException(
                    "sequences: starts must run from 0 to the number of tokens, " + ids.length);
        for (int b = 1; b < starts.length; b++)
            if (starts[b] <= starts[b - 1])
                throw new IllegalArgumentException(
                        "sequences: sequence " + (b - 1) + " is empty; every sequence needs at least one token");
        this.ids = ids;
        this.typeIds = typeIds;
        this.starts = starts;
        firstTokens = Arrays.copyOf(starts, count());
        positions = new int[ids.length];
        for (int b = 0; b < count(); b++) for (int i = starts[b]; i < starts[b + 1]; i++) positions[i] = i - starts[b];
    }

    /// Packs sequences that lie apart.
    public static Sequences of(List<int[]> ids, List<int[]> typeIds) {
        if (ids.size() != typeIds.size())
            throw new IllegalArgumentException(
                    "sequences: " + ids.size() + " of ids but " + typeIds.size() + " of type ids");
        int[] starts = new int[ids.size() + 1];
        for (int b = 0; b < ids.size(); b++) starts[b + 1] = starts[b] + ids.get(b).length;
        int[] packedIds = new int[starts[ids.size()]];
        int[] packedTypes = new int[packedIds.length];
        for (int b = 0; b < ids.size(); b++) {
            System.arraycopy(ids.get(b), 0, packedIds, starts[b], ids.get(b).length);
            System.arraycopy(typeIds.get(b), 0, packedTypes, starts[b], typeIds.get(b).length);
        }
        return new Sequences(packedIds, packedTypes, starts);
    }

    /// [N], indices into the vocabulary.
    public int[] ids() {
        return ids;
    }

    /// [N], 0 for the first text of a pair and 1 for the second.
    public int[] typeIds() {
        return typeIds;
    }

    /// [B + 1]: sequence b is `ids[starts[b]] … ids[starts[b + 1] − 1]`.
    public int[] starts() {
        return starts;
    }

    /// B, the number of sequences.
    public int count() {
        return starts.length - 1;
    }

    /// N, the number of tokens.
    public int tokens() {
        return ids.length;
    }

    /// T of sequence b.
    public int length(int b) {
        return starts[b + 1] - starts[b];
    }

    public int longest() {
        int longest = 0;
        for (int b = 0; b < count(); b++) longest = Math.max(longest, length(b));
        return longest;
    }

    /// The row of each sequence's first token, [B].
    public int[] firstTokens() {
        return firstTokens;
    }

    /// The position of each token inside its sequence, [N]: 0, 1, … T−1.
    public int[] positions() {
        return positions;
    }
}
