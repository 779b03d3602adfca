package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Slabs;
import java.util.ArrayList;

/// One call of a kernel method: the addresses of its operands, its launches, and what has to be done when they
/// are asked for. Operands on the heap are copied to scratch memory and, where they are written, back at the
/// end.
final class Call implements AutoCloseable {
    private final Cuda cuda;
    private final ArrayList<Scratch> scratch = new ArrayList<>();
    private final ArrayList<Staged> staged = new ArrayList<>();

    Call(Cuda cuda) {
        this.cuda = cuda;
        cuda.lock().lock();
    }

    // ── Operands ─────────────────────────────────────────────────────────────────────────────────

    /// The address of an operand that is read; 0 for null.
    long in(Floats x) {
        if (x == null) return 0;
        if (!(x.device() instanceof CudaBlock block)) return stage(x, false, true);
        block.onDevice();
        return block.address + 4L * x.offset;
    }

    /// The address of an operand whose values are all written, or written and read where `accumulate`; 0 for
    /// null.
    long out(Floats x, boolean accumulate) {
        if (x == null) return 0;
        if (!(x.device() instanceof CudaBlock block)) return stage(x, true, accumulate);
        block.onDevice(!accumulate && x.length == block.length);
        return block.address + 4L * x.offset;
    }

    long out(Floats x) {
        return out(x, false);
    }

    /// The address of the first `count` numbers; the copy on the device is kept for the next call that has the
    /// same.
    long ints(int[] x, int count) {
        if (4L * count <= Mail.MOST) return cuda.numbers().address(x, count);
        long address = scratch(4L * count);
        cuda.memory().staging().upload(address, x, count);
        return address;
    }

    /// The same of words of 64 bits.
    long words(long[] x) {
        int[] halves = new int[2 * x.length];
        for (int i = 0; i < x.length; i++) {
            halves[2 * i] = (int) x[i]; // little-endian, as the device
            halves[2 * i + 1] = (int) (x[i] >>> 32);
        }
        return ints(halves, halves.length);
    }

    /// The address of numbers for the duration of this call.
    long floats(float[] x) {
        if (4L * x.length <= Mail.MOST) return cuda.memory().staging().mail(x);
        long address = scratch(4L * x.length);
        cuda.memory().staging().upload(address, x, 0, x.length);
        return address;
    }

    /// Waits for `count` doubles that the launches so far have computed.
    double[] doubles(long from, int count) {
        double[] values = new double[count];
        cuda.memory().staging().download(from, values);
        return values;
    }

    /// The address of memory for the duration of this call.
    long scratch(long bytes) {
        if (bytes > 4L * Integer.MAX_VALUE - 64)
            throw new CudaException("cuda: " + bytes + " bytes of scratch memory; use smaller batches");
        int floats = Slabs.round((int) Math.max(1, (bytes + 3) / 4));
        long address = cuda.memory().acquire(floats);
        scratch.add(new Scratch(address, floats));
        return address;
    }

    private long stage(Floats x, boolean written, boolean read) {
        for (Staged other : staged)
            if (other.heap.array == x.array && other.heap.offset == x.offset && other.heap.length >= x.length) {
                other.written |= written;
                return other.address;
            }
        Staged mine = new Staged(x, scratch(4L * x.length), written);
        if (read) cuda.memory().staging().upload(mine.address, x.array, x.offset, x.length);
        staged.add(mine);
        return mine.address;
    }

    // ── Launches ─────────────────────────────────────────────────────────────────────────────────

    /// @param arguments int, long (also an address), float, double, boolean, and [Dropout], which is five
    void run(String module, String kernel, Driver.Grid grid, Object... arguments) {
        int sharedBytes = grid.sharedBytes();
        if (sharedBytes > cuda.driver().sharedBytes())
            throw new CudaException("cuda: %s needs %d bytes of shared memory a block, %s has %d; use --device cpu"
                    .formatted(
                            kernel,
                            sharedBytes,
                            cuda.driver().device(),
                            cuda.driver().sharedBytes()));
        int count = 0;
        for (Object argument : arguments) count += argument instanceof Dropout ? 5 : 1;
        long[] words = new long[count];
        int at = 0;
        for (Object argument : arguments) {
            if (argument instanceof Dropout d) {
                words[at++] = d.isActive() ? d.threshold() : 0;
                words[at++] = Float.floatToRawIntBits(d.scale());
                words[at++] = d.seed();
                words[at++] = d.isActive() ? ints(new int[] {d.step()}, 1) : 0;
                words[at++] = d.site();
            } else words[at++] = word(argument);
        }
        cuda.graphs().launch(module, kernel, grid, words);
    }

    private static long word(Object argument) {
        return switch (argument) {
            case Integer i -> i;
            case Long l -> l;
            case Float f -> Float.floatToRawIntBits(f);
            case Double d -> Double.doubleToRawLongBits(d);
            case Boolean b -> b ? 1 : 0;
            default -> throw new IllegalArgumentException("launch: " + argument.getClass() + " is no argument");
        };
    }

    @Override
    public void close() {
        try {
            for (Staged s : staged)
                if (s.written) cuda.memory().staging().download(s.address, s.heap.array, s.heap.offset, s.heap.length);
        } finally {
            for (Scratch s : scratch) cuda.memory().release(s.address, s.floats);
            cuda.lock().unlock();
        }
    }

    private record Scratch(long address, int floats) {}

    private static final class Staged {
        final Floats heap;
        final long address;
        boolean written;

        Staged(Floats heap, long address, boolean written) {
            this.heap = heap;
            this.address = address;
            this.written = written;
        }
    }
}
