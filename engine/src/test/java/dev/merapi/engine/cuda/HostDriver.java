package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// A driver whose device is this machine's memory. Copies and fills happen at once; launches are recorded and
/// checked against the kernels' signatures, and what they do, but for plain copies, is up to a subclass.
class HostDriver implements Driver {
    record Launch(String kernel, Grid grid, long[] arguments) {
        @Override
        public String toString() {
            return kernel + " " + grid.x() + "x" + grid.y() + (grid.sharedBytes() == 0 ? "" : " " + grid.sharedBytes());
        }
    }

    final List<Launch> launches = new ArrayList<>();
    final Map<Long, Integer> shared = new HashMap<>();
    long memoryBytes = 8L << 30; // what there is of memory
    long allocatedBytes;
    final Map<ByteBuffer, Integer> pinned = new IdentityHashMap<>(); // what is live
    final Map<Long, List<Captured>> graphs = new HashMap<>();
    int allocations, synchronizations, openEvents, captures, replies;
    boolean closed;
    private final int multiprocessors, capability;
    private List<Captured> captured; // null: launches run
    private final List<String> functions = new ArrayList<>();
    private final List<Map<String, Integer>> modules = new ArrayList<>();
    private final TreeMap<Long, MemorySegment> memory = new TreeMap<>();
    private final Set<Long> pages = new HashSet<>(); // of the mail
    private final Map<Long, Arena> arenas = new HashMap<>();

    /// Four multiprocessors of Ampere.
    HostDriver() {
        this(4, 80);
    }

    HostDriver(int multiprocessors, int capability) {
        this.multiprocessors = multiprocessors;
        this.capability = capability;
    }

    @Override
    public String device() {
        return "Recorder";
    }

    @Override
    public long totalBytes() {
        return memoryBytes;
    }

    @Override
    public int multiprocessors() {
        return multiprocessors;
    }

    @Override
    public int capability() {
        return capability;
    }

    @Override
    public int sharedBytes() {
        return capability == 90 ? 227 << 10 : 99 << 10; // of the 8.6 and 8.9 devices, which have least
    }

    @Override
    public synchronized long allocate(long bytes) {
        if (allocatedBytes + bytes > memoryBytes) return 0;
        Arena arena = Arena.ofShared();
        MemorySegment segment = arena.allocate(bytes, 256);
        memory.put(segment.address(), segment);
        arenas.put(segment.address(), arena);
        allocatedBytes += bytes;
        allocations++;
        return segment.address();
    }

    @Override
    public synchronized void free(long address) {
        MemorySegment segment = memory.remove(address);
        assertNotNull(segment, "freed what was not allocated");
        allocatedBytes -= segment.byteSize();
        arenas.remove(address).close();
    }

    /// The memory at an address, which must lie inside of one allocation.
    synchronized MemorySegment at(long address, long bytes) {
        Map.Entry<Long, MemorySegment> entry = memory.floorEntry(address);
        assertNotNull(entry, "no memory at this address");
        return entry.getValue().asSlice(address - entry.getKey(), bytes);
    }

    /// All of them.
    synchronized List<MemorySegment> allocations() {
        return List.copyOf(memory.values());
    }

