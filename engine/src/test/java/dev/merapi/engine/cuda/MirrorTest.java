package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.merapi.engine.cuda.Walk.Mirror;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// The index arithmetic of every kernel, written again (`…Mirrors`): in the launches that the host asks for,
/// sizes that fit no tile, no thread reads or writes beside an operand, every element of a result is written,
/// by one thread, and warps move whole lines where a mirror says so ([Walk]). Beside the emulator, the mirrors
/// are what the kernels do.
class MirrorTest {
    private static final Map<String, Mirror> MIRRORS = new HashMap<>();

    static {
        MIRRORS.putAll(RowMirrors.all());
        MIRRORS.putAll(SumMirrors.all());
        MIRRORS.putAll(OptimizerMirrors.all());
        MIRRORS.putAll(ProductMirrors.all());
        MIRRORS.putAll(HeadMirrors.all());
        MIRRORS.putAll(AttentionMirrors.all());
        MIRRORS.putAll(TensorAttentionMirrors.all());
    }

    /// Multiprocessors and compute capability of [EveryKernel].
    private static final int[][] DEVICES = {{4, 80}, {1, 80}, {1, 90}};

    @Test
    void everyKernelHasAMirror() {
        Set<String> kernels = new TreeSet<>();
        for (String module : Modules.NAMES)
            kernels.addAll(Ptx.parameters(Modules.ptx(module)).keySet());
        assertEquals(kernels, new TreeSet<>(MIRRORS.keySet()));
    }

    @Test
    void everyElementIsWrittenByOneThreadAndNoneOutsideIsTouched() {
        Set<String> seen = new TreeSet<>();
        for (int[] device : DEVICES) {
            HostDriver driver = new HostDriver(device[0], device[1]) {
                @Override
                void run(Launch launch) {
                    launches.clear();
                    seen.add(launch.kernel());
                    new Walk(this, launch).run(MIRRORS.get(launch.kernel()));
                }
            };
            try (CudaKernels kernels = new CudaKernels(driver, true)) {
                EveryKernel.results(kernels, device[0], device[1]);
            }
        }
        assertEquals(new TreeSet<>(MIRRORS.keySet()), seen);
    }

    /// Races, and reads of what nobody has written, end a launch with an error, see watch.cpp.
    @Test
    void kernelsDoWhatTheirMirrorsSayWithoutARace() {
        Set<String> seen = new TreeSet<>();
        for (int[] device : DEVICES) {
            Optional<CudaKernels> watched = WatchedCuda.kernels(device[0], device[1], (driver, launch, did) -> {
                seen.add(launch.kernel());
                Walk walk = new Walk(driver, launch);
                walk.run(MIRRORS.get(launch.kernel()));
                compare(launch.kernel(), walk.accesses.sorted(), did.sorted());
            });
            assumeTrue(watched.isPresent(), "g++ is missing: no kernel is emulated, the mirrors are not compared");
            try (CudaKernels kernels = watched.get()) {
                EveryKernel.results(kernels, device[0], device[1]);
            }
        }
        assertEquals(new TreeSet<>(MIRRORS.keySet()), seen);
    }

    private static void compare(String kernel, long[] mirrored, long[] done) {
        List<String> differences = new ArrayList<>();
        for (int i = 0, j = 0; (i < mirrored.length || j < done.length) && differences.size() < 5; ) {
            if (j == done.length || i < mirrored.length && mirrored[i] < done[j])
                differences.add("only the mirror: " + Accesses.describe(mirrored[i++]));
            else if (i == mirrored.length || done[j] < mirrored[i])
                differences.add("only the kernel: " + Accesses.describe(done[j++]));
            else {
                i++;
                j++;
            }
        }
        if (!differences.isEmpty()) fail(kernel + ": " + String.join("; ", differences));
    }
}
