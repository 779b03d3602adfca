package dev.merapi.engine.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The functions of the kernels' PTX, which lies beside this class: one module a source of `src/main/cuda`,
/// loaded when its first kernel is asked for.
final class Modules {
    /// The sources.
    static final List<String> NAMES =
            List.of("activation", "attention", "elementwise", "gather", "gemm", "loss", "norm", "optimizer", "reduce");

    private final Driver driver;
    private final Map<String, Long> functions = new HashMap<>();
    private final Map<String, Long> modules = new HashMap<>();
    private final Map<Long, Integer> shared = new HashMap<>();

    Modules(Driver driver) {
        this.driver = driver;
    }

    /// The function of a kernel whose blocks have `sharedBytes` of shared memory.
    synchronized long function(String module, String kernel, int sharedBytes) {
        long function = functions.computeIfAbsent(
                kernel, name -> driver.function(modules.computeIfAbsent(module, m -> driver.module(ptx(m))), name));
        int plain = 48 << 10; // more has to be asked for
        if (sharedBytes > Math.max(plain, shared.getOrDefault(function, 0))) {
            driver.allowShared(function, sharedBytes);
            shared.put(function, sharedBytes);
        }
        return function;
    }

    static byte[] ptx(String module) {
        try (InputStream in = Modules.class.getResourceAsStream(module + ".ptx")) {
            if (in == null) throw new CudaException("cuda: " + module + ".ptx is missing from the jar of the engine");
            return in.readAllBytes();
        } catch (IOException e) {
            throw new CudaException("cuda: " + module + ".ptx cannot be read: " + e.getMessage(), e);
        }
    }
}
