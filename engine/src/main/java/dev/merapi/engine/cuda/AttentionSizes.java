package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Relative;
import dev.merapi.engine.kernel.RelativeBias;
import dev.merapi.engine.kernel.RelativePositions;

/// The sizes of one call of attention, and how `attention_passes.cuh` cuts it into tiles.
///
/// @param depth   D
/// @param padded  D rounded up to one that there is a kernel for
/// @param rows    rows of a tile that one thread has; a tile has 16 times as many
/// @param tokens  N
/// @param longest the longest sequence
/// @param tiles   [3·count]: first row, begin and end of the sequence of each tile
/// @param terms   what scores have besides q·k
record AttentionSizes(
        int heads, int channels, int depth, int padded, int rows, int tokens, int longest, int[] tiles, Terms terms) {
    static final int MOST_CHANNELS = 128; // D
    private static final int SIDE = 16;

    /// As the kernels and their modules are named.
    enum Terms {
        PLAIN("attention"),
        POSITIONS("disentangled"),
        BIAS("biased");

        final String kernel;

        Terms(String kernel) {
            this.kernel = kernel;
        }

        /// @param relative null: plain
        static Terms of(Relative relative) {
            return switch (relative) {
                case null -> PLAIN;
                case RelativePositions _ -> POSITIONS;
                case RelativeBias _ -> BIAS;
            };
        }
    }

    /// @param relative null: plain
    static AttentionSizes of(int heads, int channels, int[] starts, int sequences, Relative relative) {
        int depth = channels / heads;
        Terms terms = Terms.of(relative);
        int padded = depth <= 32 && terms != Terms.BIAS ? 32 : depth <= 64 ? 64 : MOST_CHANNELS;
        int rows = padded < 128 ? 4 : 2;
        if (terms == Terms.POSITIONS) rows /= 2; // the tables' tiles need shared memory too
        return of(heads, channels, starts, sequences, padded, rows, terms);
    }

    /// @param rows of a tile, by 16
    static AttentionSizes of(int heads, int channels, int[] starts, int sequences, int padded, int rows, Terms terms) {
        int depth = channels / heads;
        if (depth > padded)
            throw new CudaException("cuda: attention heads of " + depth + " channels, expected at most " + padded
                    + "; use --device cpu");
        int longest = 0, count = 0, tile = SIDE * rows;
        for (int s = 0; s < sequences; s++) {
            int length = starts[s + 1] - starts[s];
            longest = Math.max(longest, length);
            count += (length + tile - 1) / tile;
        }
        int[] tiles = new int[3 * count];
        int at = 0;
        for (int s = 0; s < sequences; s++)
            for (int first = starts[s]; first < starts[s + 1]; first += tile) {
                tiles[at++] = first;
                tiles[at++] = starts[s];
                tiles[at++] = starts[s + 1];
            }
        return new AttentionSizes(heads, channels, depth, padded, rows, starts[sequences], longest, tiles, terms);
    }

    /// @param depth D
    static float plainScale(int depth) {
        return (float) (1 / Math.sqrt(depth));
    }

    int count() {
        return tiles.length / 3;
    }

    int tile() {
        return SIDE * rows;
    }

    /// The dropout's W: the longest sequence rounded up to a multiple of 4.
    int width() {
        return (longest + 3) / 4 * 4;
    }

    /// Relative positions that a tile sees, and some: how far apart the parts lie that it leaves of what is
    /// summed by relative position.
    int span() {
        return longest + tile();
    }

    // ── Shared memory, as the kernels lay it out ─────────────────────────────────────────────────

    int forwardBytes() {
        return 4 * (operands(2) + scores() + relative());
    }

    int backwardKeysBytes() {
        return 4 * (operands(4) + 2 * scores() + relative());
    }

    int backwardQueriesBytes() {
        return 4 * (operands(4) + scores() + relative());
    }

    private int operands(int count) {
        return count * tile() * padded;
    }

    private int scores() {
        return tile() * (tile() + 4);
    }

    private int relative() {
        int near = 2 * tile() - 1; // relative positions between two tiles
        return switch (terms) {
            case PLAIN -> 0;
            case POSITIONS -> 2 * near * padded;
            case BIAS -> near + 1;
        };
    }
}
