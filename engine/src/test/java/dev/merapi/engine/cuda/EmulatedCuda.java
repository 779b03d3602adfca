package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Kernels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// [CudaKernels] over an emulated device: the very sources of `src/main/cuda`, compiled by g++, each launch
/// running block by block on this CPU. What a GPU adds is the compiler that makes its machine code, and real
/// concurrency.
public final class EmulatedCuda {
    private static final Optional<SymbolLookup> LIBRARY = load("");

    private EmulatedCuda() {}

    /// Ampere, with memory that is checked, whose many copies leave no graph; empty where g++ is missing, which
    /// is said.
    public static Optional<Kernels> kernels() {
        return kernels(4, 80, true, 0);
    }

    /// With launches that become graphs, as where it matters.
    public static Optional<Kernels> graphs() {
        return kernels(4, 80, false, 0);
    }

    /// Hopper, with its own instructions for products of low precision.
    public static Optional<Kernels> hopper(int multiprocessors) {
        return kernels(multiprocessors, 90, true, 0);
    }

    /// Ampere that has room for the partial gradients of a table under one head only.
    public static Optional<Kernels> oneHeadAtATime() {
        return LIBRARY.map(
                library -> new CudaKernels(new EmulatedDriver(handle(library, "emulate", EMULATE), 4, 80), true, 1));
    }

    /// @param order in which threads and blocks take their turns, 0 or 1, see emulator.cpp
    static Optional<Kernels> kernels(int multiprocessors, int capability, boolean checked, int order) {
        return LIBRARY.map(library -> {
            var emulate = handle(library, "emulate", EMULATE);
            var orders = handle(library, "order", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
            var driver = new EmulatedDriver(emulate, multiprocessors, capability) {
                @Override
                int emulate(Launch launch, MemorySegment name, MemorySegment arguments) throws Throwable {
                    orders.invokeExact(order);
                    return super.emulate(launch, name, arguments);
                }
            };
            return new CudaKernels(driver, checked);
        });
    }

    static final FunctionDescriptor EMULATE = FunctionDescriptor.of(
            ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS);

    @SuppressWarnings("restricted")
    static MethodHandle handle(SymbolLookup library, String name, FunctionDescriptor type) {
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), type);
    }

    /// The emulator's library, made if it is not there.
    ///
    /// @param kind of the script `emulate`: "" or "watched"
    @SuppressWarnings("restricted")
    static Optional<SymbolLookup> load(String kind) {
        Path script = Path.of("../src/cuda/emulate").toAbsolutePath().normalize();
        if (!Files.exists(script)) {
            System.out.println(script + " is missing: the CUDA kernels are not emulated");
            return Optional.empty();
        }
        try {
            Path library =
                    Path.of("../engine/target/cuda", digest() + kind + ".so").toAbsolutePath();
            if (!Files.exists(library)) {
                Files.createDirectories(library.getParent());
                Path fresh = Files.createTempFile(library.getParent(), "fresh", ".so");
                Process build = new ProcessBuilder(script.toString(), fresh.toString(), kind)
                        .inheritIO()
                        .start();
                if (build.waitFor() != 0) {
                    System.out.println("g++ is missing or failed: the CUDA kernels are not emulated");
                    return Optional.empty();
                }
                Files.move(fresh, library, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
            }
            return Optional.of(SymbolLookup.libraryLookup(library, Arena.global()));
        } catch (IOException e) {
            System.out.println("the CUDA kernels are not emulated: " + e.getMessage());
            return Optional.empty();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Of all that the library is made of, so that it is made anew when any of it changes.
    private static String digest() throws IOException {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (String folder : List.of("../engine/src/main/cuda", "../engine/src/test/cuda"))
                try (Stream<Path> files = Files.list(Path.of(folder))) {
                    files.sorted().forEach(file -> {
                        try {
                            sha.update(Files.readAllBytes(file));
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
                }
            sha.update(Files.readAllBytes(Path.of("../src/cuda/emulate")));
            return HexFormat.of().formatHex(sha.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// One launch after the other, one at a time.
    static class EmulatedDriver extends HostDriver {
        private static final String[] ERRORS = {
            "",
            "is not in the emulator",
            "wrote behind its shared memory",
            "has threads that wait for ever",
            "has threads that end before their copies",
            "copies pieces that are not aligned, or beside its shared memory",
            "loads matrices that are not aligned, or beside its shared memory",
            "loads matrices whose rows lie in the same bank",
            "has a barrier that was not made, was overwritten, or at which more arrive than it expects",
            "has no such number of threads",
            "multiplies matrices that do not lie as tensor cores read them, or not as a whole warpgroup, or without a"
                    + " fence",
            "has threads that end before their products"
        };
        private final MethodHandle emulate;

        EmulatedDriver(MethodHandle emulate, int multiprocessors, int capability) {
            super(multiprocessors, capability);
            this.emulate = emulate;
        }

        @Override
        public String device() {
            return "emulated";
        }

        @Override
        void run(Launch launch) {
            launches.clear();
            int result;
            synchronized (EmulatedCuda.class) {
                try (Arena arena = Arena.ofConfined()) {
                    long[] words = launch.arguments();
                    int count = words.length;
                    MemorySegment arguments = arena.allocate(16L * count, 8); // their addresses, and they
                    for (int i = 0; i < count; i++) {
                        arguments.setAtIndex(ValueLayout.ADDRESS, i, arguments.asSlice(8L * (count + i), 8));
                        arguments.setAtIndex(ValueLayout.JAVA_LONG, count + i, words[i]);
                    }
                    result = emulate(launch, arena.allocateFrom(launch.kernel()), arguments);
                } catch (Throwable e) {
                    throw new IllegalStateException(e);
                }
            }
            if (result != 0) throw new AssertionError("the kernel " + launch.kernel() + " " + error(result));
        }

        int emulate(Launch launch, MemorySegment name, MemorySegment arguments) throws Throwable {
            Grid grid = launch.grid();
            return (int) emulate.invokeExact(name, grid.x(), grid.y(), grid.threads(), grid.sharedBytes(), arguments);
        }

        String error(int result) {
            return ERRORS[result];
        }
    }
}
