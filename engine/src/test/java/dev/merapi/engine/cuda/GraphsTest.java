package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.cuda.CudaKernels.Launches;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// When launches become a graph, when the graph runs in their stead, and when not; what goes by mail arrives
/// before it is read and stays until it was.
class GraphsTest {
    private final HostDriver driver = new HostDriver();
    private final CudaKernels kernels = new CudaKernels(driver, false);
    private final Floats x = kernels.memory().take(100);
    private final Floats y = kernels.memory().take(100);

    /// `launches` launches and the end of their piece.
    private List<HostDriver.Launch> pass(int launches, float factor, Floats out) {
        driver.launches.clear();
        for (int i = 0; i < launches; i++) kernels.scale(i + 1, factor, x, out, false);
        kernels.finish();
        return List.copyOf(driver.launches);
    }

    private Launches count() {
        return kernels.launches();
    }

    @Test
    void aPieceThatComesAgainIsCapturedAndThenItsGraphRuns() {
        List<HostDriver.Launch> first = pass(10, 2f, y);
        assertEquals(new Launches(10, 10, 0), count());
        for (int again = 1; again < 4; again++) {
            List<HostDriver.Launch> same = pass(10, 2f, y);
            assertEquals(new Launches(10 + 10 * again, 10, again), count());
            for (int i = 0; i < 10; i++) {
                assertEquals(first.get(i).toString(), same.get(i).toString());
                assertEquals(first.get(i).arguments()[1], same.get(i).arguments()[1]);
            }
        }
        assertEquals(1, driver.captures);
    }

    @Test
    void otherArgumentsRunInTheSameGraph() {
        for (int i = 0; i < 2; i++) pass(10, 2f, y);
        List<HostDriver.Launch> other = pass(10, 3f, kernels.memory().take(100));
        assertEquals(new Launches(30, 10, 2), count());
        assertEquals(Float.floatToRawIntBits(3f), other.getLast().arguments()[1]);
        assertEquals(10, other.getLast().arguments()[0]);
        pass(9, 2f, y); // other pieces
        pass(11, 2f, y);
        assertEquals(new Launches(50, 30, 2), count());
    }

    /// 1000 rows and 1024 have the blocks of 1024, 1025 those of 1280; each launch sees its own grid.
    @Test
    void gridsOfOneClassRunInTheSameGraph() {
        Floats rows = kernels.memory().take(1280 * 4), gamma = kernels.memory().take(4);
        for (int n : new int[] {1000, 1000, 1024, 900, 1025}) {
            for (int i = 0; i < Graphs.LEAST; i++)
                kernels.layerNorm(n, 4, rows, Dropout.NONE, null, gamma, gamma, 1f, null, rows, null, null);
            kernels.finish();
            assertEquals("layer_norm " + n + "x1 16", driver.launches.getLast().toString());
        }
        assertEquals(new Launches(20, 8, 3), count());
        assertEquals(new Driver.Grid(1280, 7, 256, 16), new Driver.Grid(1025, 7, 256, 16).roomy());
        assertEquals(new Driver.Grid(8, 65_535, 256, 0), new Driver.Grid(8, 65_535, 256, 0).roomy());
        assertEquals(Driver.Grid.of(10, 5), Driver.Grid.of(9, 5).roomy());
    }

    @Test
    void longPassesAreCutAndShortOnesLeftAlone() {
        int longer = 2 * Graphs.PIECE + Graphs.LEAST, shorter = Graphs.LEAST - 1;
        Floats in = kernels.memory().take(longer), out = kernels.memory().take(longer);
        for (int i = 0; i < 3; i++) {
            driver.launches.clear();
            for (int n = 1; n <= longer; n++) kernels.scale(n, 2f, in, out, false);
            kernels.finish();
            assertEquals(longer, driver.launches.size());
        }
        int alone = Graphs.PIECE + Graphs.LEAST; // the second piece is like the first
        assertEquals(new Launches(3L * longer, alone, 7), count());
        for (int i = 0; i < 3; i++) pass(shorter, 2f, y);
        assertEquals(new Launches(3L * longer + 3L * shorter, alone + 3L * shorter, 7), count());
    }

    @Test
    void theGraphThatRanLongestAgoIsFreed() {
        Floats in = kernels.memory().take(1), out = kernels.memory().take(1);
        for (int which = 0; which <= Graphs.KEPT; which++) for (int i = 0; i < 2; i++) bits(which, in, out);
        assertEquals(Graphs.KEPT + 1, driver.captures);
        assertEquals(Graphs.KEPT, driver.graphs.size());
        bits(1, in, out);
        assertEquals(Graphs.KEPT + 1, driver.captures);
        bits(0, in, out); // the freed one
        assertEquals(Graphs.KEPT + 2, driver.captures);
    }

