package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;

/// A launch thread by thread. A mirror of its kernel, the index arithmetic written again, says with it which
/// elements of which operands a thread reads and writes; operands and sizes go by their numbers among the
/// arguments, and one that is null is not there.
///
/// Every element has to lie in its operand, and those of a result are written by one thread each, all of them.
final class Walk {
    static final int THREADS = 256, WARP = 32, LANES = THREADS / WARP;
    private static final int LINE = 128; // bytes that memory moves at a time

    /// What a kernel does.
    interface Mirror {
        /// Declares the operands.
        void operands(Walk launch);

        /// Walks through what one thread does.
        void thread(Walk thread);
    }

    final Accesses accesses = new Accesses();
    int x, y, thread; // where this one is

    private final HostDriver driver;
    private final HostDriver.Launch launch;
    private final Map<Integer, Operand> operands = new HashMap<>();

    private static final class Operand {
        final int argument, bytes; // of an element
        final long count;
        final int[] writer; // of each element, 1 + its number in the grid; null: it is no result
        final boolean whole, inLines;

        int turn; // of this thread: how often it has come here
        final Map<Integer, Line> lines = new HashMap<>(); // of this warp, by turn

        Operand(int argument, long count, int bytes, boolean result, boolean whole, boolean inLines) {
            this.argument = argument;
            this.count = count;
            this.bytes = bytes;
            this.whole = whole;
            this.inLines = inLines;
            writer = result ? new int[Math.toIntExact(count)] : null;
        }
    }

    /// What a warp does at once: the first and the last byte, and how many.
    private static final class Line {
        long from = Long.MAX_VALUE, to;
        int bytes;
    }

    Walk(HostDriver driver, HostDriver.Launch launch) {
        this.driver = driver;
        this.launch = launch;
    }

    /// All threads, and what has to hold of them.
    void run(Mirror mirror) {
        mirror.operands(this);
        for (y = 0; y < height(); y++)
            for (x = 0; x < width(); x++)
                for (thread = 0; thread < threads(); thread++) {
                    mirror.thread(this);
                    for (Operand o : operands.values()) {
                        o.turn = 0;
                        if (o.inLines && thread % WARP == WARP - 1) checkLines(o);
                    }
                }
        for (Operand o : operands.values())
            for (int i = 0; o.whole && i < o.count; i++)
                assertTrue(o.writer[i] > 0, kernel() + " leaves out " + i + " of argument " + o.argument);
    }

    /// Neighbours go together: what a warp moves at once is what it needs of its lines, and no more.
    private void checkLines(Operand o) {
        o.lines.forEach((turn, line) -> {
            long lines = line.to / LINE - line.from / LINE + 1;
            assertTrue(
                    lines <= (line.bytes + LINE - 1) / LINE + 1,
                    () -> kernel() + ": a warp's " + line.bytes + " bytes of argument " + o.argument + " are in "
                            + lines + " lines");
        });
        o.lines.clear();
    }

    // ── The launch ───────────────────────────────────────────────────────────────────────────────

    String kernel() {
        return launch.kernel();
    }

    int width() {
        return launch.grid().x();
    }

    int height() {
        return launch.grid().y();
    }

    int threads() {
        return launch.grid().threads();
    }

    int i(int argument) {
        return (int) launch.arguments()[argument];
    }

    long l(int argument) {
        return launch.arguments()[argument];
    }

    boolean has(int argument) {
        return l(argument) != 0;
    }

    int arguments() {
        return launch.arguments().length;
    }

    /// What lies there now.
    int value(int argument, long element) {
        return driver.at(l(argument) + 4 * element, 4).get(ValueLayout.JAVA_INT, 0);
    }

    long word(int argument, long element) {
        return driver.at(l(argument) + 8 * element, 8).get(ValueLayout.JAVA_LONG, 0);
    }

    // ── Operands ─────────────────────────────────────────────────────────────────────────────────

    /// Read in any order.
    void in(int argument, long count, int bytes) {
        declare(argument, count, bytes, false, false, false);
    }

    void in(int argument, long count) {
        in(argument, count, 4);
    }

