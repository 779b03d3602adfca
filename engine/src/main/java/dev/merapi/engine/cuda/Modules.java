package dev.merapi.engine.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The functions of the kernels: one module a source of `src/main/cuda`, loaded when its first kernel is asked
/// for. The PTX, and the machine code of what runs on one chip alone, travel in a jar of their own, since few
/// need them; `META-INF` is no package, so that no module hides it.
final class Modules {
    /// The sources.
    static final List<String> NAMES = List.of(
            "activation",
            "attention",
            "attention_operands",
            "attention_tensor",
            "biased",
            "biased_tensor",
            "disentangled",
            "disentangled_tensor",
            "elementwise",
            "gather",
            "gemm",
            "gemm_hopper",
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
                kernel, name -> driver.function(modules.computeIfAbsent(module, this::load), name));
        int plain = 48 << 10; // more has to be asked for
        if (sharedBytes > Math.max(plain, shared.getOrDefault(function, 0))) {
            driver.allowShared(function, sharedBytes);
            shared.put(function, sharedBytes);
        }
        return function;
    }

    /// Machine code where there is some, as the compiler's report of it was read; a driver older than the
    /// compiler does not know its format and assembles the PTX itself.
    private long load(String module) {
        Optional<byte[]> code = read(module + ".cubin");
        if (code.isPresent()) {
            try {
                return driver.module(code.get());
            } catch (CudaException _) {
                // the PTX says what is wrong if it is not the format
            }
        }
        return driver.module(ptx(module));
    }

    /// @throws CudaException if there is no PTX, with the remedy
    static void check() {
        for (String module : NAMES)
            if (Modules.class.getClassLoader().getResource(FOLDER + module + ".ptx") == null) throw missing(module);
    }

    static byte[] ptx(String module) {
        return read(module + ".ptx").orElseThrow(() -> missing(module));
    }

    private static Optional<byte[]> read(String file) {
        try (InputStream in = Modules.class.getClassLoader().getResourceAsStream(FOLDER + file)) {
            return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
        } catch (IOException e) {
            throw new CudaException("cuda: " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static CudaException missing(String module) {
        return new CudaException("cuda: the kernels are missing (" + module + ".ptx); put the engine's jar for GPUs"
                + " (dev.merapi:merapi-engine, classifier cuda) on the class path or use --device cpu");
    }
}
