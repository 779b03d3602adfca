package dev.merapi.engine.cuda;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The stream of the launches, which runs them as CUDA graphs where the same kernels come again: a graph costs
/// the host one call and the device less time between two kernels.
///
/// Launches are collected to pieces of at most [#PIECE]; whatever else is asked of the stream ends a piece.
/// A launch finds its grid and its arguments in the device's memory, so a graph serves all pieces of the same
/// kernels in grids of the same class ([Driver.Grid#roomy]): batches of nearly the same number of tokens, of
/// whatever lengths and ids, wherever their operands lie. One copy brings the calls of a piece ([Mail], with
/// all else that they read), one more on the device puts them where the graph looks. A piece that comes for
/// the second time is captured.
final class Graphs implements AutoCloseable {
    static final int PIECE = 128; // launches; while they are collected the device works on the piece before
    static final int LEAST = 4; // that a graph is worth
    static final int KEPT = 512; // graphs, the last used
    private static final int REMEMBERED = 8192; // pieces that came once
    private static final System.Logger LOG = System.getLogger(Graphs.class.getName());

    private final Driver driver;
    private final Modules modules;
    private final Mail mail;
    private final Replies replies;
    private long departure = -1; // an event
    private final List<Launch> piece = new ArrayList<>(PIECE);
    private long[] calls = new long[8 * PIECE]; // of the piece: the grid and the arguments of each launch
    private int words; // of them in use
    private final Map<List<Launch>, Graph> graphs = new LinkedHashMap<>(16, 0.75f, true); // the last used at the end
    private final Map<Integer, Boolean> cameOnce = new LinkedHashMap<>(); // by their hashes
    private long asked, alone, replayed;
    private boolean off; // the driver makes no graphs
    private CudaException failure; // of a launch or a copy; null: none

    Graphs(Driver driver) {
        this.driver = driver;
        this.modules = new Modules(driver);
        this.mail = new Mail(driver);
        this.replies = new Replies(driver);
    }

    /// @param arguments of the kernel in the order of the source, each in the low bytes of a word
    synchronized void launch(String module, String kernel, Driver.Grid grid, long[] arguments) {
        requireWhole();
        long function = modules.function(module, kernel, grid.sharedBytes());
        if (words + 1 + arguments.length > calls.length) calls = Arrays.copyOf(calls, 2 * calls.length);
        piece.add(new Launch(function, grid.roomy(), words));
        calls[words++] = (long) grid.y() << 32 | grid.x();
        System.arraycopy(arguments, 0, calls, words, arguments.length);
        words += arguments.length;
        asked++;
        if (piece.size() == PIECE) send();
    }

    /// Writes `count` words of 32 bits, as a launch.
    synchronized void fill(long to, int word, long count) {
        if (count > 0) launch("elementwise", "fill", Driver.Grid.strides(count), new long[] {count, word, to});
    }

    /// Gives the driver what has been collected. Where it refuses a part, all that is asked for later would be
    /// wrong, and is refused, too.
    private void send() {
        requireWhole();
        if (piece.isEmpty()) return;
        long where = mail.put(calls, words);
        try {
            send(List.copyOf(piece), where, (long) Long.BYTES * words);
        } catch (CudaException e) {
            failure = e;
            throw e;
        } finally {
            piece.clear();
            words = 0;
        }
    }

    private void send(List<Launch> whole, long where, long bytes) {
        mail.deliver();
        Graph graph = whole.size() < LEAST ? null : graphs.get(whole);
        if (graph == null && whole.size() >= LEAST && !off && cameBefore(whole)) graph = capture(whole, bytes);
        if (graph == null) {
            alone += whole.size();
            launch(whole, where);
        } else {
            replayed++;
            driver.copy(graph.calls, where, bytes);
            driver.launchGraph(graph.handle);
        }
        mail.read();
        replies.depart();
    }

    private void requireWhole() {
        if (failure == null) return;
        throw new CudaException(
                "cuda: what an earlier call of the driver was to do is missing since it failed; open the device again"
                        + " (" + failure.getMessage() + ")",
                failure);
    }

    private void launch(List<Launch> whole, long where) {
        for (Launch l : whole) driver.launch(l.function, l.grid, where + (long) Long.BYTES * l.call);
    }

    /// Two pieces of the same hash are taken for one here: then a graph is made too early, of the right
    /// launches.
    private boolean cameBefore(List<Launch> whole) {
        if (cameOnce.put(whole.hashCode(), true) != null) return true;
        if (cameOnce.size() > REMEMBERED)
            cameOnce.remove(cameOnce.keySet().iterator().next());
        return false;
    }

