package dev.merapi.engine.kernel;

import dev.merapi.engine.cuda.CudaException;
import dev.merapi.engine.cuda.CudaKernels;
import dev.merapi.engine.cuda.EmulatedCuda;
import dev.merapi.engine.simd.SimdKernels;
import java.util.ArrayList;
import java.util.List;

/// The kernels that this machine and this launch have: every test of a kernel runs on each.
final class Implementations {
    static final boolean SIMD = simd();
    private static final boolean CUDA_TOO = !"false".equals(System.getProperty("merapi.test.cuda")); // once is enough
    private static final boolean GPU = CUDA_TOO && gpu();

    private Implementations() {}

    /// Scalar, SIMD on one thread and on three, and SIMD in its first moments, CUDA emulated and on a GPU.
    /// JUnit closes the arguments of a test after it.
    static List<Kernels> all() {
        List<Kernels> kernels = new ArrayList<>(List.of(new ScalarKernels()));
        if (SIMD) kernels.addAll(List.of(simd(1), simd(3), coldSimd()));
        if (CUDA_TOO) EmulatedCuda.kernels().ifPresent(kernels::add);
        if (GPU) kernels.add(CudaKernels.open());
        return kernels;
    }

    /// Those of all(), and CUDA emulated on a Hopper, whose products of low precision are others.
    static List<Kernels> allProducts() {
        List<Kernels> kernels = new ArrayList<>(all());
        if (CUDA_TOO) EmulatedCuda.hopper(1).ifPresent(kernels::add);
        return kernels;
    }

    private static boolean gpu() {
        try (Kernels kernels = CudaKernels.open()) {
            System.out.println("the tests run on " + kernels.name());
            return true;
        } catch (CudaException e) {
            System.out.println("the tests run on no GPU: " + e.getMessage());
            return false;
        }
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
