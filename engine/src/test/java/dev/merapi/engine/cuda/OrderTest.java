package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.merapi.engine.kernel.Kernels;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every kernel with its threads and blocks in one order, and in the order turned round (emulator.cpp): of any
/// two that race, now the other is first.
class OrderTest {
    /// Multiprocessors and compute capability, see [EveryKernel].
    @ParameterizedTest
    @CsvSource({"4, 80", "1, 80", "1, 90"})
    void theOrderOfThreadsAndBlocksChangesNoBit(int multiprocessors, int capability) {
        Map<String, float[]> expected = results(multiprocessors, capability, 0);
        Map<String, float[]> other = results(multiprocessors, capability, 1);
        assertEquals(expected.keySet(), other.keySet());
        expected.forEach((name, values) -> assertArrayEquals(values, other.get(name), name));
    }

    private static Map<String, float[]> results(int multiprocessors, int capability, int order) {
        Optional<Kernels> emulated = EmulatedCuda.kernels(multiprocessors, capability, true, order);
        assumeTrue(emulated.isPresent(), "g++ is missing: no kernel is emulated");
        try (Kernels kernels = emulated.get()) {
            return EveryKernel.results(kernels, multiprocessors, capability);
        }
    }
}
