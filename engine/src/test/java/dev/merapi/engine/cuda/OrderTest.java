package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.merapi.engine.kernel.Kernels;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every kernel in three orders of threads and of blocks (emulator.cpp).
class OrderTest {
    /// Multiprocessors and compute capability, see [EveryKernel].
    @ParameterizedTest
    @CsvSource({"4, 80", "1, 80", "1, 90"})
    void theOrderOfThreadsAndBlocksChangesNoBit(int multiprocessors, int capability) {
        List<Map<String, float[]>> results = IntStream.range(0, 3)
                .mapToObj(order -> results(multiprocessors, capability, order))
                .toList();
        for (Map<String, float[]> other : results.subList(1, 3)) {
            assertEquals(results.getFirst().keySet(), other.keySet());
            results.getFirst().forEach((name, values) -> assertArrayEquals(values, other.get(name), name));
        }
    }

    private static Map<String, float[]> results(int multiprocessors, int capability, int order) {
        Optional<Kernels> emulated = EmulatedCuda.kernels(multiprocessors, capability, true, order);
        assumeTrue(emulated.isPresent(), "g++ is missing: no kernel is emulated");
        try (Kernels kernels = emulated.get()) {
            return EveryKernel.results(kernels, multiprocessors, capability);
        }
    }
}
