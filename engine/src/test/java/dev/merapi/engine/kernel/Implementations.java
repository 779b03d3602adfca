package dev.merapi.engine.kernel;

import dev.merapi.engine.simd.SimdKernels;
import java.util.ArrayList;
import java.util.List;

/// The kernels that this machine and this launch have: every test of a kernel runs on each.
final class Implementations {
    static final boolean SIMD = simd();

    private Implementations() {}

    /// Scalar, SIMD on one thread and on three, and SIMD in its first moments. JUnit closes the arguments of a
    /// test after it.
    static List<Kernels> all() {
        List<Kernels> kernels = new ArrayList<>(List.of(new ScalarKernels()));
        if (SIMD) kernels.addAll(List.of(simd(1), simd(3), coldSimd()));
        return kernels;
    }

    /// SIMD kernels on `threads` threads. Only where [#SIMD].
    static Kernels simd(int threads) {
        return Vector.kernels(threads);
    }

    /// SIMD kernels that begin with plain loops.
    static Kernels coldSimd() {
        return Vector.cold();
    }

    private static boolean simd() {
        boolean found = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        if (!found) System.out.println("jdk.incubator.vector is missing: the tests run on ScalarKernels alone");
        return found;
    }

    /// Apart, so that its class is loaded only where the module is.
    private static final class Vector {
        static Kernels kernels(int threads) {
            return new SimdKernels(new Workers(threads));
        }

        static Kernels cold() {
            return SimdKernels.cold(new Workers(2));
        }
    }
}
