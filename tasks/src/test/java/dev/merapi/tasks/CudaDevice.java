package dev.merapi.tasks;

import dev.merapi.engine.Device;
import dev.merapi.engine.cuda.CudaException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/// The GPU of this machine, or where there is none an emulated one, whose driver `src/cuda/driver` makes. JCuda
/// looks for a driver once in the life of a JVM, so tests that need one run in a JVM of their own.
public final class CudaDevice {
    private static final boolean OFF = "false".equals(System.getProperty("merapi.test.cuda"));
    private static final Optional<Path> EMULATED = OFF || hasDriver() ? Optional.empty() : emulatedDriver();
    private static final Optional<String> MISSING = findDevice();

    private CudaDevice() {}

    /// Why `Device.cuda()` finds none; empty where it does.
    public static Optional<String> missing() {
        return MISSING;
    }

    /// The folder of the emulated driver, for another process; empty where there is a real one.
    public static Optional<Path> emulated() {
        return EMULATED;
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

    private static Optional<Path> emulatedDriver() {
        try {
            Process script = new ProcessBuilder("../src/cuda/driver")
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String folder = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (script.waitFor() == 0) return Optional.of(Path.of(folder));
        } catch (IOException e) {
            System.out.println(e.getMessage());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        System.out.println("src/cuda/driver failed, is g++ there? No GPU is emulated");
        return Optional.empty();
    }

    @SuppressWarnings("restricted")
    private static Optional<String> findDevice() {
        if (OFF) return Optional.of("merapi.test.cuda is false");
        EMULATED.ifPresent(folder -> System.load(folder.resolve("libcuda.so.1").toString()));
        try (Device device = Device.cuda()) {
            System.out.println("the tests run on " + device);
            return Optional.empty();
        } catch (CudaException e) {
            System.out.println("the tests run on no GPU: " + e.getMessage());
            return Optional.of(e.getMessage());
        }
    }
}
