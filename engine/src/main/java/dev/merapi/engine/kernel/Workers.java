package dev.merapi.engine.kernel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// The threads that kernels share. A kernel cuts its problem into tasks by the problem's sizes alone, so that
/// results do not depend on how many threads there are; which thread runs a task is of no consequence.
///
/// A forward pass at batch 1 has some 150 regions of a few tens of microseconds, and waking a parked thread
/// costs as much as one of them. So a thread that has run out of work first spins for [#SPIN_NANOS], then
/// parks: inside a pass the next region finds it awake, between passes nothing spins.
///
/// One region runs at a time: concurrent callers wait for each other. A region started from inside a task runs
/// inline, on the thread of that task.
public final class Workers implements AutoCloseable {
    /// How long an idle thread watches for the next region before it parks. A training step has stretches of
    /// some hundred microseconds on one thread, and waking the others costs more on a virtual machine, whose
    /// processors halt: MiniLM's steps of 330 tokens take 2 to 4 % less time than with 40 µs (Zen 4, 2
    /// threads).
    private static final long SPIN_NANOS = 400_000;

    /// Pauses in which the first phase of a region should be over, some tens of microseconds.
    private static final int PATIENCE = 100;

    private final Helper[] helpers;
    private final ReentrantLock region = new ReentrantLock();

    /// The region in progress: written before its ticket, read after it.
    private Task task;

    private int tasks;

    /// How many of its tasks come before all others, and how many of these are not done.
    private int first;

    private final AtomicInteger preceding = new AtomicInteger();

    /// Region number in the high half, tasks not yet claimed in the low half. A successful compare-and-set
    /// proves that [#task], [#tasks] and [#first] still belong to the ticket that was read: a thread that comes
    /// late to a finished region cannot run a task of the next one.
    private final AtomicLong ticket = new AtomicLong();

    private final AtomicInteger unfinished = new AtomicInteger();
    private volatile Throwable failure;
    private volatile Thread waiting;
    private volatile boolean closed;

    /// The calling thread takes part as worker 0; `threads − 1` daemon threads help it.
    public Workers(int threads) {
        if (threads < 1) throw new IllegalArgumentException("Workers: at least 1 thread expected, got " + threads);
        helpers = new Helper[threads - 1];
        for (int i = 0; i < helpers.length; i++) {
            helpers[i] = new Helper(i + 1);
            helpers[i].start();
        }
    }

    public int threads() {
        return helpers.length + 1;
    }

    /// Runs `task.run(i, worker)` for every i in [0, tasks) and returns when all are done; `worker` in [0,
    /// threads) names the thread's scratch memory. If a task throws, tasks that have not begun are skipped and
    /// its exception is thrown here.
    public void run(int tasks, Task task) {
        run(0, tasks, task);
    }

    /// The same in two phases: the tasks from number `first` on begin when those before it are done. A thread
    /// that finds none left in the first phase waits awake, which costs less than the end of a region and the
    /// beginning of another.
    public void run(int first, int tasks, Task task) {
        if (closed)
            throw new IllegalStateException(
                    "Workers: run() after close(); the device that owned these threads is closed");
        if (Thread.currentThread() instanceof Helper helper && helper.owner() == this) {
            inline(tasks, task, helper.index);
        } else if (region.isHeldByCurrentThread()) {
            inline(tasks, task, 0);
        } else {
            region.lock();
            try {
                if (helpers.length == 0 || tasks <= 1) inline(tasks, task, 0);
                else fork(first, tasks, task);
            } finally {
                region.unlock();
            }
        }
    }

    private static void inline(int tasks, Task task, int worker) {
        for (int i = 0; i < tasks; i++) task.run(i, worker);
    }

    private void fork(int first, int tasks, Task task) {
        this.task = task;
        this.tasks = tasks;
        this.first = first;
        preceding.set(first);
        unfinished.set(tasks);
        long number = (ticket.get() >>> 32) + 1;
        ticket.set(number << 32 | tasks);
        int wanted = Math.min(helpers.length, tasks - 1);
        for (int i = 0; i < wanted; i++) if (helpers[i].parked) LockSupport.unpark(helpers[i]);

        takePart(0);
        if (unfinished.get() != 0) awaitEnd();
        this.task = null;
        Throwable thrown = failure;
        if (thrown == null) return;
        failure = null;
        if (thrown instanceof RuntimeException e) throw e;
        if (thrown instanceof Error e) throw e;
        throw new IllegalStateException("Workers: a task threw a checked exception", thrown);
    }

    /// Claims and runs tasks until none is left.
    private void takePart(int worker) {
        for (long seen = ticket.get(); (int) seen != 0; seen = ticket.get()) {
            Task mine = task;
            int index = tasks - (int) seen, begin = first;
            if (!ticket.compareAndSet(seen, seen - 1)) continue;
            if (index >= begin) awaitFirst();
            try {
                if (failure == null) mine.run(index, worker);
            } catch (Throwable e) {
                failure = e;
            }
            if (index < begin) preceding.decrementAndGet();
            if (unfinished.decrementAndGet() == 0 && worker != 0) LockSupport.unpark(waiting);
        }
    }

    /// Tasks are claimed in ascending order: those of the first phase are all running or done.
    private void awaitFirst() {
        for (int i = 0; preceding.get() > 0; i++) {
            if (i < PATIENCE) pause();
            else Thread.yield();
        }
    }

    private void awaitEnd() {
        waiting = Thread.currentThread();
        long deadline = System.nanoTime() + SPIN_NANOS;
        while (unfinished.get() != 0) {
            if (System.nanoTime() < deadline) pause();
            else LockSupport.park(this);
        }
        waiting = null;
    }

    private static void pause() {
        for (int i = 0; i < 8; i++) Thread.onSpinWait();
    }

    /// Ends the threads after the region in progress. Closing twice is closing once.
    @Override
    public void close() {
        closed = true;
        for (Helper helper : helpers) LockSupport.unpark(helper);
    }

    /// One piece of work.
    @FunctionalInterface
    public interface Task {
        void run(int index, int worker);
    }

    private final class Helper extends Thread {
        final int index;
        volatile boolean parked;

        Helper(int index) {
            super("merapi-worker-" + index);
            this.index = index;
            setDaemon(true);
        }

        Workers owner() {
            return Workers.this;
        }

        @Override
        public void run() {
            while (!closed) {
                takePart(index);
                awaitWork();
            }
        }

        private void awaitWork() {
            long deadline = System.nanoTime() + SPIN_NANOS;
            while ((int) ticket.get() == 0 && !closed) {
                if (System.nanoTime() < deadline) {
                    pause();
                    continue;
                }
                parked = true;
                if ((int) ticket.get() == 0 && !closed) LockSupport.park(Workers.this);
                parked = false;
            }
        }
    }
}
