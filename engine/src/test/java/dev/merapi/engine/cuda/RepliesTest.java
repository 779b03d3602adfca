package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.Device;
import dev.merapi.engine.Loss;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Shape;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.LossScale;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Results come down beside the launches that follow them, as they were when they were asked for, and wait for
/// no more than their own launches.
class RepliesTest {
    private static final int MOST = Replies.PAGE / Float.BYTES;

    /// Values that are i everywhere, written by a launch.
    private static Supplier<float[]> result(CudaKernels kernels, Floats memory, int count, int i) {
        Floats values = memory.slice(0, count);
        kernels.copy(count, Floats.of(filled(count, i)), values, false);
        return values.later();
    }

    private static float[] filled(int count, int value) {
        float[] values = new float[count];
        java.util.Arrays.fill(values, value);
        return values;
    }

    /// Through ten rounds of the pages, with results of all sizes in the same memory, which is written again at
    /// once: read one step later, three steps later, or after all. Whether copies are made as late as they may
    /// or launches as early.
    @ParameterizedTest
    @CsvSource({"1, false", "3, false", "1000, false", "1, true", "3, true", "1000, true"})
    void pagesAreWrittenAgainWhenAllThatTheyHeldWasCopied(int ahead, boolean prompt) {
        var kernels = new CudaKernels(new LateDriver(false, prompt), false);
        Floats memory = kernels.memory().take(MOST);
        ArrayDeque<Supplier<float[]>> waiting = new ArrayDeque<>();
        int read = 0;
        int[] counts = {1, MOST / 3, 77, MOST, 1, 1, MOST / 2 + 1, MOST / 2};
        for (int i = 0; i < 10 * counts.length; i++) {
            waiting.add(result(kernels, memory, counts[i % counts.length], i));
            if (waiting.size() <= ahead) continue;
            assertArrayEquals(
                    filled(counts[read % counts.length], read), waiting.remove().get());
            read++;
        }
        for (; read < 10 * counts.length; read++)
            assertArrayEquals(
                    filled(counts[read % counts.length], read), waiting.remove().get());
        kernels.close();
    }

    /// The device is asked for the next batch before the result of the one before is awaited: reading that
    /// leaves the next batch alone.
    @Test
    void readingWaitsForNoLaterLaunch() {
        var late = new LateDriver(false, false);
        var kernels = new CudaKernels(late, false);
        Floats memory = kernels.memory().take(50);
        Supplier<float[]> first = result(kernels, memory, 50, 1), second = result(kernels, memory, 50, 2);
        assertEquals(0, late.waits);
        assertArrayEquals(filled(50, 1), first.get());
        assertEquals(1, late.waits);
        long open = late.open();
        assertTrue(open >= 1, "the second batch has run");
        assertArrayEquals(filled(50, 1), first.get(), "again");
        assertEquals(open, late.open());
        assertArrayEquals(filled(50, 2), second.get());
        assertEquals(0, late.open());
        assertEquals(0, late.synchronizations);
    }

    /// A loss and the norm behind it are one copy.
    @Test
    void aValueAloneLeavesWithWhatFollows() {
        var driver = new HostDriver();
        var kernels = new CudaKernels(driver, false);
        Floats loss = kernels.memory().take(1), norm = kernels.memory().take(3);
        Supplier<float[]> one = loss.later();
        assertEquals(0, driver.replies);
        Supplier<float[]> three = norm.later();
        assertEquals(1, driver.replies);
        three.get();
        one.get();
        Supplier<float[]> alone = loss.later();
        alone.get();
        assertEquals(2, driver.replies);
    }

    /// What no page holds, and what is read at once: one chunk is on its way while the one before is taken.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void largeValuesComeInChunks(boolean prompt) {
        var kernels = new CudaKernels(new LateDriver(false, prompt), false);
        int count = 3 * MOST + 5;
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = i;
        Floats memory = kernels.memory().take(count);
        kernels.copy(count, Floats.of(values), memory, false);
        Supplier<float[]> later = memory.later();
        assertArrayEquals(values, memory.toArray());
        assertArrayEquals(values, later.get());
    }

    /// Of a loss whose scale the device knows.
    @Test
    void aBackwardPassWaitsForNothing() {
        var late = new LateDriver(false, false);
        Device device = Device.of(new CudaKernels(late, false));
        Tensor x = Tensor.variable(device, Shape.of(2, 3), new float[6]);
        Floats scale = device.memory().allocate(1);
        int before = late.waits; // making a variable reads its zeros
        try (Scope _ = Scope.open()) {
            Loss.crossEntropy(x, new int[] {0, 2}, null, 0f).backward(scale, 0.5f);
        }
        device.kernels().clipScale(List.of(x.gradient()), 1, new LossScale(2, 0.5, 9, scale(device)), scale(device));
        assertEquals(before, late.waits + late.synchronizations);
    }

    private static Floats scale(Device device) {
        return device.memory().allocate(3);
    }

    /// One thread waits for its result, another launches and reads meanwhile.
    @Test
    void whoWaitsHoldsNobodyUp() throws InterruptedException {
        var waiting = new CountDownLatch(1);
        var arrived = new CountDownLatch(1);
        var slow = new HostDriver() {
            private final Thread patient = Thread.currentThread();

            @Override
            public void await(long event) {
                if (Thread.currentThread() == patient) return;
                waiting.countDown();
                try {
                    arrived.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        };
        var kernels = new CudaKernels(slow, false);
        Floats memory = kernels.memory().take(9);
        Supplier<float[]> result = result(kernels, memory, 9, 4);
        List<float[]> read = new ArrayList<>();
        Thread reader = Thread.ofPlatform().start(() -> read.add(result.get()));
        waiting.await();
        assertArrayEquals(filled(9, 5), result(kernels, memory, 9, 5).get());
        kernels.gather(1, 1, memory, new int[] {3}, kernels.memory().take(1), false);
        arrived.countDown();
        reader.join();
        assertArrayEquals(filled(9, 4), read.getFirst());
    }
}
