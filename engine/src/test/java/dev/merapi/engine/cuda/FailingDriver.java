package dev.merapi.engine.cuda;

import java.nio.ByteBuffer;

/// A driver that refuses the n-th call of one kind, or that and all later calls of any kind, as one whose
/// context is lost.
final class FailingDriver extends HostDriver {
    /// What may fail.
    enum Kind {
        ALLOCATE,
        PINNED,
        UPLOAD,
        MAIL,
        COPY,
        REPLY,
        NEW_EVENT,
        RECORD,
        AWAIT,
        AWAIT_MAIL,
        AWAIT_LAUNCHES,
        RECORD_REPLY,
        MODULE,
        FUNCTION,
        ALLOW_SHARED,
        LAUNCH,
        BEGIN_CAPTURE,
        END_CAPTURE,
        LAUNCH_GRAPH,
        SYNCHRONIZE,
        FREE,
        FREE_PINNED,
        FREE_GRAPH,
        CLOSE
    }

    private Kind kind; // null: nothing fails
    private boolean lost; // all after it, too
    private int left; // calls until it fails
    boolean failed;

    /// @param kind that fails    @param after so many that do not
    void fail(Kind kind, int after, boolean lost) {
        this.kind = kind;
        this.left = after;
        this.lost = lost;
        this.failed = false;
    }

    void heal() {
        kind = null;
        failed = false;
    }

    private synchronized void check(Kind called) {
        if (kind == null || !(failed && lost) && (called != kind || left-- != 0)) return;
        failed = true;
        throw Refusals.of("cu" + called, lost ? 700 : 999, "CUDA_ERROR_TEST", "a failure\nin two lines");
    }

    @Override
    public long allocate(long bytes) {
        check(Kind.ALLOCATE);
        return super.allocate(bytes);
    }

    @Override
    public void free(long address) {
        check(Kind.FREE);
        super.free(address);
    }

    @Override
    public ByteBuffer pinned(int bytes) {
        check(Kind.PINNED);
        return super.pinned(bytes);
    }

    @Override
    public void freePinned(ByteBuffer buffer) {
        check(Kind.FREE_PINNED);
        super.freePinned(buffer);
    }

    @Override
    public void upload(long to, ByteBuffer pinned, long bytes) {
        check(Kind.UPLOAD);
        super.upload(to, pinned, bytes);
    }

    @Override
    public void mail(long to, ByteBuffer pinned, int at, int bytes) {
        check(Kind.MAIL);
        super.mail(to, pinned, at, bytes);
    }

    @Override
    public void copy(long to, long from, long bytes) {
        check(Kind.COPY);
        super.copy(to, from, bytes);
    }

    @Override
    public void reply(ByteBuffer pinned, int at, long from, int bytes) {
        check(Kind.REPLY);
        super.reply(pinned, at, from, bytes);
    }

    @Override
    public void synchronize() {
        check(Kind.SYNCHRONIZE);
        super.synchronize();
    }

    @Override
    public long newEvent() {
        check(Kind.NEW_EVENT);
        return super.newEvent();
    }

    @Override
    public void record(long event) {
        check(Kind.RECORD);
    }

    @Override
    public void await(long event) {
        check(Kind.AWAIT);
    }

    @Override
    public void awaitMail(long event) {
        check(Kind.AWAIT_MAIL);
    }

    @Override
    public void awaitLaunches(long event) {
        check(Kind.AWAIT_LAUNCHES);
    }

    @Override
    public void recordReply(long event) {
        check(Kind.RECORD_REPLY);
    }

    @Override
    public long module(byte[] image) {
        check(Kind.MODULE);
        return super.module(image);
    }

    @Override
    public long function(long module, String name) {
        check(Kind.FUNCTION);
        return super.function(module, name);
    }

    @Override
    public void allowShared(long function, int bytes) {
        check(Kind.ALLOW_SHARED);
        super.allowShared(function, bytes);
    }

    @Override
    public void launch(long function, Grid grid, long call) {
        check(Kind.LAUNCH);
        super.launch(function, grid, call);
    }

    @Override
    public void beginCapture() {
        check(Kind.BEGIN_CAPTURE);
        super.beginCapture();
    }

    @Override
    public long endCapture() {
        long graph = super.endCapture(); // also where it fails
        try {
            check(Kind.END_CAPTURE);
        } catch (CudaException e) {
            super.freeGraph(graph);
            throw e;
        }
        return graph;
    }

    @Override
    public void launchGraph(long graph) {
        check(Kind.LAUNCH_GRAPH);
        super.launchGraph(graph);
    }

    @Override
    public void freeGraph(long graph) {
        check(Kind.FREE_GRAPH);
        super.freeGraph(graph);
    }

    @Override
    public void close() {
        check(Kind.CLOSE);
        super.close();
    }
}
