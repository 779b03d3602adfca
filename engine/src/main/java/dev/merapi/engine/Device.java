package dev.merapi.engine;

import dev.merapi.engine.cuda.CudaKernels;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Memory;
import dev.merapi.engine.kernel.ScalarKernels;
import dev.merapi.engine.kernel.Workers;
import dev.merapi.engine.simd.SimdKernels;

/// Where tensors live and who computes on them: kernels, their threads, and the memory that scopes recycle.
///
/// Every tensor knows its device, and an op runs on the device of its operands; there is no global default that
/// could differ between two lines.
public final class Device implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("dev.merapi.engine");
    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    private final Kernels kernels;
    private final String reason;
    private final Memory memory;

    private Device(Kernels kernels, String reason) {
        this.kernels = kernels;
        this.reason = reason;
        this.memory = kernels.memory();
    }

    /// The fastest kernels of this machine on all its cores.
    public static Device best() {
        return best(Runtime.getRuntime().availableProcessors());
    }

    /// The fastest kernels of this machine on `threads` threads. Results are the same bits for any number of
    /// them.
    public static Device best(int threads) {
        if (threads < 1)
            throw new IllegalArgumentException(
                    "device: threads must be at least 1, got " + threads + "; leave it out to use all cores");
        if (ModuleLayer.boot().findModule(VECTOR_MODULE).isEmpty()) {
            String reason = "module " + VECTOR_MODULE + " is missing; run java with --add-modules " + VECTOR_MODULE
                    + " for kernels that are many times faster";
            LOG.log(System.Logger.Level.WARNING, "Merapi runs on scalar kernels: {0}", reason);
            return new Device(new ScalarKernels(), reason);
        }
        SimdKernels kernels = SimdKernels.cold(new Workers(threads));
        return new Device(kernels, kernels.name() + ": " + kernels.reason());
    }

    /// The plain loops, on one thread: the specification, for comparison.
    public static Device scalar() {
        return new Device(new ScalarKernels(), "scalar kernels were asked for");
    }

    /// The first NVIDIA GPU of this machine: float32, the kernels of [dev.merapi.engine.cuda]. JCuda and
    /// the engine's jar of the classifier cuda have to be on the class path and NVIDIA's driver on the machine.
    ///
    /// @throws dev.merapi.engine.cuda.CudaException if one of them is missing, with the remedy
    public static Device cuda() {
        return of(CudaKernels.open());
    }

    /// A device over kernels of your own.
    public static Device of(Kernels kernels) {
        return new Device(kernels, kernels.name() + " was asked for");
    }

    public Kernels kernels() {
        return kernels;
    }

    /// Why these kernels were chosen, for people.
    public String reason() {
        return reason;
    }

    public int threads() {
        return kernels.threads();
    }

    /// Says that a training follows, best before its model and data are read: meanwhile another thread has the
    /// kernels compiled, a second or two, for which the first steps would wait.
    public Device warmUp() {
        kernels.warmUp();
        return this;
    }

    /// Where the values of this device's tensors lie.
    public Memory memory() {
        return memory;
    }

    /// How many bytes the scopes of this device have taken from the heap (or from the memory of the device) so
    /// far; constant once training is in its steady state.
    public long slabBytes() {
        return memory.bytes();
    }

    /// Ends the threads. Tensors of this device stay readable.
    @Override
    public void close() {
        kernels.close();
    }

    @Override
    public String toString() {
        return kernels.name() + ", " + threads() + (threads() == 1 ? " thread" : " threads");
    }
}
