package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.Attention;
import dev.merapi.engine.Device;
import dev.merapi.engine.Gather;
import dev.merapi.engine.Loss;
import dev.merapi.engine.Matmul;
import dev.merapi.engine.Normalize;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Shape;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Kernels.AdamStep;
import dev.merapi.engine.kernel.Kernels.AdamUpdate;
import dev.merapi.engine.kernel.Philox;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// A small model trained over batches of other lengths and ids every time: as graphs it has the bits that it
/// has without, where memory is looked at before and after every use.
class GraphBitsTest {
    private static final int CHANNELS = 24, WORDS = 16, STEPS = 8;

    @Test
    void graphsOverRealLengthsGiveTheBitsOfSingleLaunches() {
        Optional<Kernels> graphs = EmulatedCuda.graphs(), single = EmulatedCuda.kernels();
        Assumptions.assumeTrue(graphs.isPresent(), "the CUDA kernels are not emulated here");
        List<float[]> expected = train(single.orElseThrow()), got = train(graphs.orElseThrow());
        for (int i = 0; i < expected.size(); i++) assertArrayEquals(expected.get(i), got.get(i));
        CudaKernels.Launches launches = ((CudaKernels) graphs.get()).launches();
        assertTrue(launches.graphs() >= STEPS / 2, launches.toString());
        assertTrue(launches.alone() <= launches.asked() / 2, launches.toString());
    }

    private static List<float[]> train(Kernels kernels) {
        Device device = Device.of(kernels);
        SplittableRandom random = new SplittableRandom(5);
        Tensor table = variable(device, 1, WORDS, CHANNELS), query = variable(device, 2, CHANNELS, CHANNELS);
        Tensor gamma = variable(device, 3, CHANNELS), beta = variable(device, 4, CHANNELS);
        Tensor head = variable(device, 5, 3, CHANNELS);
        List<Tensor> parameters = List.of(table, query, gamma, beta, head);
        List<Floats> moments = new ArrayList<>();
        for (Tensor p : parameters)
            for (int i = 0; i < 2; i++)
                moments.add(device.memory().allocate(p.shape().count()));
        for (int step = 1; step <= STEPS; step++) {
            int[] starts = new int[5];
            for (int b = 0; b < 4; b++) starts[b + 1] = starts[b] + 15 + random.nextInt(2); // 60 to 64 tokens
            int[] ids = random.ints(starts[4], 0, WORDS).toArray();
            int[] labels = random.ints(4, 0, 3).toArray();
            try (Scope _ = Scope.open()) {
                Tensor x = Gather.rows(table, ids);
                Tensor q = Matmul.linear(x, query, null);
                Tensor a = Attention.attention(q, x, x, 2, starts, new Dropout(0.1f, 9, step, 1));
                Tensor y = Normalize.layerNorm(a, gamma, beta, 1e-5f);
                Tensor logits = Matmul.linear(Gather.rows(y, java.util.Arrays.copyOf(starts, 4)), head, null);
                Loss.crossEntropy(logits, labels, null, 0f).backward();
            }
            AdamStep adam =
                    new AdamStep(1e-2, 0.9, 0.999, 1e-8, 0.01, 1 - Math.pow(0.9, step), 1 - Math.pow(0.999, step), 1f);
            List<AdamUpdate> updates = new ArrayList<>();
            List<Floats> gradients = new ArrayList<>();
            for (int i = 0; i < parameters.size(); i++) {
                Tensor p = parameters.get(i);
                gradients.add(p.gradient());
                updates.add(new AdamUpdate(p.data(), p.gradient(), moments.get(2 * i), moments.get(2 * i + 1), adam));
            }
            Floats clip = device.memory().take(2);
            kernels.clipScale(gradients, 1, clip);
            kernels.adamW(updates, clip);
            device.memory().give(clip);
            for (Tensor p : parameters) {
                p.clearGradient();
                p.modified();
            }
            kernels.finish();
        }
        return parameters.stream().map(Tensor::toArray).toList();
    }

    private static Tensor variable(Device device, int stream, int... sizes) {
        Tensor x = Tensor.variable(
                device, Shape.of(sizes), new float[Shape.of(sizes).count()]);
        Philox.normal(x.data(), 7, stream, 0, 0.3f);
        return x;
    }
}
