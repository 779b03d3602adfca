package dev.merapi.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void everyTaskRunsOnceInEveryRegion(int threads) {
        try (var workers = new Workers(threads)) {
            for (int region = 0; region < 2000; region++) {
                int tasks = region % 17;
                var runs = new AtomicIntegerArray(17);
                if (region % 500 == 499) LockSupport.parkNanos(1_000_000); // long enough for the helpers to park
                workers.run(tasks, (i, worker) -> {
                    assertTrue(worker >= 0 && worker < threads);
                    runs.incrementAndGet(i);
                });
                for (int i = 0; i < 17; i++) assertEquals(i < tasks ? 1 : 0, runs.get(i));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void tasksOfTheSecondPhaseBeginWhenTheFirstIsDone(int threads) {
        try (var workers = new Workers(threads)) {
            for (int region = 0; region < 500; region++) {
                int first = region % 7;
                var done = new AtomicInteger();
                int[] seen = new int[first + 5];
                workers.run(first, first + 5, (i, worker) -> {
                    seen[i] = done.get();
                    if (i < first) done.incrementAndGet();
                });
                for (int i = first; i < first + 5; i++) assertEquals(first, seen[i]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void secondPhaseIsSkippedAfterAFailureInTheFirst(int threads) {
        try (var workers = new Workers(threads)) {
            var ran = new AtomicInteger();
            assertThrows(
                    IllegalArgumentException.class,
                    () -> workers.run(3, 20, (i, worker) -> {
                        if (i == 1) throw new IllegalArgumentException("task 1");
                        if (i >= 3) ran.incrementAndGet();
                    }));
            assertEquals(0, ran.get());
        }
    }

    @Test
    void writesOfTasksAreVisibleToTheCaller() {
        try (var workers = new Workers(3)) {
            int[] squares = new int[64];
            workers.run(64, (i, worker) -> squares[i] = i * i);
            int[] expected = new int[64];
            Arrays.setAll(expected, i -> i * i);
            assertArrayEquals(expected, squares);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void exceptionOfATaskReachesTheCallerAndTheNextRegionWorks(int threads) {
        try (var workers = new Workers(threads)) {
            var thrown = new IllegalArgumentException("task 7");
            assertSame(
                    thrown,
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> workers.run(20, (i, worker) -> {
                                if (i == 7) throw thrown;
                            })));
            var sum = new AtomicInteger();
            workers.run(20, (i, worker) -> sum.addAndGet(i));
            assertEquals(190, sum.get());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aRegionInsideATaskRunsInlineOnTheSameWorker(int threads) {
        try (var workers = new Workers(threads)) {
            var inner = new AtomicInteger();
            workers.run(8, (i, worker) -> {
                Thread outer = Thread.currentThread();
                workers.run(5, (j, innerWorker) -> {
                    assertEquals(worker, innerWorker);
                    assertSame(outer, Thread.currentThread());
                    inner.incrementAndGet();
                });
            });
            assertEquals(40, inner.get());
        }
    }

    @Test
    void concurrentCallersTakeTurns() throws InterruptedException {
        try (var workers = new Workers(2)) {
            var inside = new AtomicInteger[] {new AtomicInteger(), new AtomicInteger()};
            var overlaps = new AtomicInteger();
            var total = new AtomicInteger();
            Runnable caller = () -> {
                for (int region = 0; region < 500; region++) {
                    workers.run(6, (i, worker) -> {
                        if (inside[worker].incrementAndGet() != 1) overlaps.incrementAndGet();
                        total.incrementAndGet();
                        inside[worker].decrementAndGet();
                    });
                }
            };
            Thread[] callers = {new Thread(caller), new Thread(caller), new Thread(caller)};
            for (Thread thread : callers) thread.start();
            for (Thread thread : callers) thread.join();
            assertEquals(9000, total.get());
            assertEquals(0, overlaps.get());
        }
    }

    /// By the threads' states, and by the processor time that they have had.
    @Test
    void nothingSpinsBetweenPasses() throws InterruptedException {
        try (var workers = new Workers(3)) {
            var helpers = ConcurrentHashMap.<Thread>newKeySet();
            for (int region = 0; region < 200; region++)
                workers.run(64, (_, worker) -> {
                    if (worker > 0) helpers.add(Thread.currentThread());
                    LockSupport.parkNanos(1000); // so that every thread gets a task
                });
            assertEquals(2, helpers.size());
            for (Thread helper : helpers)
                for (int i = 0; i < 1000 && helper.getState() != Thread.State.WAITING; i++) Thread.sleep(1);
            ThreadMXBean times = ManagementFactory.getThreadMXBean();
            for (Thread helper : helpers) {
                long before = times.getThreadCpuTime(helper.threadId());
                for (int i = 0; i < 20; i++) {
                    assertEquals(Thread.State.WAITING, helper.getState());
                    Thread.sleep(1);
                }
                assertEquals(before, times.getThreadCpuTime(helper.threadId()));
            }
        }
    }

    @Test
    void misuseIsNamed() {
        assertEquals(
                "Workers: at least 1 thread expected, got 0",
                assertThrows(IllegalArgumentException.class, () -> new Workers(0))
                        .getMessage());
        var workers = new Workers(2);
        workers.close();
        workers.close();
        assertEquals(
                "Workers: run() after close(); the device that owned these threads is closed",
                assertThrows(IllegalStateException.class, () -> workers.run(1, (i, worker) -> {}))
                        .getMessage());
    }
}
