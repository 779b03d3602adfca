package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.Device;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Shape;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Floats;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/// The pool and the copies, on a device whose memory is this machine's and whose kernels do nothing.
class CudaMemoryTest {
    private final HostDriver driver = new HostDriver();
    private final CudaKernels kernels = new CudaKernels(driver, true);
    private final CudaMemory memory = (CudaMemory) kernels.memory();

    @Test
    void whatIsGivenBackServesTheNextOfItsClass() {
        memory.take(1);
        kernels.finish(); // opens the mail, too
        int before = driver.allocations;
        Floats first = memory.take(1000); // of the class of 1024
        long address = ((CudaBlock) first.device()).address;
        memory.give(first);
        Floats second = memory.take(900);
        assertEquals(address, ((CudaBlock) second.device()).address);
        assertEquals(900, second.length);
        assertEquals(before + 1, driver.allocations);
        assertEquals(256 + 4096, memory.bytes());
        memory.take(800); // of the class of 896
        assertEquals(before + 2, driver.allocations);
        assertEquals(256 + 4096 + 3584, memory.liveBytes());
    }

    @Test
    void aScopeGivesItsMemoryBackAndTheNextStepAllocatesNothing() {
        Device device = Device.of(kernels);
        Tensor x = Tensor.variable(device, Shape.of(3, 5), new float[15]);
        long weights = memory.liveBytes();
        for (int step = 0; step < 5; step++) {
            int before = driver.allocations;
            try (var _ = Scope.open()) {
                Elementwise.scale(Elementwise.add(x, x), 2f);
                assertEquals(weights + 2 * 256, memory.liveBytes());
            }
            assertEquals(weights, memory.liveBytes());
            if (step > 2) assertEquals(before, driver.allocations); // its launches are a graph then
        }
        assertEquals(weights + 2 * 256, memory.peakBytes());
    }

    @Test
    void outOfMemoryFreesWhatIsCachedFirstAndThenSaysHowMuchThereIs() {
        memory.give(memory.take(1));
        kernels.finish(); // opens the mail
        driver.memoryBytes = 10_000_000 + Mail.PAGES * Mail.PAGE;
        Floats held = memory.take(1 << 20); // 4.2 MB
        memory.give(memory.take(1 << 20)); // cached
        memory.take(1_250_000); // 5.2 MB: only if the cached ones go
        assertEquals(held.length * 4L + 5_242_880, memory.bytes());
        CudaException e = assertThrows(CudaException.class, () -> memory.take(1 << 20));
        assertEquals(
                "cuda: out of memory: asked for 4.2 MB, live 9.4 MB, peak 9.4 MB of the device's 18.4 MB;"
                        + " use smaller batches or shorter sequences",
                e.getMessage());
    }

    @Test
    void hostAndKernelsTakeTurnsAndOnlyWhatChangedIsCopied() {
        Floats x = memory.allocate(10);
        assertEquals(0f, x.get(3)); // one download
        x.set(3, 7f);
        assertEquals(7f, x.get(3));
        assertEquals("0 uploads, 0.0 MB; 1 downloads, 0.0 MB", memory.copies());
        Floats out = memory.allocate(10);
        kernels.copy(10, x, out, false);
        kernels.copy(10, x, out, false);
        assertEquals("1 uploads, 0.0 MB; 1 downloads, 0.0 MB", memory.copies());
        assertEquals(7f, x.get(3));
        assertEquals("1 uploads, 0.0 MB; 1 downloads, 0.0 MB", memory.copies());
        out.get(0); // the kernel was the last to write
        assertEquals("1 uploads, 0.0 MB; 2 downloads, 0.0 MB", memory.copies());
    }

    @Test
    void aPartThatAKernelWritesLeavesWhatTheHostWroteBeside() {
        Floats x = memory.allocate(10);
        x.set(9, 5f);
        kernels.fill(4, 1f, x.slice(0, 4));
        assertEquals(5f, x.get(9));
    }

    @Test
    void largeValuesTravelInPieces() {
        int n = 1_000_003;
        Floats x = memory.allocate(n);
        for (int i = 0; i < n; i++) x.writable()[i] = i;
        kernels.copy(n, x, memory.allocate(n), false);
        assertEquals(n - 1, x.get(n - 1));
        assertEquals(262_144f, x.get(262_144));
    }

    @Test
    void operandsOfTheHeapTravelThereAndBack() {
        float[] values = {0, 1, 2, 3, 4, 5};
        Floats x = new Floats(values, 1, 3);
        kernels.scale(3, 2f, x, x, false); // in place: one copy of it
        assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, values);
        assertEquals(1, driver.launches.size());
        long[] arguments = driver.launches.getFirst().arguments();
        assertEquals(arguments[2], arguments[3]);
        assertEquals("1 uploads, 0.0 MB; 1 downloads, 0.0 MB", memory.copies());
        assertEquals(0, memory.liveBytes());
    }

    @Test
    void numbersTravelOnceUntilTheyChange() {
        Floats table = memory.allocate(30), out = memory.allocate(9);
        int[] ids = {1, 5, 9};
        for (int layer = 0; layer < 3; layer++) kernels.gather(3, 3, table, ids, out, false);
        assertEquals("1 uploads, 0.0 MB; 0 downloads, 0.0 MB", memory.copies());
        ids[1] = 6;
        kernels.gather(3, 3, table, ids, out, false);
        assertEquals("2 uploads, 0.0 MB; 0 downloads, 0.0 MB", memory.copies());
    }

    @Test
    void closingFreesEverythingCachedAndSaysSoLater() {
        memory.give(memory.take(100));
        kernels.close();
        assertTrue(driver.closed);
        assertEquals(0, driver.allocatedBytes);
        CudaException e = assertThrows(CudaException.class, () -> memory.take(1));
        assertEquals("cuda: the device is closed; open it again with Device.cuda()", e.getMessage());
    }

    /// Twenty losses on their way: nobody waits for the stream, and each is what its memory held then.
    @Test
    void valuesAreReadLaterWithoutWaitingForTheStream() {
        List<Supplier<float[]>> losses = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Floats loss = memory.take(3);
            loss.set(1, i);
            losses.add(loss.slice(1, 2).later());
            memory.give(loss);
        }
        Floats heap = Floats.of(1, 2);
        Supplier<float[]> before = heap.later();
        heap.set(1, 5);
        assertArrayEquals(new float[] {1, 2}, before.get());
        int waited = driver.synchronizations;
        for (int i = 0; i < 20; i++) assertEquals(i, losses.get(i).get()[0]);
        assertEquals(19, losses.getLast().get()[0]); // twice
        assertEquals(waited, driver.synchronizations);
        kernels.close();
        assertEquals(19, losses.getLast().get()[0]);
    }

    @Test
    void gradientsOfTablesAreDenseOnADevice() {
        assertFalse(memory.prefersSparseRows());
    }
}