    @Override
    public synchronized ByteBuffer pinned(int bytes) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes);
        pinned.put(buffer, bytes);
        return buffer;
    }

    @Override
    public synchronized void freePinned(ByteBuffer buffer) {
        assertNotNull(pinned.remove(buffer), "freed pinned memory that is not there");
    }

    @Override
    public void upload(long to, ByteBuffer pinned, long bytes) {
        at(to, bytes).copyFrom(MemorySegment.ofBuffer(pinned).asSlice(0, bytes));
    }

    @Override
    public void mail(long to, ByteBuffer pinned, int at, int bytes) {
        at(to, bytes).copyFrom(MemorySegment.ofBuffer(pinned).asSlice(at, bytes));
        pages.add(memory.floorKey(to));
    }

    @Override
    public void copy(long to, long from, long bytes) {
        move(to, from, bytes);
    }

    private void move(long to, long from, long bytes) {
        at(to, bytes).copyFrom(at(from, bytes));
    }

    /// What was put down for a reply is no launch of a test's.
    @Override
    public synchronized void reply(ByteBuffer pinned, int at, long from, int bytes) {
        replies++;
        MemorySegment.ofBuffer(pinned).asSlice(at, bytes).copyFrom(at(from, bytes));
        if (memory.floorEntry(from).getValue().byteSize() == Replies.PAGE)
            launches.removeIf(l -> l.kernel().equals("copy")
                    && memory.floorKey(l.arguments()[2]).equals(memory.floorKey(from)));
    }

    @Override
    public void synchronize() {
        synchronizations++;
    }

    @Override
    public long newEvent() {
        return openEvents++;
    }

    @Override
    public void record(long event) {}

    @Override
    public void await(long event) {}

    @Override
    public void awaitMail(long event) {}

    @Override
    public void awaitLaunches(long event) {}

    @Override
    public void recordReply(long event) {}

    @Override
    public long module(byte[] image) {
        if (image[0] == 0x7F) throw new CudaException("cuda: no machine code here"); // \x7FELF
        modules.add(Ptx.parameters(image));
        return modules.size() - 1;
    }

    @Override
    public long function(long module, String name) {
        assertNotNull(modules.get((int) module).get(name), "no kernel " + name + " in its module");
        functions.add(name);
        return functions.size() - 1;
    }

    @Override
    public void allowShared(long function, int bytes) {
        shared.put(function, bytes);
    }

    @Override
    public synchronized void launch(long function, Grid grid, long call) {
        if (isCapturing()) captured.add(new Captured(function, grid, call));
        else run(function, grid, call);
    }

    /// Reads the call as the kernel does.
    private void run(long function, Grid room, long call) {
        String kernel = functions.get((int) function);
        int count = -1;
        for (Map<String, Integer> module : modules) count = module.getOrDefault(kernel, count);
        long[] words = at(call, 8L * (1 + count)).toArray(ValueLayout.JAVA_LONG);
        Grid grid = new Grid((int) words[0], (int) (words[0] >>> 32), room.threads(), room.sharedBytes());
        assertTrue(grid.x() <= room.x() && grid.y() <= room.y(), () -> kernel + " " + grid + " beyond " + room);
        if (room.sharedBytes() > 48 << 10)
            assertEquals(room.sharedBytes(), Math.min(room.sharedBytes(), shared.getOrDefault(function, 0)), kernel);
        long[] arguments = Arrays.copyOfRange(words, 1, words.length);
        if (isFill(kernel, arguments)) fill(arguments[2], (int) arguments[1], arguments[0]);
        else if (isMail(kernel, arguments)) move(arguments[2], arguments[1], 4 * arguments[0]);
        else {
            if (kernel.equals("copy") && arguments[3] == 0) move(arguments[2], arguments[1], 4 * arguments[0]);
            launches.add(new Launch(kernel, grid, arguments));
            run(launches.getLast());
        }
    }

    /// Of [CudaMemory], which tests of launches do not ask for.
    private static boolean isFill(String kernel, long[] arguments) {
        return kernel.equals("fill") && (arguments[1] == 0 || (int) arguments[1] == CudaMemory.POISON);
    }

    /// Values of the host on their way to their memory.
    private boolean isMail(String kernel, long[] arguments) {
        return kernel.equals("copy") && pages.contains(memory.floorKey(arguments[1]));
    }

    private void fill(long to, int word, long count) {
        MemorySegment segment = at(to, 4 * count);
        for (long i = 0; i < count; i++) segment.setAtIndex(ValueLayout.JAVA_INT, i, word);
    }

    boolean isCapturing() {
        return captured != null;
    }

    @Override
    public void beginCapture() {
        captured = new ArrayList<>();
    }

    @Override
    public long endCapture() {
        graphs.put((long) ++captures, captured);
        captured = null;
        return captures;
    }

    @Override
    public void launchGraph(long graph) {
        for (Captured c : graphs.get(graph)) run(c.function, c.room, c.call);
    }

    record Captured(long function, Grid room, long call) {}

    @Override
    public void freeGraph(long graph) {
        assertNotNull(graphs.remove(graph), "freed a graph that is not there");
    }

    /// Does what the kernel does; nothing here.
    void run(Launch launch) {}

    @Override
    public void close() {
        closed = true;
    }
}
