package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.cuda.FailingDriver.Kind;
import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Memory;
import dev.merapi.engine.kernel.Precision;
import java.util.EnumSet;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Whatever the driver refuses is one line with the remedy; nothing is read that was not computed, and all
/// memory goes back.
class FailuresTest {
    private static final int LARGE = Mail.MOST / 2; // floats, too many for the mail

    /// A bit of all that the host asks of a driver: large and small copies in both directions, ids, graphs,
    /// modules, much shared memory.
    private static void work(CudaKernels kernels) {
        Memory memory = kernels.memory();
        Floats x = memory.take(LARGE), out = null;
        try {
            out = memory.take(LARGE);
            float[] values = new float[LARGE];
            for (int i = 0; i < LARGE; i++) values[i] = i;
            kernels.copy(LARGE, Floats.of(values), x, false);
            for (int pass = 0; pass < 3; pass++) {
                for (int i = 0; i < Graphs.LEAST; i++) kernels.gather(2, 4, x, new int[] {pass, 3}, out, false);
                kernels.dropout(9, x, new Dropout(0.5f, 1, pass, 2), out, false);
                kernels.finish();
            }
            kernels.matmulNT(Precision.BF16, 256, 256, 8, x, x, null, out); // 96 KB of shared memory
            kernels.activation(Activation.TANH, 8, x, out);
            Supplier<float[]> some = x.slice(5, 7).later();
            assertArrayEquals(new float[] {5, 6, 7, 8, 9, 10, 11}, some.get());
            assertArrayEquals(values, x.toArray());
        } finally {
            memory.give(x);
            if (out != null) memory.give(out);
        }
    }

    private static void assertOneLine(CudaException e) {
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        assertTrue(e.getMessage().startsWith("cuda: "), e.getMessage());
        assertTrue(e.getMessage().contains("use --device cpu"), e.getMessage());
    }

    private static void assertNothingIsLeft(FailingDriver driver, String where) {
        assertEquals(0, driver.allocatedBytes, where);
        assertEquals(Map.of(), Map.copyOf(driver.pinned), where);
        assertEquals(Map.of(), driver.graphs, where);
        assertTrue(driver.closed, where);
    }

