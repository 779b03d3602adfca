package dev.merapi.engine.cuda;

import java.nio.ByteBuffer;

/// The calls of the CUDA driver that the kernels need, on one device and one context. There are three streams,
/// in whose order things run: one of launches and copies, one of the mail, copies to the device that run beside
/// the launches until [#awaitMail], and one of the replies, copies to the host that run beside the launches
/// after [#awaitLaunches]. Addresses, modules, functions and events are the driver's handles.
/// Any thread may call. Every error is a [CudaException].
interface Driver extends AutoCloseable {
    /// "NVIDIA H200".
    String device();

    /// Of the device's memory.
    long totalBytes();

    int multiprocessors();

    /// Compute capability, 10·major + minor: 90 is Hopper.
    int capability();

    /// How much shared memory a block may have at most when it asks for it.
    int sharedBytes();

    // ── Memory ───────────────────────────────────────────────────────────────────────────────────

    /// The address of new memory, aligned to 256 bytes; 0 if there is none left.
    long allocate(long bytes);

    void free(long address);

    /// Page-locked memory of the host, which copies need to run beside it.
    ByteBuffer pinned(int bytes);

    void freePinned(ByteBuffer pinned);

    /// Copies the first `bytes` of pinned memory to the device, when the stream gets there.
    void upload(long to, ByteBuffer pinned, long bytes);

    /// Copies `bytes` of pinned memory from `at` on to the device, when the stream of the mail gets there.
    void mail(long to, ByteBuffer pinned, int at, int bytes);

    /// Copies within the device, when the stream gets there.
    void copy(long to, long from, long bytes);

    /// Copies from the device to pinned memory from `at` on, when the stream of the replies gets there.
    void reply(ByteBuffer pinned, int at, long from, int bytes);

    // ── The stream ───────────────────────────────────────────────────────────────────────────────

    /// Waits until the stream is empty.
    void synchronize();

    long newEvent();

    /// The event happens when the stream has done what it was asked for so far.
    void record(long event);

    /// Waits for the event as it was recorded last; returns at once if it never was.
    void await(long event);

    /// What is asked for from now on runs when all mail so far has arrived. Nobody waits here.
    ///
    /// @param event for this use
    void awaitMail(long event);

    /// Replies that are asked for from now on are copied when all launches so far have run. Nobody waits here.
    ///
    /// @param event for this use
    void awaitLaunches(long event);

    /// The event happens when all replies so far have been copied.
    void recordReply(long event);

    // ── Kernels ──────────────────────────────────────────────────────────────────────────────────

    /// Loads PTX, which the driver assembles for its device, or machine code.
    ///
    /// @throws CudaException if the driver does not know its format
    long module(byte[] image);

    long function(long module, String name);

    /// Lets the blocks of a function have `bytes` of shared memory.
    void allowShared(long function, int bytes);

    /// Runs a function when the stream gets there.
    ///
    /// @param grid with at least as many blocks as it needs: those beyond return at once
    /// @param call where the device's memory has the grid that it needs, two words of 32 bits, and behind them
    ///     its arguments in the order of the source, each in the low bytes of a word of 64
    void launch(long function, Grid grid, long call);

    // ── Graphs ───────────────────────────────────────────────────────────────────────────────────

    /// From now on this thread's launches are put into a graph instead of running. Nothing else may be asked of
    /// the stream meanwhile.
    void beginCapture();

    /// The graph of the launches since [#beginCapture], ready to run.
    long endCapture();

    /// Runs the launches of a graph, each with what lies where its call was when it was captured.
    void launchGraph(long graph);

    void freeGraph(long graph);

    @Override
    void close();

    /// How many blocks run, each of `threads` in one dimension.
    ///
    /// @param sharedBytes what each block has of shared memory, beside what its source declares
    record Grid(int x, int y, int threads, int sharedBytes) {
        /// THREADS of common.cuh.
        static final int THREADS = 256;

        private static final int MOST = 4096; // blocks of a grid whose threads walk in strides

        public Grid {
            if (x < 1 || y < 1 || y > 65_535)
                throw new IllegalArgumentException("grid: " + x + " × " + y + " blocks, expected 1 to 2^31 × 65535");
        }

        static Grid of(int x) {
            return of(x, 1);
        }

        static Grid of(int x, int y) {
            return new Grid(x, y, THREADS, 0);
        }

        Grid threads(int count) {
            return new Grid(x, y, count, sharedBytes);
        }

        Grid shared(int bytes) {
            return new Grid(x, y, threads, bytes);
        }

        /// As many blocks or some more: few sizes serve all.
        Grid roomy() {
            return new Grid(room(x), Math.min(65_535, room(y)), threads, sharedBytes);
        }

        /// The next of 1, 1¼, 1½, 1¾ times a power of two.
        private static int room(int n) {
            int step = Math.max(1, Integer.highestOneBit(n - 1) >>> 2);
            return (int) Math.min(Integer.MAX_VALUE, ceiling(n, step) * step);
        }

        /// Enough blocks for n elements in strides.
        static Grid strides(long n) {
            return of(Math.clamp(ceiling(n, THREADS), 1, MOST));
        }

        static long ceiling(long n, long of) {
            return (n + of - 1) / of;
        }
    }
}