    /// Null if there is no memory left for the calls, or the driver makes no graph of them: then all launches
    /// run one by one from now on.
    private Graph capture(List<Launch> whole, long bytes) {
        if (graphs.size() == KEPT) {
            driver.synchronize(); // it may still be running
            free(graphs.remove(graphs.keySet().iterator().next()));
        }
        long where = 0;
        try {
            where = driver.allocate(bytes);
            if (where == 0) return null;
            Graph graph = new Graph(captured(whole, where), where);
            graphs.put(whole, graph);
            return graph;
        } catch (CudaException e) {
            if (where != 0) driver.free(where);
            off = true;
            LOG.log(System.Logger.Level.WARNING, "launches run without graphs, which is slower: {0}", e.getMessage());
            return null;
        }
    }

    private long captured(List<Launch> whole, long where) {
        driver.beginCapture();
        try {
            launch(whole, where);
        } catch (CudaException e) {
            Closing.after(e, () -> driver.freeGraph(driver.endCapture()));
            throw e;
        }
        return driver.endCapture();
    }

    private void free(Graph graph) {
        Closing.all(() -> driver.freeGraph(graph.handle), () -> driver.free(graph.calls));
    }

    synchronized CudaKernels.Launches count() {
        return new CudaKernels.Launches(asked, alone, replayed);
    }

    /// @param grid with room for others of its class
    /// @param call where its words begin among those of the piece
    private record Launch(long function, Driver.Grid grid, int call) {}

    /// @param calls the address of the words of all its launches
    private record Graph(long handle, long calls) {}

    // ── What launches read ───────────────────────────────────────────────────────────────────────

    /// The address of numbers for the launches of the call at hand, and of later ones while [#isFresh]; at most
    /// [Mail#MOST] bytes.
    synchronized long mail(int[] x, int count) {
        makeRoom();
        return mail.put(x, count);
    }

    synchronized long mail(float[] x, int offset, int count) {
        makeRoom();
        return mail.put(x, offset, count);
    }

    private void makeRoom() {
        if (!mail.isLong()) return;
        send();
        mail.read();
    }

    synchronized int turn() {
        return mail.turn();
    }

    synchronized boolean isFresh(int turn) {
        return mail.isFresh(turn);
    }

    // ── What launches answer ─────────────────────────────────────────────────────────────────────

    /// `count` values as they are when the launches get there, at most [Replies#PAGE] bytes.
    ///
    /// @param now whether they are awaited soon: ends the piece
    synchronized Replies.Reply reply(long from, int count, boolean now) {
        if (replies.isFull(count)) send();
        Replies.Reply reply = replies.place(count);
        launch("elementwise", "copy", Driver.Grid.strides(count), new long[] {count, from, reply.address(), 0});
        if (now) send();
        return reply;
    }

    /// Waits for the values, while others may launch.
    float[] read(Replies.Reply reply) {
        long arrival;
        synchronized (this) {
            if (reply.isRead()) return reply.read();
            if (reply.copy() == 0) send();
            if (reply.copy() == 0) throw new CudaException("cuda: the device was closed before its result was read");
            arrival = replies.arrival(reply.copy());
        }
        driver.await(arrival);
        synchronized (this) {
            return reply.read();
        }
    }

    /// Replies that are asked of the driver from now on follow all launches so far.
    synchronized void beforeReplies() {
        send();
        if (departure < 0) departure = driver.newEvent();
        driver.awaitLaunches(departure);
    }

    // ── What ends a piece ────────────────────────────────────────────────────────────────────────

    synchronized void upload(long to, ByteBuffer pinned, long bytes) {
        send();
        driver.upload(to, pinned, bytes);
    }

    synchronized void record(long event) {
        send();
        driver.record(event);
    }

    synchronized void synchronize() {
        Closing.all(this::send, driver::synchronize);
    }

    /// The same at the end, when nobody wants to hear of an earlier failure again.
    synchronized void drain() {
        if (failure != null) driver.synchronize();
        else synchronize();
    }

    /// Forgets what is still to be sent.
    @Override
    public synchronized void close() {
        piece.clear();
        List<Runnable> steps = new ArrayList<>();
        for (Graph graph : graphs.values()) steps.add(() -> free(graph));
        graphs.clear();
        steps.add(replies::close);
        steps.add(mail::close);
        Closing.all(steps.toArray(Runnable[]::new));
    }
}
