package dev.merapi.engine.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;

/// The emulated device with every access looked at (watch.cpp): races between threads and between blocks, reads
/// of what nobody has written, accesses beside the device's memory, and fours at addresses that are not theirs
/// end a launch with an error that says where.
final class WatchedCuda extends EmulatedCuda.EmulatedDriver {
    private static final Optional<SymbolLookup> LIBRARY = EmulatedCuda.load("watched");
    private static final int ROOM = 1 << 22; // lines of the log
    private static final int LINE = 16; // bytes: address [8], block [4], thread [2], bytes [2], 2^15 more if written

    private final MethodHandle watch, lines, text;
    private final MemorySegment log;
    private final Witness witness;

    /// Is told after every launch what it did to the device's memory.
    interface Witness {
        void saw(HostDriver driver, Launch launch, Accesses accesses);
    }

    /// Empty where g++ is missing.
    ///
    /// @param witness or null
    static Optional<CudaKernels> kernels(int multiprocessors, int capability, Witness witness) {
        return LIBRARY.map(
                library -> new CudaKernels(new WatchedCuda(library, multiprocessors, capability, witness), true));
    }

    @SuppressWarnings("restricted")
    private WatchedCuda(SymbolLookup library, int multiprocessors, int capability, Witness witness) {
        super(EmulatedCuda.handle(library, "emulate", EmulatedCuda.EMULATE), multiprocessors, capability);
        var address = ValueLayout.ADDRESS;
        var number = ValueLayout.JAVA_LONG;
        watch = EmulatedCuda.handle(
                library, "watch", FunctionDescriptor.ofVoid(address, number, address, number, address, number));
        lines = EmulatedCuda.handle(library, "watched_lines", FunctionDescriptor.of(number));
        var chars = MemoryLayout.sequenceLayout(200, ValueLayout.JAVA_BYTE);
        text = EmulatedCuda.handle(library, "watched_text", FunctionDescriptor.of(address.withTargetLayout(chars)));
        log = witness == null ? MemorySegment.NULL : Arena.ofAuto().allocate((long) LINE * ROOM, 8);
        this.witness = witness;
    }

    @Override
    int emulate(Launch launch, MemorySegment name, MemorySegment arguments) throws Throwable {
        int result;
        try (Arena arena = Arena.ofConfined()) {
            List<MemorySegment> all = allocations();
            MemorySegment regions = arena.allocate(16L * all.size(), 8);
            for (int i = 0; i < all.size(); i++) {
                regions.setAtIndex(ValueLayout.JAVA_LONG, 2L * i, all.get(i).address());
                regions.setAtIndex(
                        ValueLayout.JAVA_LONG,
                        2L * i + 1,
                        all.get(i).address() + all.get(i).byteSize());
            }
            watch.invokeExact(regions, (long) all.size(), arguments, arguments.byteSize(), log, (long) ROOM);
            result = super.emulate(launch, name, arguments);
        }
        if (witness != null && result == 0) witness.saw(this, launch, accesses((long) lines.invokeExact()));
        return result;
    }

    private Accesses accesses(long count) {
        var accesses = new Accesses();
        for (long at = 0; at < LINE * count; at += LINE) {
            long address = log.get(ValueLayout.JAVA_LONG, at);
            int block = log.get(ValueLayout.JAVA_INT, at + 8), thread = log.get(ValueLayout.JAVA_SHORT, at + 12);
            int bytes = log.get(ValueLayout.JAVA_SHORT, at + 14);
            accesses.add(block, thread, address, bytes & 0x7FFF, bytes < 0);
        }
        return accesses;
    }

    @Override
    String error(int result) {
        if (result < 12) return super.error(result);
        try {
            return ((MemorySegment) text.invokeExact()).getString(0);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
