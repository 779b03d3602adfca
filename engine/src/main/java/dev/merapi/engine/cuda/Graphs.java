package dev.merapi.engine.cuda;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A driver whose launches run as CUDA graphs where the same ones come again: a graph costs the host one call
/// and the device less time between two kernels.
///
/// Launches are collected to pieces of at most [#PIECE]; everything else that is asked of the stream ends a
/// piece. A piece that comes for the second time is captured, and from then on its graph runs instead. It is
/// the same piece only if all of it is the same, kernels, grids and every argument: addresses, sizes, factors.
/// So a graph never has to be told that something has changed, and inference and training need no word about
/// it. What changes from step to step lies in the device's memory (ids, the scalars of AdamW, the step of the
/// dropout); that addresses come again is what [CudaMemory] and [Numbers] see to. Batches of other sizes have
/// graphs of their own.
final class Graphs implements Driver {
    static final int PIECE = 64; // launches; while they are collected the device works on the piece before
    static final int LEAST = 4; // that a graph is worth
    static final int KEPT = 512; // graphs, the last used
    private static final int REMEMBERED = 8192; // pieces that came once

    private final Driver driver;
    private final List<Launch> piece = new ArrayList<>(PIECE);
    private final Map<List<Launch>, Long> graphs = new LinkedHashMap<>(16, 0.75f, true); // the last used at the end
    private final Map<Integer, Boolean> cameOnce = new LinkedHashMap<>(); // by their hashes
    private long asked, alone, replayed;

    Graphs(Driver driver) {
        this.driver = driver;
    }

    @Override
    public synchronized void launch(long function, Grid grid, long[] arguments) {
        piece.add(new Launch(function, grid, arguments));
        asked++;
        if (piece.size() == PIECE) send();
    }

    /// Gives the driver what has been collected.
    private void send() {
        if (piece.isEmpty()) return;
        List<Launch> whole = List.copyOf(piece);
        piece.clear();
        Long graph = whole.size() < LEAST ? null : graphs.get(whole);
        if (graph == null && whole.size() >= LEAST && cameBefore(whole)) graph = capture(whole);
        if (graph == null) {
            alone += whole.size();
            for (Launch l : whole) driver.launch(l.function, l.grid, l.arguments);
        } else {
            replayed++;
            driver.launchGraph(graph);
        }
    }

    /// Two pieces of the same hash are taken for one here: then a graph is made too early, of the right
    /// launches.
    private boolean cameBefore(List<Launch> whole) {
        if (cameOnce.put(whole.hashCode(), true) != null) return true;
        if (cameOnce.size() > REMEMBERED)
            cameOnce.remove(cameOnce.keySet().iterator().next());
        return false;
    }

    private long capture(List<Launch> whole) {
        long graph;
        driver.beginCapture();
        try {
            for (Launch l : whole) driver.launch(l.function, l.grid, l.arguments);
        } finally {
            graph = driver.endCapture();
        }
        graphs.put(whole, graph);
        if (graphs.size() > KEPT) {
            driver.synchronize(); // it may still be running
            driver.freeGraph(graphs.remove(graphs.keySet().iterator().next()));
        }
        return graph;
    }

    synchronized Count count() {
        return new Count(asked, alone, replayed);
    }

    /// @param launches that were asked for
    /// @param alone    of them without a graph
    /// @param graphs   that ran for the others
    record Count(long launches, long alone, long graphs) {}

    private record Launch(long function, Grid grid, long[] arguments) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Launch l
                    && function == l.function
                    && grid.equals(l.grid)
                    && Arrays.equals(arguments, l.arguments);
        }

        @Override
        public int hashCode() {
            return 31 * (31 * Long.hashCode(function) + grid.hashCode()) + Arrays.hashCode(arguments);
        }
    }

    // ── What ends a piece ────────────────────────────────────────────────────────────────────────

    @Override
    public synchronized void upload(long to, ByteBuffer pinned, long bytes) {
        send();
        driver.upload(to, pinned, bytes);
    }

    @Override
    public synchronized void download(ByteBuffer pinned, long from, long bytes) {
        send();
        driver.download(pinned, from, bytes);
    }

    @Override
    public synchronized void fill(long to, int word, long count) {
        send();
        driver.fill(to, word, count);
    }

    @Override
    public synchronized void record(long event) {
        send();
        driver.record(event);
    }

    @Override
    public synchronized void synchronize() {
        send();
        driver.synchronize();
    }

    @Override
    public synchronized void free(long address) {
        send();
        driver.free(address);
    }

    @Override
    public synchronized void close() {
        piece.clear();
        driver.close();
    }

    // ── What does not ────────────────────────────────────────────────────────────────────────────

    @Override
    public String device() {
        return driver.device();
    }

    @Override
    public long totalBytes() {
        return driver.totalBytes();
    }

    @Override
    public int multiprocessors() {
        return driver.multiprocessors();
    }

    @Override
    public int capability() {
        return driver.capability();
    }

    @Override
    public int sharedBytes() {
        return driver.sharedBytes();
    }

    @Override
    public long allocate(long bytes) {
        return driver.allocate(bytes);
    }

    @Override
    public ByteBuffer pinned(int bytes) {
        return driver.pinned(bytes);
    }

    @Override
    public void freePinned(ByteBuffer pinned) {
        driver.freePinned(pinned);
    }

    @Override
    public long newEvent() {
        return driver.newEvent();
    }

    @Override
    public void await(long event) {
        driver.await(event);
    }

    @Override
    public long module(byte[] ptx) {
        return driver.module(ptx);
    }

    @Override
    public long function(long module, String name) {
        return driver.function(module, name);
    }

    @Override
    public void allowShared(long function, int bytes) {
        driver.allowShared(function, bytes);
    }

    @Override
    public void beginCapture() {
        throw new IllegalStateException("graphs: the launches of a graph are captured by themselves");
    }

    @Override
    public long endCapture() {
        throw new IllegalStateException("graphs: the launches of a graph are captured by themselves");
    }

    @Override
    public void launchGraph(long graph) {
        throw new IllegalStateException("graphs: the launches of a graph are captured by themselves");
    }

    @Override
    public void freeGraph(long graph) {
        throw new IllegalStateException("graphs: the launches of a graph are captured by themselves");
    }
}