    /// The first, the second, … call of each kind, until all have had their turn.
    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"FREE", "FREE_PINNED", "FREE_GRAPH", "CLOSE"})
    void aCallThatFailsIsOneLineAndAllMemoryGoesBack(Kind kind) {
        // a piece that cannot be captured runs without a graph
        boolean captures = EnumSet.of(Kind.BEGIN_CAPTURE, Kind.END_CAPTURE, Kind.LAUNCH, Kind.ALLOCATE)
                .contains(kind);
        int after = 0;
        for (boolean failed = true; failed; after++) {
            String where = kind + " after " + after;
            FailingDriver driver = new FailingDriver();
            CudaKernels kernels = new CudaKernels(driver, false);
            driver.fail(kind, after, false);
            CudaException e = null;
            try {
                work(kernels);
            } catch (CudaException thrown) {
                e = thrown;
                assertOneLine(e);
                assertTrue(e.getMessage().contains("expected success, got CUDA_ERROR_TEST (a failure in two lines)"));
            }
            failed = driver.failed;
            assertTrue(failed == (e != null) || failed && captures, where);
            driver.heal();
            assertEquals(0, ((CudaMemory) kernels.memory()).liveBytes(), where);
            kernels.close();
            assertNothingIsLeft(driver, where);
        }
        assertTrue(after > 1, kind + " was never called");
    }

    /// A launch that did not run would leave wrong numbers: whoever asks afterwards hears of it.
    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"MAIL", "COPY", "AWAIT_MAIL", "LAUNCH", "LAUNCH_GRAPH", "AWAIT_LAUNCHES", "REPLY"})
    void nothingIsReadAfterALaunchThatIsMissing(Kind kind) {
        FailingDriver driver = new FailingDriver();
        CudaKernels kernels = new CudaKernels(driver, false);
        Floats x = kernels.memory().take(50), y = kernels.memory().take(50);
        for (int pass = 0; pass < 2; pass++) {
            for (int i = 0; i < Graphs.LEAST; i++) kernels.scale(50, 2f, x, y, false);
            kernels.finish();
        }
        driver.fail(kind, 0, false);
        for (int i = 0; i < (kind == Kind.LAUNCH ? 1 : Graphs.LEAST); i++) kernels.scale(50, 2f, x, y, false);
        Supplier<float[]> result = kind == Kind.REPLY || kind == Kind.AWAIT_LAUNCHES
                ? y.slice(0, 1).later()
                : y::toArray;
        CudaException first = assertThrows(CudaException.class, result::get);
        driver.heal();
        for (int again = 0; again < 2; again++) {
            CudaException e = assertThrows(CudaException.class, y::toArray);
            assertEquals(
                    "cuda: what an earlier call of the driver was to do is missing since it failed; open the device"
                            + " again (" + first.getMessage() + ")",
                    e.getMessage());
            assertThrows(CudaException.class, () -> kernels.scale(50, 2f, x, y, false));
            assertThrows(CudaException.class, kernels::finish);
        }
        kernels.close();
        assertNothingIsLeft(driver, kind.toString());
    }

    /// Memory that is refused for a while: as often as one tries, nothing is kept, and then all goes well.
    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"ALLOCATE", "PINNED", "NEW_EVENT", "MODULE", "FUNCTION", "ALLOW_SHARED"})
    void afterRefusalsThatLoseNothingAllGoesWell(Kind kind) {
        FailingDriver driver = new FailingDriver();
        CudaKernels kernels = new CudaKernels(driver, false);
        for (int after = 0; after < 12; after++) {
            long pinned = -1, allocated = -1;
            for (int again = 0; again < 8; again++) {
                driver.fail(kind, after, false);
                try {
                    work(kernels);
                    break; // it was not called so often, or all is there
                } catch (CudaException e) {
                    assertOneLine(e);
                    if (after > 0) continue; // it comes further every time
                    if (again > 5) assertEquals(pinned, driver.pinned.size(), kind + ", pinned"); // rings are full
                    if (again > 5) assertEquals(allocated, driver.allocatedBytes, kind + ", of the device");
                    pinned = driver.pinned.size();
                    allocated = driver.allocatedBytes;
                }
            }
        }
        driver.heal();
        work(kernels);
        kernels.close();
        assertNothingIsLeft(driver, kind.toString());
    }

    /// A context that is lost refuses to take anything back: closing tries all of it.
    @Test
    void closingALostDeviceTriesAllAndSaysWhyOnce() {
        FailingDriver driver = new FailingDriver();
        CudaKernels kernels = new CudaKernels(driver, false);
        work(kernels);
        driver.fail(Kind.SYNCHRONIZE, 0, true);
        CudaException e = assertThrows(CudaException.class, kernels::close);
        assertOneLine(e);
        assertTrue(e.getMessage().startsWith("cuda: cuSYNCHRONIZE: expected success"), e.getMessage());
        assertTrue(e.getMessage().contains("; what this process has on the GPU is lost, what was saved is not"));
        assertTrue(java.util.Arrays.stream(e.getSuppressed())
                .anyMatch(s -> s.getMessage().contains("cuCLOSE")));
    }

    @Test
    void aPieceThatMakesNoGraphRunsWithoutOne() {
        FailingDriver driver = new FailingDriver();
        CudaKernels kernels = new CudaKernels(driver, false);
        driver.fail(Kind.END_CAPTURE, 0, false);
        Floats x = kernels.memory().take(9);
        for (int pass = 0; pass < 3; pass++) {
            for (int i = 0; i < 5; i++) kernels.scale(9, 2f, x, x, false);
            kernels.finish();
        }
        assertEquals(new CudaKernels.Launches(15, 15, 0), kernels.launches());
    }

    @Test
    void whatTheDriverRefusesHasItsRemedy() {
        Map<Integer, String> remedies = Map.of(
                2, "free memory of the GPU and of the host, use smaller batches or use --device cpu",
                46, "wait until other processes have left the GPU (nvidia-smi shows them) or use --device cpu",
                100, "see whether nvidia-smi lists a GPU and CUDA_VISIBLE_DEVICES lets it through, or use --device cpu",
                209, "take a GPU of compute capability 8.0 or newer or use --device cpu",
                222,
                        "take the engine and its jar of the classifier cuda from one version, install NVIDIA's driver"
                                + " of CUDA 12.0 or newer, and start the machine anew after an update, or use --device"
                                + " cpu",
                719,
                        "what this process has on the GPU is lost, what was saved is not: start it anew, report the"
                                + " error, or use --device cpu",
                803,
                        "install NVIDIA's driver of CUDA 12.0 or newer, and start the machine anew after an update, or"
                                + " use --device cpu",
                1, "merapi doctor says what there is; report the error or use --device cpu");
        remedies.forEach((result, remedy) -> assertEquals(
                "cuda: cuInit: expected success, got THE_NAME (no text); " + remedy,
                Refusals.of("cuInit", result, "THE_NAME", "no\n text").getMessage()));
        assertEquals(
                "cuda: cuInit: expected success, got THE_NAME; " + remedies.get(1),
                Refusals.of("cuInit", 1, "THE_NAME", null).getMessage());
    }

    @Test
    void aMachineWithoutWhatIsNeededIsToldWhatToInstall() {
        assertEquals(
                "cuda: the driver sees no device, expected one; see whether nvidia-smi lists a GPU and"
                        + " CUDA_VISIBLE_DEVICES lets it through, or use --device cpu",
                assertThrows(CudaException.class, () -> Refusals.requireDevice(0))
                        .getMessage());
        assertEquals(
                "cuda: Tesla V100 has compute capability 7.0, expected at least 8.0 (Ampere, of 2020); take a newer GPU"
                        + " or use --device cpu",
                assertThrows(CudaException.class, () -> Refusals.requireCapability("Tesla V100", 70))
                        .getMessage());
        assertEquals(
                "cuda: the driver is of CUDA 11.8, expected 12.0 or newer; install a newer one or use --device cpu",
                assertThrows(CudaException.class, () -> Refusals.requireDriver(11_080))
                        .getMessage());
        Refusals.requireDevice(1);
        Refusals.requireCapability("H200", 90);
        Refusals.requireDriver(12_000);
        String[][] libraries = {
            {"libcuda.so.1: cannot open shared object file", "cuda: no NVIDIA driver: libcuda.so.1 cannot be loaded;"},
            {"x.so: undefined symbol: cuGraphInstantiate", "cuda: the driver is too old for JCuda 12.6.0: expected one"
            },
            {"no JCudaDriver in java.library.path", "cuda: JCuda's library cannot be loaded; put jcuda and jcuda-nat"}
        };
        for (String[] library : libraries) {
            CudaException e = Refusals.unloadable(library[0], new UnsatisfiedLinkError(library[0]));
            assertOneLine(e);
            assertTrue(e.getMessage().startsWith(library[1]), e.getMessage());
            assertNotNull(e.getCause());
        }
    }
}
