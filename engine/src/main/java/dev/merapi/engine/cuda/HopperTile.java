package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Precision;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Stream;

/// The tiles of C that `gemm_hopper.cu` has kernels for.
enum HopperTile {
    /// Reads least from L2, 48 bytes a cycle.
    LARGE(128, 256, 4, 16),
    /// Two of them share a multiprocessor: one writes C while the other multiplies.
    MEDIUM(128, 128, 3, 9),
    /// Where larger ones would leave multiprocessors idle.
    SMALL(64, 64, 4, 4);

    /// Rows and columns of the blocks that `lower_blocks` cuts operands into.
    static final int SIDE = 64;

    private static final int BLOCK = SIDE * SIDE * Short.BYTES;

    final int rows, cols;
    private final int stages, cost;

    /// @param cost of a tile's step of k on a multiprocessor, where 2 would be one of 64 × 64 at full speed.
    ///     That larger tiles cost less for their size is an estimate from the bytes that they read, not
    ///     measured.
    HopperTile(int rows, int cols, int stages, int cost) {
        this.rows = rows;
        this.cols = cols;
        this.stages = stages;
        this.cost = cost;
    }

    /// The tile that takes least time where the last round of blocks may leave multiprocessors idle. The result
    /// does not depend on it.
    static HopperTile of(int m, int n, int slices, int multiprocessors) {
        return Stream.of(values())
                .min(Comparator.comparingLong(
                        tile -> Driver.Grid.ceiling(tile.count(m, n) * slices, multiprocessors) * tile.cost))
                .orElseThrow();
    }

    private long count(int m, int n) {
        return Driver.Grid.ceiling(m, rows) * Driver.Grid.ceiling(n, cols);
    }

    String kernel(String form, Precision precision) {
        return "hopper_" + form + "_" + precision.name().toLowerCase(Locale.ROOT) + "_" + rows + "x" + cols;
    }

    Driver.Grid grid(int m, int n, int slices) {
        int y = Math.toIntExact(Driver.Grid.ceiling(n, cols) * slices);
        return Driver.Grid.of((int) Driver.Grid.ceiling(m, rows), y)
                .threads(threads())
                .shared(sharedBytes());
    }

    /// A warpgroup for each 64 rows, and a warp that copies.
    int threads() {
        return rows / SIDE * 128 + 32;
    }

    /// The blocks of all stages, and two barriers for each.
    int sharedBytes() {
        return stages * ((rows + cols) / SIDE * BLOCK + 2 * Long.BYTES);
    }
}
