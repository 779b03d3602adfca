package dev.merapi.engine.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.DoubleSupplier;

/// The copies between the heap and the device: what is small goes by [Mail], beside the launches, the rest
/// through a ring of page-locked buffers, one of which is filled while another is on its way. Every copy is
/// counted.
final class Staging implements AutoCloseable {
    private static final int SLOTS = 4, SLOT_BYTES = 1 << 20;

    private final Driver driver;
    private final Graphs graphs;
    private final ByteBuffer[] buffers = new ByteBuffer[SLOTS];
    private final long[] events = new long[SLOTS];
    private final Letter[] letters = new Letter[16];
    private int next, nextLetter;
    private long uploads, uploadedBytes, downloads, downloadedBytes;

    Staging(Driver driver, Graphs graphs) {
        this.driver = driver;
        this.graphs = graphs;
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

    /// Waits for the values.
    synchronized void download(long from, float[] to, int offset, int count) {
        for (int done = 0; done < count; ) {
            int n = Math.min(count - done, SLOT_BYTES / Float.BYTES);
            receive(from + 4L * done, 4L * n).asFloatBuffer().get(to, offset + done, n);
            done += n;
        }
        downloads++;
        downloadedBytes += 4L * count;
    }

    /// Waits for the values.
    synchronized void download(long from, double[] to) {
        for (int done = 0; done < to.length; ) {
            int n = Math.min(to.length - done, SLOT_BYTES / Double.BYTES);
            receive(from + 8L * done, 8L * n).asDoubleBuffer().get(to, done, n);
            done += n;
        }
        downloads++;
        downloadedBytes += 8L * to.length;
    }

    /// A value as it is when the stream gets there; reading it waits for no more than that.
    synchronized DoubleSupplier later(long from) {
        int place = nextLetter;
        nextLetter = (nextLetter + 1) % letters.length;
        Letter before = letters[place];
        if (before != null) before.open();
        Letter letter = before == null
                ? new Letter(driver.pinned(Float.BYTES), driver.newEvent())
                : new Letter(before.buffer, before.event);
        letters[place] = letter;
        graphs.download(letter.buffer, from, Float.BYTES);
        graphs.record(letter.event);
        downloads++;
        downloadedBytes += Float.BYTES;
        return letter::open;
    }

    /// A value on its way. The buffer and the event are those of the letter before, which is opened first.
    private final class Letter {
        final ByteBuffer buffer;
        final long event;
        private boolean opened;
        private double value;

        Letter(ByteBuffer buffer, long event) {
            this.buffer = buffer.order(ByteOrder.nativeOrder());
            this.event = event;
        }

        double open() {
            synchronized (Staging.this) {
                if (!opened) {
                    driver.await(event);
                    value = buffer.getFloat(0);
                    opened = true;
                }
                return value;
            }
        }
    }

    synchronized Copies copies() {
        return new Copies(uploads, uploadedBytes, downloads, downloadedBytes);
    }

    private void send(int slot, long to, long bytes) {
        graphs.upload(to, buffers[slot], bytes);
        graphs.record(events[slot]);
    }

    private ByteBuffer receive(long from, long bytes) {
        int slot = free();
        graphs.download(buffers[slot], from, bytes);
        graphs.synchronize();
        return buffers[slot];
    }

    /// A slot that is not on its way.
    private int free() {
        int slot = next;
        next = (next + 1) % SLOTS;
        if (buffers[slot] == null) {
            buffers[slot] = driver.pinned(SLOT_BYTES).order(ByteOrder.nativeOrder());
            events[slot] = driver.newEvent();
        } else driver.await(events[slot]);
        return slot;
    }

    @Override
    public synchronized void close() {
        for (ByteBuffer buffer : buffers) if (buffer != null) driver.freePinned(buffer);
        Arrays.fill(buffers, null);
        for (Letter letter : letters) {
            if (letter == null) continue;
            letter.open();
            driver.freePinned(letter.buffer);
        }
        Arrays.fill(letters, null);
    }

    /// What was copied between the heap and the device so far.
    ///
    /// @param uploads   to the device, copies and bytes
    /// @param downloads from the device
    record Copies(long uploads, long uploadedBytes, long downloads, long downloadedBytes) {}
}