    /// Read by warps in whole lines.
    void lines(int argument, long count) {
        declare(argument, count, 4, false, false, true);
    }

    /// A result, written by warps in whole lines.
    void out(int argument, long count) {
        declare(argument, count, 4, true, true, true);
    }

    /// A result, written by whom it suits.
    void result(int argument, long count, int bytes) {
        declare(argument, count, bytes, true, true, false);
    }

    /// A result of which some elements are written.
    void some(int argument, long count) {
        declare(argument, count, 4, true, false, false);
    }

    private void declare(int argument, long count, int bytes, boolean result, boolean whole, boolean inLines) {
        if (!has(argument)) return;
        driver.at(l(argument), bytes * count);
        operands.put(argument, new Operand(argument, count, bytes, result, whole, inLines));
    }

    // ── What the thread does ─────────────────────────────────────────────────────────────────────

    void read(int argument, long element) {
        read(argument, element, 1);
    }

    /// Neighbours.
    void read(int argument, long element, int count) {
        if (has(argument)) access(operands.get(argument), element, count, false);
    }

    void write(int argument, long element) {
        write(argument, element, 1);
    }

    void write(int argument, long element, int count) {
        if (!has(argument)) return;
        Operand o = operands.get(argument);
        access(o, element, count, true);
        int me = 1 + (y * width() + x) * threads() + thread;
        for (long e = element; e < element + count; e++) {
            int before = o.writer[(int) e];
            if (before != 0 && before != me)
                assertEquals(before, me, kernel() + ": two threads write " + e + " of argument " + argument);
            o.writer[(int) e] = me;
        }
    }

    /// Writes, or adds where the argument `accumulate` says so.
    void put(int argument, long element, int accumulate) {
        if (i(accumulate) != 0) read(argument, element);
        write(argument, element);
    }

    private void access(Operand o, long element, int count, boolean writes) {
        if (element < 0 || element + count > o.count)
            throw new AssertionError(
                    kernel() + ": element " + element + " of argument " + o.argument + ", which has " + o.count);
        long address = l(o.argument) + o.bytes * element;
        accesses.add(y * width() + x, thread, address, o.bytes * count, writes);
        if (!o.inLines) return;
        Line line = o.lines.computeIfAbsent(o.turn++, turn -> new Line());
        line.from = Math.min(line.from, address);
        line.to = Math.max(line.to, address + o.bytes * (long) count - 1);
        line.bytes += o.bytes * count;
    }

    /// Memory whose address lies in memory.
    void readAt(long address, int bytes) {
        driver.at(address, bytes);
        accesses.add(y * width() + x, thread, address, bytes, false);
    }

    void writeAt(long address, int bytes) {
        driver.at(address, bytes);
        accesses.add(y * width() + x, thread, address, bytes, true);
    }

    /// An int of a table that decides what is read next.
    int look(int argument, long element) {
        read(argument, element);
        return value(argument, element);
    }

    // ── Loops of common.cuh ──────────────────────────────────────────────────────────────────────

    /// From `first()` on in steps of `stride()`.
    void strides(long n, LongConsumer each) {
        for (long i = (long) x * THREADS + thread; i < n; i += (long) width() * THREADS) each.accept(i);
    }

    /// A block goes over n.
    void block(int n, IntConsumer each) {
        for (int i = thread; i < n; i += THREADS) each.accept(i);
    }

    /// The step of a dropout whose five arguments begin there.
    void step(int dropout) {
        if (i(dropout) != 0) read(dropout + 3, 0);
    }

    int warp() {
        return thread / WARP;
    }

    int lane() {
        return thread % WARP;
    }

    static int ceiling(int n, int of) {
        return (n + of - 1) / of;
    }

    /// Two halves of a mirror.
    static Mirror of(java.util.function.Consumer<Walk> operands, java.util.function.Consumer<Walk> thread) {
        return new Mirror() {
            @Override
            public void operands(Walk launch) {
                operands.accept(launch);
            }

            @Override
            public void thread(Walk walk) {
                thread.accept(walk);
            }
        };
    }
}
