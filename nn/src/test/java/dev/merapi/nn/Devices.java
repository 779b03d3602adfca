package dev.merapi.nn;

import dev.merapi.engine.Device;
import dev.merapi.engine.cuda.CudaException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The devices that tests run on: the scalar specification always, SIMD with one and two threads where the
/// machine has it, and its GPU. Where there is none, `Device.cuda()` finds an emulated one, whose driver
/// `src/cuda/driver` makes of the kernels' sources: thousands of times slower than a GPU, so that only samples
/// of the longest tests run on it, all of them with `-Dmerapi.test.emulated=all`.
public final class Devices {
    private static final boolean DRIVER = hasDriver();
    private static final boolean CUDA = !"false".equals(System.getProperty("merapi.test.cuda")) && cudaWorks();
    private static final boolean ALL = "all".equals(System.getProperty("merapi.test.emulated"));

    private Devices() {}

    public static List<Device> all() {
        return Stream.concat(cpu().stream(), cuda().stream()).toList();
    }

    public static List<Device> cpu() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
                ? List.of(Device.scalar(), Device.best(1), Device.best(2))
                : List.of(Device.scalar());
    }

    /// A GPU, or an emulated one.
    public static Optional<Device> cuda() {
        return CUDA ? Optional.of(Device.cuda()) : Optional.empty();
    }

    /// The cases of a test on CUDA: where that is emulated every `stride`-th one, unless all were asked for.
    public static <C> Stream<C> onCuda(List<C> cases, int stride) {
        int every = DRIVER || ALL ? 1 : stride;
        return IntStream.range(0, cases.size()).filter(i -> i % every == 0).mapToObj(cases::get);
    }

    private static boolean cudaWorks() {
        if (!DRIVER && !emulateDriver()) return false;
        try (Device device = Device.cuda()) {
            System.out.println("the tests run on " + device);
            return true;
        } catch (CudaException e) {
            System.out.println("the tests run on no GPU: " + e.getMessage());
            return false;
        }
    }

    @SuppressWarnings("restricted")
    private static boolean hasDriver() {
        try {
            SymbolLookup.libraryLookup("libcuda.so.1", Arena.global());
            return true;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    /// Loads the emulated driver, under the name by which JCuda's library asks for NVIDIA's.
    @SuppressWarnings("restricted")
    private static boolean emulateDriver() {
        try {
            Process script = new ProcessBuilder("../src/cuda/driver")
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String folder = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (script.waitFor() == 0) {
                System.load(Path.of(folder, "libcuda.so.1").toString());
                return true;
            }
        } catch (IOException e) {
            System.out.println(e.getMessage());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        System.out.println("src/cuda/driver failed, is g++ there? The tests run on no GPU, not even an emulated one");
        return false;
    }
}
