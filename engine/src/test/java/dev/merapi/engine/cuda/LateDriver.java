package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/// A device that does nothing before it has to: whatever is written too early or read too late comes to light.
/// Every gather and dropout checks that it finds its own numbers: rows first among the ids, the site as the
/// step.
class LateDriver extends HostDriver {
    private final boolean earlyMail; // it is copied at once, which is as legal
    private final boolean prompt; // launches run at once
    private final ArrayDeque<Runnable> stream = new ArrayDeque<>(), mail = new ArrayDeque<>();
    private final ArrayDeque<Runnable> onTheirWay = new ArrayDeque<>();
    private long asked, done, mailed, delivered, answered, arrived;
    private final Map<Long, Long> events = new HashMap<>(), arrivals = new HashMap<>();
    int checked, waits;

    LateDriver(boolean earlyMail, boolean prompt) {
        this.earlyMail = earlyMail;
        this.prompt = prompt;
    }

    private synchronized void later(Runnable work) {
        stream.add(work);
        asked++;
        if (prompt) work(asked);
    }

    private synchronized void work(long until) {
        for (; done < until; done++) stream.remove().run();
    }

    /// How much was asked of the launches' stream and not done.
    long open() {
        return asked - done;
    }

    @Override
    public synchronized void mail(long to, ByteBuffer pinned, int at, int bytes) {
        Runnable work = () -> super.mail(to, pinned, at, bytes);
        mailed++;
        mail.add(work);
        if (earlyMail) deliver(mailed);
    }

    private void deliver(long until) {
        for (; delivered < until; delivered++) mail.remove().run();
    }

    @Override
    public synchronized void awaitMail(long event) {
        long until = mailed;
        later(() -> deliver(until));
    }

    @Override
    public void upload(long to, ByteBuffer pinned, long bytes) {
        later(() -> super.upload(to, pinned, bytes));
    }

    @Override
    public synchronized void reply(ByteBuffer pinned, int at, long from, int bytes) {
        answer(() -> super.reply(pinned, at, from, bytes));
    }

    private void answer(Runnable work) {
        onTheirWay.add(work);
        answered++;
    }

    @Override
    public synchronized void awaitLaunches(long event) {
        long until = asked;
        answer(() -> work(until));
    }

    @Override
    public synchronized void recordReply(long event) {
        arrivals.put(event, answered);
    }

    @Override
    public void copy(long to, long from, long bytes) {
        later(() -> super.copy(to, from, bytes));
    }

    @Override
    public synchronized void launch(long function, Grid grid, long call) {
        if (isCapturing()) super.launch(function, grid, call);
        else later(() -> super.launch(function, grid, call));
    }

    @Override
    public void launchGraph(long graph) {
        later(() -> super.launchGraph(graph));
    }

    @Override
    public synchronized void record(long event) {
        events.put(event, asked);
    }

    @Override
    public synchronized void await(long event) {
        waits++;
        work(events.getOrDefault(event, 0L));
        for (long until = arrivals.getOrDefault(event, 0L); arrived < until; arrived++)
            onTheirWay.remove().run();
    }

    @Override
    public void synchronize() {
        super.synchronize();
        work(asked);
    }

    @Override
    void run(Launch launch) {
        launches.clear();
        boolean gather = launch.kernel().equals("gather");
        if (!gather && !launch.kernel().equals("dropout")) return;
        long address = launch.arguments()[gather ? 3 : 5];
        int marker = (int) launch.arguments()[gather ? 0 : 6]; // rows, or the site
        assertEquals(marker, at(address, 4).get(ValueLayout.JAVA_INT, 0), launch.kernel());
        checked++;
    }
}
