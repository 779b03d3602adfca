package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Floats;

/// Which matrix product runs in which tiles.
final class CudaMatmul {
    private final int multiprocessors;

    CudaMatmul(int multiprocessors) {
        this.multiprocessors = multiprocessors;
    }

    /// @param form nt, nn or tn, which operand is transposed
    /// @param y nt alone: GELU of c, which then may be null; or null
    void run(
            Call call,
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
        int tile = tile(m, n);
        long left = call.in(a), right = call.in(b), added = call.in(bias), to = call.out(c, accumulate);
        String name = "matmul_" + form + "_" + tile;
        Driver.Grid grid = grid(m, n, tile);
        if (form.equals("nt")) call.run("gemm", name, grid, m, n, k, left, right, added, to, call.out(y), accumulate);
        else call.run("gemm", name, grid, m, n, k, left, right, added, to, accumulate);
    }

    /// Large tiles read less; small ones keep a device busy that has more multiprocessors than there are large
    /// ones. The result does not depend on it.
    private int tile(int m, int n) {
        Driver.Grid large = grid(m, n, 128);
        return (long) large.x() * large.y() >= multiprocessors ? 128 : 64;
    }

    private static Driver.Grid grid(int m, int n, int tile) {
        return Driver.Grid.of((int) Driver.Grid.ceiling(m, tile), (int) Driver.Grid.ceiling(n, tile));
    }
}
