package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The products of Hopper beside those of `mma.sync`, emulated: steps of 16 of k in the same order, so that
/// every tile has the same bits.
class HopperProductsTest {
    private static final int M = 133, N = 262; // rows of two blocks and some, columns of a large tile and some
    private static final int K = 9 * 64 + 5; // every stage is used again, the last one is not full

    @ParameterizedTest
    @EnumSource(HopperTile.class)
    void everyTileHasTheBitsOfTheOtherTensorCores(HopperTile tile) {
        Optional<Kernels> ampere = EmulatedCuda.kernels(), hopper = EmulatedCuda.hopper(1);
        assumeTrue(ampere.isPresent(), "g++ is not here: nothing is emulated");
        try (Kernels old = ampere.get();
                CudaKernels fresh = (CudaKernels) hopper.orElseThrow()) {
            for (String form : List.of("nt", "nn", "tn")) {
                Precision p = form.equals("nn") ? Precision.FP16 : Precision.BF16;
                int m = form.equals("tn") ? 70 : M, k = form.equals("nt") ? K : 100;
                Floats a = normal(m * k, 1), b = normal(N * k, 2), bias = form.equals("nt") ? normal(N, 3) : null;
                int[] left = form.equals("tn") ? new int[] {k, m} : new int[] {m, k};
                int[] right = form.equals("nt") ? new int[] {N, k} : new int[] {k, N};
                Floats expected = Floats.allocate(m * N), c = Floats.allocate(m * N);
                Arrays.fill(c.array, Float.NaN);
                switch (form) {
                    case "nt" ->
                        old.matmulNT(p, m, N, k, lower(old, p, left, a), lower(old, p, right, b), bias, expected);
                    case "nn" ->
                        old.matmulNN(p, m, N, k, lower(old, p, left, a), lower(old, p, right, b), expected, false);
                    default ->
                        old.matmulTN(p, m, N, k, lower(old, p, left, a), lower(old, p, right, b), expected, false);
                }
                Floats lowA = lower(fresh, p, left, a), lowB = lower(fresh, p, right, b);
                try (Call call = fresh.call()) {
                    long from = call.in(lowA), and = call.in(lowB), added = call.in(bias), to = call.out(c);
                    var grid = tile.grid(m, N, 1);
                    String name = tile.kernel(form, p);
                    if (bias == null) call.run("gemm_hopper", name, grid, m, N, k, k, from, and, added, to, false);
                    else call.run("gemm_hopper", name, grid, m, N, k, k, from, and, added, to, 0L, false);
                }
                assertArrayEquals(expected.array, c.array, form);
            }
        }
    }

    /// A matrix that is used up to its last number, with NaN wherever a product should not look.
    private static Floats lower(Kernels kernels, Precision p, int[] shape, Floats x) {
        Floats lowered = Floats.allocate(kernels.loweredSize(p, shape[0], shape[1]));
        Arrays.fill(lowered.array, Float.NaN);
        kernels.lower(p, shape[0], shape[1], x, lowered);
        return lowered;
    }

    private static Floats normal(int n, int seed) {
        Random random = new Random(seed);
        Floats x = Floats.allocate(n);
        for (int i = 0; i < n; i++) x.set(i, (float) random.nextGaussian());
        return x;
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "FP16"})
    void aRowDoesNotDependOnItsBatch(Precision p) {
        Optional<Kernels> few = EmulatedCuda.hopper(132), one = EmulatedCuda.hopper(1);
        assumeTrue(few.isPresent(), "g++ is not here: nothing is emulated");
        int n = 256, k = 40, rows = 128;
        Floats a = normal(rows * k, 4),
                b = normal(n * k, 5),
                all = Floats.allocate(rows * n),
                first = Floats.allocate(n);
        assertEquals(HopperTile.LARGE, HopperTile.of(rows, n, 1, 1));
        assertEquals(HopperTile.SMALL, HopperTile.of(1, n, 1, 132));
        try (Kernels large = one.orElseThrow();
                Kernels small = few.get()) {
            int[] shape = {n, k};
            large.matmulNT(
                    p, rows, n, k, lower(large, p, new int[] {rows, k}, a), lower(large, p, shape, b), null, all);
            Floats row = lower(small, p, new int[] {1, k}, a.slice(17 * k, k));
            small.matmulNT(p, 1, n, k, row, lower(small, p, shape, b), null, first);
            for (int j = 0; j < n; j++) assertEquals(all.get(17 * n + j), first.get(j));
        }
        assertTrue(Float.isFinite(first.get(0)));
    }
}
