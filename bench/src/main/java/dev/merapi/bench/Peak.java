package dev.merapi.bench;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// What one core can do: fused multiply-adds on registers alone.
final class Peak {
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final int CHAINS = 10; // ≥ latency · units, 4 · 2 on current cores

    private Peak() {}

    /// Floating-point operations of [#chains].
    static long operations(int n) {
        return 2L * CHAINS * F.length() * n;
    }

    /// Ten independent chains of n multiply-adds. The result is of no use but must be used.
    static float chains(int n) {
        FloatVector x = FloatVector.broadcast(F, 1.0001f), y = FloatVector.broadcast(F, 0.5f);
        FloatVector a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x;
        for (int k = 0; k < n; k++) {
            a = a.fma(x, y);
            b = b.fma(x, y);
            c = c.fma(x, y);
            d = d.fma(x, y);
            e = e.fma(x, y);
            f = f.fma(x, y);
            g = g.fma(x, y);
            h = h.fma(x, y);
            i = i.fma(x, y);
            j = j.fma(x, y);
        }
        return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).lane(0);
    }

    /// GFLOP/s of one core: the best of forty runs of a few milliseconds.
    static double measure() {
        double best = 0;
        float use = 0;
        for (int run = 0; run < 40; run++) {
            int n = 1_000_000;
            long start = System.nanoTime();
            use += chains(n);
            best = Math.max(best, (double) operations(n) / (System.nanoTime() - start));
        }
        if (Float.isNaN(use)) throw new AssertionError("the chains converge to a number");
        return best;
    }
}
