package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Memory;
import dev.merapi.engine.kernel.Slabs;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// A caching pool of the device's memory. What was given back is kept for the next one of its size, since
/// asking the driver waits for the whole device: sizes are rounded up to four classes an octave, as on the
/// heap. All work runs in the order of one stream, so memory may be given away while
/// the kernels that use it are still to run.
///
/// Where it is checked, memory is filled with NaN before it is used, and what lies between the values and the
/// end of their class must still be NaN when it comes back: a kernel that forgets or exceeds its result is
/// found out.
public final class CudaMemory implements Memory, AutoCloseable {
    static final int POISON = 0x7fc00bad; // a NaN

    private final Driver driver;
    private final Graphs graphs;
    private final boolean checked;
    private final Staging staging;
    private final Cleaner cleaner = Cleaner.create();
    private final TreeMap<Integer, TreeSet<Long>> free = new TreeMap<>(); // addresses by floats
    private final Set<Long> all = new HashSet<>(); // addresses, in use or not
    private long total, cached, peak; // bytes: of the driver, of them in `free`, the most that were in use
    private boolean closed;

    CudaMemory(Driver driver, Graphs graphs, boolean checked) {
        this.driver = driver;
        this.graphs = graphs;
        this.checked = checked;
        this.staging = new Staging(driver, graphs);
    }

    // ── Operands ─────────────────────────────────────────────────────────────────────────────────

    @Override
    public Floats take(int length) {
        return new Floats(block(length), 0, length);
    }

    @Override
    public void give(Floats taken) {
        CudaBlock block = (CudaBlock) taken.device();
        if (checked) block.checkSlack();
        release(block.address, block.capacity);
    }

    @Override
    public Floats allocate(int length) {
        CudaBlock block = block(length);
        long address = block.address;
        int capacity = block.capacity;
        cleaner.register(block, () -> release(address, capacity));
        graphs.fill(address, 0, length);
        block.onDevice(true);
        return new Floats(block, 0, length);
    }

    /// One launch a run of rows would cost more than a pass over the table.
    @Override
    public boolean prefersSparseRows() {
        return false;
    }

    private CudaBlock block(int length) {
        int capacity = Slabs.round(length);
        return new CudaBlock(this, acquire(capacity), length, capacity);
    }

    Staging staging() {
        return staging;
    }

    // ── The pool ─────────────────────────────────────────────────────────────────────────────────

    /// The address of `floats` values, a number that [Slabs#round] gives.
    synchronized long acquire(int floats) {
        if (closed) throw new CudaException("cuda: the device is closed; open it again with Device.cuda()");
        TreeSet<Long> same = free.get(floats);
        Long address = same == null ? null : same.pollFirst();
        if (address != null) cached -= 4L * floats;
        else address = fresh(floats);
        peak = Math.max(peak, total - cached);
        if (!checked) return address;
        try {
            graphs.fill(address, POISON, floats);
            return address;
        } catch (CudaException e) {
            release(address, floats);
            throw e;
        }
    }

    private long fresh(int floats) {
        long bytes = 4L * floats;
        long address = driver.allocate(bytes);
        if (address == 0 && cached > 0) { // what lies about in other sizes
            freeCached();
            address = driver.allocate(bytes);
        }
        if (address == 0)
            throw new CudaException(("cuda: out of memory: asked for %s, live %s, peak %s of the device's %s;"
                            + " use smaller batches or shorter sequences")
                    .formatted(
                            megabytes(bytes),
                            megabytes(total - cached),
                            megabytes(peak),
                            megabytes(driver.totalBytes())));
        total += bytes;
        all.add(address);
        return address;
    }

    synchronized void release(long address, int floats) {
        if (closed) return; // and freed
        free.computeIfAbsent(floats, size -> new TreeSet<>()).add(address);
        cached += 4L * floats;
    }

    private void freeCached() {
        graphs.synchronize(); // nothing that still runs may use it
        for (Map.Entry<Integer, TreeSet<Long>> size : free.entrySet())
            for (long address : size.getValue()) {
                all.remove(address);
                total -= 4L * size.getKey();
                driver.free(address);
            }
        free.clear();
        cached = 0;
    }

    /// Bytes that the pool holds, in use or not.
    @Override
    public synchronized long bytes() {
        return total;
    }

    /// Bytes in use.
    public synchronized long liveBytes() {
        return total - cached;
    }

    /// The most bytes that were in use at once.
    public synchronized long peakBytes() {
        return peak;
    }

    /// What was copied between the heap and the device, for people: "12 uploads, 3.4 MB; 2 downloads, 0.1 MB".
    public String copies() {
        Staging.Copies c = staging.copies();
        return "%d uploads, %s; %d downloads, %s"
                .formatted(c.uploads(), megabytes(c.uploadedBytes()), c.downloads(), megabytes(c.downloadedBytes()));
    }

    private static String megabytes(long bytes) {
        return String.format(java.util.Locale.ROOT, "%.1f MB", bytes / 1e6);
    }

    @Override
    public synchronized void close() {
        if (closed) return;
        closed = true;
        List<Runnable> steps = new ArrayList<>();
        steps.add(graphs::drain); // nothing is on its way then
        for (long address : all) steps.add(() -> driver.free(address));
        steps.add(staging::close);
        Closing.all(steps.toArray(Runnable[]::new));
    }

    static boolean isPoison(float value) {
        return Float.floatToRawIntBits(value) == POISON;
    }
}
