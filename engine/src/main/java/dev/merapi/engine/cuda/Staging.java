package dev.merapi.engine.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Supplier;

/// The copies between the heap and the device: what is small goes by [Mail], beside the launches, the rest
/// through rings of page-locked buffers, one of which is filled or emptied while another is on its way. Every
/// copy is counted.
final class Staging implements AutoCloseable {
    private static final int SLOTS = 4, SLOT_BYTES = 1 << 20;

    private final Driver driver;
    private final Graphs graphs;
    private final ByteBuffer[] buffers = new ByteBuffer[SLOTS];
    private final long[] events = new long[SLOTS]; // −1: none yet
    private final Inbox inbox = new Inbox();
    private int next;
    private long uploads, uploadedBytes, downloads, downloadedBytes;

    Staging(Driver driver, Graphs graphs) {
        this.driver = driver;
        this.graphs = graphs;
        Arrays.fill(events, -1);
    }

    /// The address of numbers for the launches of the call at hand.
    synchronized long mail(int[] x, int count) {
        count(count);
        return graphs.mail(x, count);
    }

    synchronized long mail(float[] x) {
        count(x.length);
        return graphs.mail(x, 0, x.length);
    }

    private void count(int values) {
        uploads++;
        uploadedBytes += 4L * values;
    }

    /// When the launches get there.
    synchronized void upload(long to, float[] from, int offset, int count) {
        count(count);
        if (4L * count <= Mail.MOST) {
            long[] copy = {count, graphs.mail(from, offset, count), to, 0};
            graphs.launch("elementwise", "copy", Driver.Grid.strides(count), copy);
            return;
        }
        for (int done = 0; done < count; ) {
            int n = Math.min(count - done, SLOT_BYTES / Float.BYTES);
            int slot = free();
            buffers[slot].asFloatBuffer().put(from, offset + done, n);
            send(slot, to + 4L * done, 4L * n);
            done += n;
        }
    }

    synchronized void upload(long to, int[] from, int count) {
        count(count);
        for (int done = 0; done < count; ) {
            int n = Math.min(count - done, SLOT_BYTES / Integer.BYTES);
            int slot = free();
            buffers[slot].asIntBuffer().put(from, done, n);
            send(slot, to + 4L * done, 4L * n);
            done += n;
        }
    }

    /// Waits for the values, while others may launch.
    void download(long from, float[] to, int offset, int count) {
        download(from, 4L * count, (chunk, done) -> {
            var values = chunk.asFloatBuffer();
            values.get(to, offset + (int) (done / Float.BYTES), values.remaining());
        });
    }

    /// The same.
    void download(long from, double[] to) {
        download(from, 8L * to.length, (chunk, done) -> {
            var values = chunk.asDoubleBuffer();
            values.get(to, (int) (done / Double.BYTES), values.remaining());
        });
    }

    /// What is done with a chunk that begins at byte `done`.
    private interface Arrival {
        void take(ByteBuffer chunk, long done);
    }

    /// One chunk is on its way while the one before is taken.
    private void download(long from, long bytes, Arrival arrival) {
        if (bytes == 0) return;
        synchronized (inbox) {
            graphs.beforeReplies();
            inbox.ask(from, 0, bytes);
            for (long done = 0; done < bytes; done += SLOT_BYTES) {
                inbox.ask(from, done + SLOT_BYTES, bytes);
                arrival.take(inbox.await(done, bytes), done);
            }
        }
        countDownload(bytes);
    }

    private synchronized void countDownload(long bytes) {
        downloads++;
        downloadedBytes += bytes;
    }

    /// Two page-locked buffers of the replies' stream that take turns.
    private final class Inbox {
        private final ByteBuffer[] buffers = new ByteBuffer[2];
        private final long[] events = {-1, -1};

        /// Asks for the chunk at `done`, if there is one.
        void ask(long from, long done, long bytes) {
            if (done >= bytes) return;
            int slot = slot(done);
            if (events[slot] < 0) events[slot] = driver.newEvent();
            if (buffers[slot] == null) buffers[slot] = driver.pinned(SLOT_BYTES);
            driver.reply(buffers[slot], 0, from + done, length(done, bytes));
            driver.recordReply(events[slot]);
        }

        ByteBuffer await(long done, long bytes) {
            int slot = slot(done);
            driver.await(events[slot]);
            return buffers[slot].slice(0, length(done, bytes)).order(ByteOrder.nativeOrder());
        }

        private static int slot(long done) {
            return (int) (done / SLOT_BYTES % 2);
        }

        private static int length(long done, long bytes) {
            return (int) Math.min(SLOT_BYTES, bytes - done);
        }

        void close() {
            free(buffers);
        }
    }

    /// Values as they are when the launches get there, to be read later. One value alone, a loss, leaves with
    /// what is launched next, or when it is read.
    Supplier<float[]> later(long from, int count) {
        countDownload(4L * count);
        if (4L * count > Replies.PAGE) {
            float[] values = new float[count];
            download(from, values, 0, count);
            return () -> values;
        }
        Replies.Reply reply = graphs.reply(from, count, count > 1);
        return () -> graphs.read(reply);
    }

    synchronized Copies copies() {
        return new Copies(uploads, uploadedBytes, downloads, downloadedBytes);
    }

    private void send(int slot, long to, long bytes) {
        graphs.upload(to, buffers[slot], bytes);
        graphs.record(events[slot]);
    }

    /// A slot that is not on its way.
    private int free() {
        int slot = next;
        next = (next + 1) % SLOTS;
        if (events[slot] < 0) events[slot] = driver.newEvent();
        if (buffers[slot] == null) buffers[slot] = driver.pinned(SLOT_BYTES).order(ByteOrder.nativeOrder());
        else driver.await(events[slot]);
        return slot;
    }

    @Override
    public synchronized void close() {
        Closing.all(() -> free(buffers), inbox::close);
    }

    private void free(ByteBuffer[] pinned) {
        Runnable[] steps = Arrays.stream(pinned)
                .filter(Objects::nonNull)
                .map(buffer -> (Runnable) () -> driver.freePinned(buffer))
                .toArray(Runnable[]::new);
        Arrays.fill(pinned, null);
        Closing.all(steps);
    }

    /// What was copied between the heap and the device so far.
    ///
    /// @param uploads   to the device, copies and bytes
    /// @param downloads from the device
    record Copies(long uploads, long uploadedBytes, long downloads, long downloadedBytes) {}
}
