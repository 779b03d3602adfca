package dev.merapi.engine.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The functions of the kernels' PTX: one module a source of `src/main/cuda`, loaded when its first kernel is
/// asked for. The PTX travels in a jar of its own, since few need it; `META-INF` is no package, so that no
/// module hides it.
final class Modules {
    /// The sources.
    static final List<String> NAMES = List.of(
            "activation",
            "attention",
            "elementwise",
            "gather",
            "gemm",
            "gemm_tensor",
            "heads",
            "loss",
            "lower",
            "norm",
            "optimizer",
            "reduce");

    private static final String FOLDER = "META-INF/merapi/cuda/";

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

    /// @throws CudaException if there is no PTX, with the remedy
    static void check() {
        for (String module : NAMES)
            if (Modules.class.getClassLoader().getResource(FOLDER + module + ".ptx") == null) throw missing(module);
    }

    static byte[] ptx(String module) {
        try (InputStream in = Modules.class.getClassLoader().getResourceAsStream(FOLDER + module + ".ptx")) {
            if (in == null) throw missing(module);
            return in.readAllBytes();
        } catch (IOException e) {
            throw new CudaException("cuda: " + module + ".ptx cannot be read: " + e.getMessage(), e);
        }
    }

    private static CudaException missing(String module) {
        return new CudaException("cuda: the kernels are missing (" + module + ".ptx); put the engine's jar for GPUs"
                + " (dev.merapi:merapi-engine, classifier cuda) on the class path or use --device cpu");
    }
}