    /// Twelve launches of two kernels, for every number another piece.
    private void bits(int number, Floats in, Floats out) {
        for (int bit = 0; bit < 12; bit++)
            if ((number >> bit & 1) == 0) kernels.scale(1, 2f, in, out, false);
            else kernels.add(1, in, in, out);
        kernels.finish();
    }

    @Test
    void readingEndsAPieceAndIdsDoNot() {
        kernels.scale(100, 2f, x, y, false);
        kernels.gather(1, 1, x, new int[] {3}, y, false);
        kernels.memory().allocate(5); // is filled with zeros
        assertTrue(driver.launches.isEmpty()); // collected
        y.get(0);
        assertEquals(2, driver.launches.size());
    }

    /// Three steps of a training whose dropout goes on from step to step: one graph serves.
    @Test
    void theStepOfADropoutTravelsByMail() {
        for (int step = 1; step <= 3; step++) {
            for (int site = 0; site < 5; site++) kernels.dropout(100, x, new Dropout(0.1f, 7, step, site), y, false);
            kernels.finish();
            long address = driver.launches.getLast().arguments()[5];
            assertEquals(step, driver.at(address, 4).get(ValueLayout.JAVA_INT, 0));
        }
        assertEquals(new Launches(15, 5, 2), count());
    }

    /// Batches of other lengths and ids: 31 to 40 tokens of five distinct ids each. The gradients of the table
    /// have other groups every time.
    @Test
    void theGradientOfATableIsInTheSameGraph() {
        Floats table = kernels.memory().take(50 * 8), rows = kernels.memory().take(40 * 8);
        for (int batch = 0; batch < 10; batch++) {
            int tokens = 31 + batch % 2;
            int[] ids = new int[tokens], groups = new int[6], order = new int[tokens];
            for (int t = 0; t < tokens; t++) {
                ids[t] = t % 5 * 10 + batch;
                order[t] = tokens - 1 - t;
            }
            for (int g = 1; g < 6; g++) groups[g] = g == 5 ? tokens : 3 * g + batch % 3;
            kernels.gather(tokens, 8, table, ids, rows, false);
            kernels.sumGroups(5, 8, rows, groups, order, table, false);
            kernels.addRows(5, 8, rows, ids, table);
            kernels.copy(100, x, y, false);
            kernels.finish();
        }
        assertEquals(new Launches(40, 4, 9), count());
    }

    /// Whatever runs beside it, a dropout is launched behind the upload of its step and a gather behind its
    /// ids.
    @Test
    void threadsDoNotReplaceWhatTheOthersLaunch() throws InterruptedException {
        var checked = new LateDriver(false, true);
        var shared = new CudaKernels(checked, false);
        Floats in = shared.memory().take(100), out = shared.memory().take(100);
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
        shared.finish();
        assertEquals(List.of(), failures);
        assertEquals(2 * 399, checked.checked);
    }

    /// The host runs ahead through three rounds of pages of mail while the device does nothing until it has to:
    /// neither the pages of the host nor those of the device are written before they were read. Whether the
    /// mail travels at once or at the last moment.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pagesAreWrittenAgainWhenTheyWereRead(boolean early) {
        var late = new LateDriver(early, false);
        var ahead = new CudaKernels(late, false);
        Floats in = ahead.memory().take(100), out = ahead.memory().take(Mail.MOST / 4);
        int each = Mail.MOST / 4 - 5, batches = 3 * Mail.PAGES * Mail.PAGE / Mail.MOST;
        for (int batch = 1; batch <= batches; batch++) {
            int[] ids = new int[each - batch];
            ids[0] = ids.length;
            for (int layer = 0; layer < 3; layer++) ahead.gather(ids.length, 1, in, ids, out, false);
            if (batch % 7 == 0) out.slice(0, 1).later();
        }
        assertTrue(late.checked < 3 * batches, "the host waits for nobody in the end");
        assertEquals(0, late.synchronizations);
        assertTrue(late.waits <= 3 * Mail.PAGES, late.waits + " waits for pages");
        ahead.finish();
        assertEquals(3 * batches, late.checked);
    }

    @Test
    void numbersThatNoPageHoldsTravelOnTheirOwn() {
        int[] ids = new int[Mail.MOST];
        ids[0] = ids.length;
        var late = new LateDriver(false, false);
        var ahead = new CudaKernels(late, false);
        ahead.gather(ids.length, 1, ahead.memory().take(9), ids, ahead.memory().take(ids.length), false);
        ahead.finish();
        assertEquals(1, late.checked);
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
