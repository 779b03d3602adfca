package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Precision;
import java.util.Locale;

/// Matrix products on tensor cores, their operands and their sums.
///
/// A pass over an operand makes the 16 bits of it that all its products read (`lower.cu`): the product moves
/// half the bytes, and neither rounds nor checks alignment in its inner loop. An operand serves two products of
/// training, x and dy also several layers.
///
/// On Hopper products of 16 bits, of all sizes, run on its own instructions (`gemm_hopper.cu`), which want
/// their operands cut into blocks. TF32 does not, since those instructions take it only where both operands'
/// rows run along k.
final class CudaProducts {
    private static final int STAGES = 3, STAGE = 128; // of gemm_tensor.cu: of k, and the bytes of each row in one
    private static final int PIECE = 16; // bytes
    static final int MOST_BLOCKS = 256; // that a sum over all rows is cut into: two on each of 128
    private static final int SHORTEST = 512; // of the pieces of such a sum

    private static final int HOPPER = 90; // compute capability; no other chip has these instructions

    private final int multiprocessors;
    private final boolean hopper;

    CudaProducts(Driver driver) {
        multiprocessors = driver.multiprocessors();
        hopper = driver.capability() == HOPPER;
    }

    /// Whether operands are cut into blocks.
    private boolean cut(Precision precision) {
        return hopper && bytes(precision) == Short.BYTES;
    }

    /// Floats of a lowered matrix: each row has whole pieces, or all is whole blocks.
    int size(Precision precision, int rows, int cols) {
        if (cut(precision)) {
            long blocks = tiles(rows, HopperTile.SIDE) * tiles(cols, HopperTile.SIDE);
            return Math.toIntExact(blocks * HopperTile.SIDE * HopperTile.SIDE / 2);
        }
        long pieces = Driver.Grid.ceiling(cols, PIECE / bytes(precision));
        return Math.toIntExact(rows * pieces * PIECE / Float.BYTES);
    }

    void lower(Call call, Precision precision, int rows, int cols, Floats x, Floats out) {
        long from = call.in(x), to = aligned(call.out(out));
        var grid = Driver.Grid.strides(Driver.Grid.ceiling((long) size(precision, rows, cols) * Float.BYTES, PIECE));
        call.run("lower", cut(precision) ? "lower_blocks" : "lower", grid, precision.ordinal(), rows, cols, from, to);
    }

    /// The kernel that sums the rows of a lowered matrix.
    String sum(Precision precision) {
        return cut(precision) ? "sum_blocks" : "sum_lowered";
    }

    /// @param form nt, nn or tn, which operand is transposed
    /// @param y nt alone: GELU of c, which then may be null; or null
    void run(
            Call call,
            Precision precision,
            String form,
            int m,
            int n,
            int k,
            Floats a,
            Floats b,
            Floats bias,
            Floats c,
            Floats y,
            boolean accumulate) {
        int depth = form.equals("tn") ? depth(precision, m, n, k) : k;
        int slices = (int) Driver.Grid.ceiling(k, depth);
        long left = aligned(call.in(a)), right = aligned(call.in(b)), added = call.in(bias);
        long to = call.out(c, accumulate), parts = slices == 1 ? to : call.scratch(4L * slices * m * n);
        String module = "gemm_tensor", name;
        Driver.Grid grid;
        if (cut(precision)) {
            HopperTile tile = HopperTile.of(m, n, slices, multiprocessors);
            module = "gemm_hopper";
            name = tile.kernel(form, precision);
            grid = tile.grid(m, n, slices);
        } else {
            int tile = tiles(m, 128) * tiles(n, 128) * slices >= multiprocessors ? 128 : 64;
            name = "product_" + form + "_" + precision.name().toLowerCase(Locale.ROOT) + "_" + tile;
            grid = Driver.Grid.of((int) tiles(m, tile), Math.toIntExact(tiles(n, tile) * slices))
                    .shared(STAGES * 2 * tile * STAGE);
        }
        if (form.equals("nt")) {
            long activated = call.out(y);
            call.run(module, name, grid, m, n, k, depth, left, right, added, parts, activated, accumulate);
        } else call.run(module, name, grid, m, n, k, depth, left, right, added, parts, accumulate);
        if (slices > 1) add(call, precision, slices, (long) m * n, parts, to, accumulate);
    }

    /// `out = R′(Σ parts)`.
    static void add(Call call, Precision precision, int count, long n, long parts, long out, boolean accumulate) {
        int results = precision.results().ordinal();
        call.run("lower", "add_parts", Driver.Grid.strides(n), results, count, n, parts, out, accumulate);
    }

    /// How much of k a block sums: all, unless a weight's gradient has so few tiles that most of a large device
    /// would idle through the many rows. It depends on the sizes alone, not on the device, and so does the
    /// result.
    static int depth(Precision precision, int m, int n, int k) {
        long slices = Math.min(MOST_BLOCKS / (tiles(m, 128) * tiles(n, 128)), k / SHORTEST);
        if (slices <= 1) return k;
        int step = STAGE / bytes(precision);
        return (int) (Driver.Grid.ceiling(Driver.Grid.ceiling(k, slices), step) * step);
    }

    private static long tiles(int size, int tile) {
        return Driver.Grid.ceiling(size, tile);
    }

    private static int bytes(Precision precision) {
        return switch (precision) {
            case BF16, FP16 -> 2;
            case TF32 -> 4;
            case FP32 -> throw new IllegalArgumentException("product on tensor cores: FP32 is not for them");
        };
    }

    private static long aligned(long address) {
        if (address % PIECE != 0)
            throw new IllegalArgumentException("product on tensor cores: a lowered operand at " + address
                    + ", expected a multiple of " + PIECE + " bytes");
        return address;
    }
}
