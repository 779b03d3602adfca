package dev.merapi.engine.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What the host writes for the launches to read, arguments, ids, labels, targets, the scalars of the
/// optimizer: pages of page-locked memory, each with one on the device, and a stream of its own that copies
/// them while older launches run. The host is so far ahead of the device as there are pages.
///
/// What was put may be read by launches that are asked for before the page has been turned twice ([#isFresh]);
/// a page is written again when all of these have run.
final class Mail implements AutoCloseable {
    static final int PAGES = 8, PAGE = 1 << 20; // bytes
    static final int MOST = PAGE / 4; // bytes at once
    private static final int READ = 3; // turns until nothing that will be asked for reads a page
    private static final int UNREAD = PAGES - READ - 2; // turns that may go by between two of #read

    private final Driver driver;
    private final ByteBuffer[] pages = new ByteBuffer[PAGES];
    private final long[] addresses = new long[PAGES]; // of the pages on the device
    private final long[] events = new long[PAGES]; // of turn t at t mod PAGES
    private final int[] covers = new int[PAGES]; // whose event stands for turn t
    private long arrival = -1; // an event
    private int turn, read; // read: the last turn with an event
    private int written, sent; // bytes of the page at hand

    Mail(Driver driver) {
        this.driver = driver;
        Arrays.fill(events, -1);
    }

    /// The address of the first `count` numbers, for launches that are not yet asked for.
    long put(int[] x, int count) {
        long address = place(Integer.BYTES * count);
        here().asIntBuffer().put(x, 0, count);
        written += Integer.BYTES * count;
        return address;
    }

    long put(float[] x, int offset, int count) {
        long address = place(Float.BYTES * count);
        here().asFloatBuffer().put(x, offset, count);
        written += Float.BYTES * count;
        return address;
    }

    long put(long[] x, int count) {
        long address = place(Long.BYTES * count);
        here().asLongBuffer().put(x, 0, count);
        written += Long.BYTES * count;
        return address;
    }

    /// Which turn of the pages it is.
    int turn() {
        return turn;
    }

    /// Whether launches that are still to be asked for may read what was put at a turn.
    boolean isFresh(int then) {
        return then >= turn - 1;
    }

    /// Whether the launches so far have to be sent before more is put: pages come to an end.
    boolean isLong() {
        return turn - read >= UNREAD;
    }

    /// Launches from now on find what has been put.
    void deliver() {
        upload();
        driver.awaitMail(arrival);
    }

    /// Takes note that all launches that were asked for are on the stream.
    void read() {
        if (turn == read) return;
        driver.record(events[turn % PAGES]);
        while (read < turn) covers[++read % PAGES] = turn % PAGES;
    }

    private ByteBuffer here() {
        return pages[turn % PAGES].slice(written, PAGE - written).order(ByteOrder.nativeOrder());
    }

    private long place(int bytes) {
        if (bytes > MOST) throw new IllegalArgumentException("mail: " + bytes + " bytes, expected at most " + MOST);
        if (pages[0] == null) open();
        written = (written + 15) / 16 * 16;
        if (written + bytes > PAGE) turnPage();
        return addresses[turn % PAGES] + written;
    }

    private void turnPage() {
        upload();
        turn++;
        written = sent = 0;
        if (turn >= PAGES) driver.await(events[covers[(turn - PAGES + READ) % PAGES]]);
    }

    private void upload() {
        int page = turn % PAGES;
        if (written > sent) driver.mail(addresses[page] + sent, pages[page], sent, written - sent);
        sent = written;
    }

    private void open() {
        if (arrival < 0) arrival = driver.newEvent();
        try {
            for (int p = PAGES - 1; p >= 0; p--) { // the first at the end: then all are open
                if (events[p] < 0) events[p] = driver.newEvent();
                addresses[p] = Replies.page(driver, PAGE);
                pages[p] = driver.pinned(PAGE);
            }
        } catch (CudaException e) {
            close();
            throw e;
        }
    }

    @Override
    public void close() {
        List<Runnable> steps = new ArrayList<>();
        for (int p = 0; p < PAGES; p++) {
            long address = addresses[p];
            ByteBuffer page = pages[p];
            if (address != 0) steps.add(() -> driver.free(address));
            if (page != null) steps.add(() -> driver.freePinned(page));
        }
        Arrays.fill(addresses, 0);
        Arrays.fill(pages, null);
        Closing.all(steps.toArray(Runnable[]::new));
    }
}
