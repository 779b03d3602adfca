package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.HeadSteps;
import java.util.Arrays;

/// The launches of `heads.cu`: each step one, for all pieces.
final class CudaHeadSteps implements HeadSteps {
    private static final int TILE = 32; // of heads.cu

    private final Cuda cuda;
    private final int heads;
    private final int depth; // D
    private final int tokens; // N
    private final int longest;
    private final int[] places; // [3·N]: begin, length and squares of each token's sequence
    private final int[] squareTiles, rowTiles; // [5·tiles] of [t, t] and of [t, D]

    CudaHeadSteps(Cuda cuda, int heads, int depth, int[] starts) {
        this.cuda = cuda;
        this.heads = heads;
        this.depth = depth;
        this.tokens = starts[starts.length - 1];
        this.places = new int[3 * tokens];
        int[][] sequences = new int[starts.length - 1][];
        int squares = 0, most = 0;
        for (int b = 0; b < sequences.length; b++) {
            int begin = starts[b], t = starts[b + 1] - begin;
            sequences[b] = new int[] {begin, t, squares};
            for (int n = begin; n < starts[b + 1]; n++) System.arraycopy(sequences[b], 0, places, 3 * n, 3);
            squares += heads * t * t;
            most = Math.max(most, t);
        }
        this.longest = most;
        this.squareTiles = tiles(sequences, 0);
        this.rowTiles = tiles(sequences, depth);
    }

    /// @param cols of the results; 0: as many as rows
    private static int[] tiles(int[][] sequences, int cols) {
        int[] tiles = new int[5 * 16];
        int at = 0;
        for (int[] s : sequences)
            for (int row = 0; row < s[1]; row += TILE)
                for (int col = 0; col < (cols == 0 ? s[1] : cols); col += TILE) {
                    if (at == tiles.length) tiles = Arrays.copyOf(tiles, 2 * at);
                    int[] tile = {s[0], s[1], s[2], row, col};
                    System.arraycopy(tile, 0, tiles, at, 5);
                    at += 5;
                }
        return Arrays.copyOf(tiles, at);
    }

    private Driver.Grid rows() {
        return Driver.Grid.of(tokens, heads);
    }

    @Override
    public void swap(int m, int n, Floats x, Floats y, boolean accumulate) {
        try (Call call = new Call(cuda)) {
            long from = call.in(x), to = call.out(y, accumulate);
            var grid = Driver.Grid.strides((long) m * n * depth);
            call.run("heads", "heads_swap", grid, m, n, depth, from, to, accumulate);
        }
    }

    @Override
    public void productNT(Floats a, Floats b, Floats s, boolean accumulate) {
        product("heads_nt", squareTiles, a, b, s, accumulate);
    }

    @Override
    public void productNN(Floats s, Floats b, Floats y, boolean accumulate) {
        product("heads_nn", rowTiles, s, b, y, accumulate);
    }

    @Override
    public void productTN(Floats s, Floats b, Floats y, boolean accumulate) {
        product("heads_tn", rowTiles, s, b, y, accumulate);
    }

    private void product(String kernel, int[] tiles, Floats a, Floats b, Floats c, boolean accumulate) {
        try (Call call = new Call(cuda)) {
            long where = call.ints(tiles, tiles.length);
            long left = call.in(a), right = call.in(b), to = call.out(c, accumulate);
            var grid = Driver.Grid.of(tiles.length / 5, heads);
            call.run("heads", kernel, grid, where, tokens, depth, left, right, to, accumulate);
        }
    }

    @Override
    public void addBias(Floats s, float scale, Floats bias, int[] bucketOf) {
        try (Call call = new Call(cuda)) {
            long where = call.ints(places, places.length), buckets = call.ints(bucketOf, bucketOf.length);
            long from = call.in(bias), to = call.out(s, true);
            int middle = bucketOf.length / 2;
            call.run("heads", "heads_add_bias", rows(), where, heads, middle, buckets, scale, from, to);
        }
    }

    /// A part a token, which are then added up as the rows of a matrix.
    @Override
    public void addBiasBackward(Floats ds, int[] bucketOf, Floats dbias) {
        int buckets = dbias.length / heads, cols = dbias.length;
        try (Call call = new Call(cuda)) {
            Groups by = new Groups(bucketOf, buckets);
            long where = call.ints(places, places.length);
            long groups = call.ints(by.groups, by.groups.length), order = call.ints(by.order, by.order.length);
            long from = call.in(ds), parts = call.scratch(4L * tokens * cols), to = call.out(dbias, true);
            call.run("heads", "heads_bias_parts", rows(), where, heads, buckets, groups, order, from, parts);
            CudaKernels.sumRows(call, tokens, cols, parts, to, true);
        }
    }

    @Override
    public void addRelative(Floats s, Floats terms, int positions, int[] rowOf, boolean byKey) {
        try (Call call = new Call(cuda)) {
            long where = call.ints(places, places.length), rows = call.ints(rowOf, rowOf.length);
            long from = call.in(terms), to = call.out(s, true);
            int middle = rowOf.length / 2;
            call.run("heads", "heads_add_relative", rows(), where, tokens, middle, rows, byKey, positions, from, to);
        }
    }

    @Override
    public void addRelativeBackward(Floats ds, int positions, int[] rowOf, boolean byKey, Floats dterms) {
        try (Call call = new Call(cuda)) {
            Groups by = new Groups(rowOf, positions);
            long where = call.ints(places, places.length);
            long groups = call.ints(by.groups, by.groups.length), order = call.ints(by.order, by.order.length);
            long from = call.in(ds), to = call.out(dterms, true);
            call.run(
                    "heads",
                    "heads_relative_backward",
                    rows(),
                    where,
                    tokens,
                    byKey,
                    positions,
                    groups,
                    order,
                    from,
                    to);
        }
    }

    @Override
    public void softmax(Floats s, float scale) {
        try (Call call = new Call(cuda)) {
            call.run("heads", "heads_softmax", rows(), call.ints(places, places.length), scale, call.out(s, true));
        }
    }

    @Override
    public void softmaxBackward(Floats p, Floats dp, float scale, Floats ds, boolean accumulate) {
        try (Call call = new Call(cuda)) {
            long where = call.ints(places, places.length);
            long from = call.in(p), dout = call.in(dp), to = call.out(ds, accumulate);
            call.run("heads", "heads_softmax_backward", rows(), where, scale, from, dout, to, accumulate);
        }
    }

    @Override
    public void dropout(Floats p, Dropout dropout, Floats y, boolean accumulate) {
        try (Call call = new Call(cuda)) {
            long where = call.ints(places, places.length), from = call.in(p), to = call.out(y, accumulate);
            int width = (longest + 3) / 4 * 4;
            call.run("heads", "heads_dropout", rows(), where, tokens, width, from, dropout, to, accumulate);
        }
    }

    /// The distances of each row of a table, ascending: those of row r are `order[groups[r] … groups[r + 1])`.
    private static final class Groups {
        final int[] groups, order;

        /// @param rowOf of the distance d at `d + rowOf.length / 2`
        Groups(int[] rowOf, int rows) {
            groups = new int[rows + 1];
            order = new int[rowOf.length];
            for (int row : rowOf) groups[row + 1]++;
            for (int row = 0; row < rows; row++) groups[row + 1] += groups[row];
            int[] next = groups.clone();
            for (int o = 0; o < rowOf.length; o++) order[next[rowOf[o]]++] = o - rowOf.length / 2;
        }
    }
}
