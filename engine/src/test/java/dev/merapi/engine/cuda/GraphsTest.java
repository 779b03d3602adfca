package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.cuda.Graphs.Count;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// When launches become a graph, when the graph runs in their stead, and when not.
class GraphsTest {
    private final HostDriver driver = new HostDriver();
    private final Graphs graphs = new Graphs(driver);
    private final CudaKernels kernels = new CudaKernels(graphs);
    private final Floats x = kernels.memory().allocate(100);
    private final Floats y = kernels.memory().allocate(100);

    /// `launches` different launches and the end of their piece.
    private List<HostDriver.Launch> pass(int launches, float factor, Floats out) {
        driver.launches.clear();
        for (int i = 0; i < launches; i++) kernels.scale(i + 1, factor, x, out, false);
        kernels.finish();
        return List.copyOf(driver.launches);
    }

    @Test
    void aPieceThatComesAgainIsCapturedAndThenItsGraphRuns() {
        List<HostDriver.Launch> first = pass(10, 2f, y);
        assertEquals(new Count(10, 10, 0), graphs.count());
        for (int again = 1; again < 4; again++) {
            List<HostDriver.Launch> same = pass(10, 2f, y);
            assertEquals(new Count(10 + 10 * again, 10, again), graphs.count());
            for (int i = 0; i < 10; i++) {
                assertEquals(first.get(i).toString(), same.get(i).toString());
                assertEquals(first.get(i).arguments()[1], same.get(i).arguments()[1]);
            }
        }
        assertEquals(1, driver.captures);
    }

    @Test
    void anyOtherArgumentIsAnotherPiece() {
        for (int i = 0; i < 2; i++) pass(10, 2f, y);
        pass(10, 3f, y);
        pass(10, 2f, kernels.memory().allocate(100));
        pass(9, 2f, y);
        pass(11, 2f, y);
        assertEquals(new Count(60, 50, 1), graphs.count());
        assertEquals(Float.floatToRawIntBits(4f), pass(10, 4f, y).getFirst().arguments()[1]);
        pass(10, 2f, y); // whose graph is still there
        assertEquals(new Count(80, 60, 2), graphs.count());
        assertEquals(1, driver.captures);
    }

    @Test
    void longPassesAreCutAndShortOnesLeftAlone() {
        int longer = 2 * Graphs.PIECE + Graphs.LEAST, shorter = Graphs.LEAST - 1;
        for (int i = 0; i < 3; i++)
            assertEquals(longer, pass(longer, 2f, y.slice(0, 100)).size());
        assertEquals(new Count(3L * longer, longer, 6), graphs.count());
        for (int i = 0; i < 3; i++) pass(shorter, 2f, y);
        assertEquals(new Count(3L * longer + 3L * shorter, longer + 3L * shorter, 6), graphs.count());
    }

    @Test
    void theGraphThatRanLongestAgoIsFreed() {
        for (int which = 0; which <= Graphs.KEPT; which++) for (int i = 0; i < 2; i++) pass(Graphs.LEAST, which, y);
        assertEquals(Graphs.KEPT + 1, driver.captures);
        assertEquals(Graphs.KEPT, driver.graphs.size());
        pass(Graphs.LEAST, 1, y);
        assertEquals(Graphs.KEPT + 1, driver.captures);
        pass(Graphs.LEAST, 0, y); // the freed one
        assertEquals(Graphs.KEPT + 2, driver.captures);
    }

    @Test
    void copiesAndFillsKeepTheirPlaceBetweenLaunches() {
        kernels.scale(100, 2f, x, y, false);
        assertTrue(driver.launches.isEmpty()); // collected
        x.get(0); // a download
        assertEquals(1, driver.launches.size());
        kernels.scale(100, 2f, x, y, false);
        kernels.memory().allocate(5); // a fill
        assertEquals(2, driver.launches.size());
        kernels.scale(100, 2f, x, y, false);
        kernels.gather(1, 1, x, new int[] {3}, y, false); // an upload
        assertEquals(3, driver.launches.size());
    }

    /// Three steps of a training whose dropout goes on from step to step: one graph serves.
    @Test
    void theStepOfADropoutLiesOnTheDevice() {
        for (int step = 1; step <= 3; step++) {
            for (int site = 0; site < 5; site++) kernels.dropout(100, x, new Dropout(0.1f, 7, step, site), y, false);
            kernels.finish();
            long address = driver.launches.getLast().arguments()[5];
            assertEquals(step, driver.at(address, 4).get(ValueLayout.JAVA_INT, 0));
        }
        assertEquals(new Count(15, 5, 2), graphs.count());
    }

    /// Whatever runs beside it, a dropout is launched behind the upload of its step and a gather behind its
    /// ids.
    @Test
    void threadsDoNotReplaceWhatTheOthersLaunch() throws InterruptedException {
        var checked = new HostDriver() {
            @Override
            void run(Launch launch) {
                boolean gather = launch.kernel().equals("gather");
                long address = launch.arguments()[gather ? 3 : 5];
                int marker = (int) launch.arguments()[gather ? 0 : 6]; // rows, or the site
                assertEquals(marker, at(address, 4).get(ValueLayout.JAVA_INT, 0), launch.kernel());
            }
        };
        var shared = new CudaKernels(checked);
        Floats in = shared.memory().allocate(100), out = shared.memory().allocate(100);
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int first = t;
            threads.add(Thread.ofPlatform()
                    .uncaughtExceptionHandler((_, failure) -> failures.add(failure))
                    .start(() -> {
                        for (int i = 1 + first; i < 400; i += 4) {
                            shared.dropout(4, in, new Dropout(0.5f, 1, i, i), out, false);
                            int[] ids = new int[i % 32 + 1];
                            ids[0] = ids.length;
                            shared.gather(ids.length, 1, in, ids, out, false);
                        }
                    }));
        }
        for (Thread thread : threads) thread.join();
        assertEquals(List.of(), failures);
    }

    @Test
    void batchesOfOneSizeFindTheirNumbersInFewPlaces() {
        Set<Long> places = new HashSet<>();
        for (int batch = 0; batch < 100; batch++) {
            kernels.gather(3, 1, x, new int[] {batch % 50, 1, 2}, y, false);
            kernels.finish();
            places.add(driver.launches.getLast().arguments()[3]);
        }
        assertTrue(places.size() <= 6, places.toString());
    }

    @Test
    void thePoolGivesTheSameAddressesToTheSameRequests() {
        List<Long> first = null;
        for (int step = 0; step < 4; step++) {
            List<Floats> taken = new ArrayList<>();
            for (int i = 0; i < 5; i++) taken.add(kernels.memory().take(1000));
            List<Long> addresses =
                    taken.stream().map(t -> ((CudaBlock) t.device()).address).toList();
            if (first == null) first = addresses.stream().sorted().toList(); // the driver's order is its own
            else assertEquals(first, addresses);
            for (int i = 0; i < 5; i++) kernels.memory().give(taken.get((3 * i + step) % 5));
        }
    }
}
