package dev.merapi.engine.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What the host will read of the results: [Mail] in the other direction. A launch puts values down in a page
/// of the device's memory, so that their own memory may be used again; a stream of its own copies them to
/// page-locked memory while later launches run. Two pages take turns: one is written again when all that it
/// held has been copied to the heap, read or not.
///
/// Whoever calls holds the lock of [Graphs].
final class Replies implements AutoCloseable {
    static final int PAGE = 1 << 20; // bytes, the most of one reply
    private static final int EVENTS = 16;

    private final Driver driver;
    private final long[] events = new long[EVENTS]; // of copy n at n mod EVENTS
    private long departure = -1; // an event
    private long copies; // asked for so far
    private Page here, other; // null: nobody has asked for anything

    Replies(Driver driver) {
        this.driver = driver;
        Arrays.fill(events, -1);
    }

    /// Whether the page at hand has no room, so that all launches have to be sent before [#place].
    boolean isFull(int count) {
        return here != null && here.written + Float.BYTES * count > PAGE;
    }

    /// A reply whose values the next launch puts down.
    Reply place(int count) {
        if (here == null) open();
        if (isFull(count)) turn();
        Reply reply = new Reply(here, here.written, count);
        here.unread.add(reply);
        here.written += (Float.BYTES * count + 15) / 16 * 16;
        return reply;
    }

    /// All launches so far are on the stream: what they put down is on its way.
    void depart() {
        if (here == null || here.written == here.sent) return;
        driver.awaitLaunches(departure);
        driver.reply(here.pinned, here.sent, here.address + here.sent, here.written - here.sent);
        copies++;
        driver.recordReply(arrival(copies));
        for (Reply reply : here.unread) if (reply.at >= here.sent) reply.copy = copies;
        here.sent = here.written;
    }

    /// The event of a copy, or of a later one, which is no earlier.
    long arrival(long copy) {
        return events[(int) (copy % EVENTS)];
    }

    private void turn() {
        Page full = here;
        here = other;
        other = full;
        here.empty();
    }

    private void open() {
        if (departure < 0) departure = driver.newEvent();
        for (int e = 0; e < EVENTS; e++) if (events[e] < 0) events[e] = driver.newEvent();
        if (other == null) other = new Page();
        here = new Page();
    }

    /// The address of a page on the device.
    static long page(Driver driver, int bytes) {
        long address = driver.allocate(bytes);
        if (address != 0) return address;
        throw new CudaException("cuda: out of memory: not even a page of " + bytes + " bytes; use smaller batches");
    }

    @Override
    public void close() {
        Page first = here, second = other;
        here = other = null;
        Closing.all(() -> close(first), () -> close(second));
    }

    private static void close(Page page) {
        if (page != null) page.close();
    }

    private final class Page {
        final ByteBuffer pinned;
        final long address;
        final List<Reply> unread = new ArrayList<>();
        int written, sent; // bytes

        Page() {
            address = page(driver, PAGE);
            try {
                pinned = driver.pinned(PAGE).order(ByteOrder.nativeOrder());
            } catch (CudaException e) {
                driver.free(address);
                throw e;
            }
        }

        void empty() {
            for (Reply reply : List.copyOf(unread)) {
                if (reply.copy == 0) continue; // of a device that was closed before
                driver.await(arrival(reply.copy));
                reply.read();
            }
            unread.clear();
            written = sent = 0;
        }

        void close() {
            Closing.all(this::empty, () -> driver.freePinned(pinned), () -> driver.free(address));
        }
    }

    /// Values on their way.
    static final class Reply {
        private final Page page;
        private final int at, count;
        private long copy; // that brings it; 0: none yet
        private float[] values; // null: still in its page

        Reply(Page page, int at, int count) {
            this.page = page;
            this.at = at;
            this.count = count;
        }

        /// Where the launch puts the values.
        long address() {
            return page.address + at;
        }

        long copy() {
            return copy;
        }

        boolean isRead() {
            return values != null;
        }

        /// The values, once their copy has arrived.
        float[] read() {
            if (values == null) {
                values = new float[count];
                page.pinned
                        .slice(at, Float.BYTES * count)
                        .order(ByteOrder.nativeOrder())
                        .asFloatBuffer()
                        .get(values);
                page.unread.remove(this);
            }
            return values;
        }
    }
}
