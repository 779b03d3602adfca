package dev.merapi.engine;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.engine.kernel.Dropout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every op's gradient against finite differences of its own forward pass.
class OpGradientTest {
    private final Device device = Device.scalar();
    private final Dropout dropout = new Dropout(0.3f, 5, 2, 1);

    private Tensor x(int stream, int... sizes) {
        return GradCheck.variable(device, stream, sizes);
    }

    @Test
    void add() {
        GradCheck.check(in -> Elementwise.add(in[0], in[1]), x(0, 3, 5), x(1, 3, 5));
    }

    @Test
    void addOfTheSameTensorTwice() {
        GradCheck.check(in -> Elementwise.add(in[0], in[0]), x(0, 3, 5));
    }

    @Test
    void multiply() {
        GradCheck.check(in -> Elementwise.multiply(in[0], in[1]), x(0, 3, 5), x(1, 3, 5));
    }

    @Test
    void scale() {
        GradCheck.check(in -> Elementwise.scale(in[0], -1.7f), x(0, 17));
    }

    @ParameterizedTest
    @EnumSource(Activation.class)
    void activation(Activation f) {
        GradCheck.check(in -> Elementwise.activation(f, in[0]), x(0, 7, 5));
    }

    @Test
    void dropout() {
        GradCheck.check(in -> Elementwise.dropout(in[0], dropout), x(0, 7, 5));
    }

    @Test
    void linear() {
        GradCheck.check(in -> Matmul.linear(in[0], in[1], in[2]), x(0, 4, 3), x(1, 5, 3), x(2, 5));
    }

    @Test
    void linearWithoutBias() {
        GradCheck.check(in -> Matmul.linear(in[0], in[1], null), x(0, 4, 3), x(1, 5, 3));
    }

    @Test
    void layerNorm() {
        GradCheck.check(in -> Normalize.layerNorm(in[0], in[1], in[2], 1e-5f), x(0, 3, 7), x(1, 7), x(2, 7));
    }

    @Test
    void addLayerNormWithDropout() {
        GradCheck.check(
                in -> Normalize.addLayerNorm(in[0], dropout, in[1], in[2], in[3], 1e-12f),
                x(0, 3, 7),
                x(4, 3, 7),
                x(1, 7),
                x(2, 7));
    }

    @Test
    void addLayerNormWhoseResidualIsUsedElsewhere() {
        GradCheck.check(
                in -> Elementwise.add(Normalize.addLayerNorm(in[0], Dropout.NONE, in[1], in[2], in[3], 1e-12f), in[1]),
                x(0, 3, 7),
                x(4, 3, 7),
                x(1, 7),
                x(2, 7));
    }

    @Test
    void attention() {
        int[] starts = {0, 1, 6, 9};
        GradCheck.check(
                in -> Attention.attention(in[0], in[1], in[2], 2, starts, Dropout.NONE),
                x(0, 9, 6),
                x(1, 9, 6),
                x(2, 9, 6));
    }

    @Test
    void attentionWithDropout() {
        int[] starts = {0, 5, 8};
        GradCheck.check(
                in -> Attention.attention(in[0], in[1], in[2], 3, starts, dropout), x(0, 8, 6), x(1, 8, 6), x(2, 8, 6));
    }

    @Test
    void selfAttentionOfOneTensor() {
        GradCheck.check(in -> Attention.attention(in[0], in[0], in[0], 1, new int[] {0, 4}, Dropout.NONE), x(0, 4, 3));
    }

    @Test
    void rows() {
        GradCheck.check(in -> Gather.rows(in[0], new int[] {2, 0, 2, 4}), x(0, 5, 3));
    }

    @Test
    void rowsOfAnIntermediate() {
        GradCheck.check(in -> Gather.rows(Elementwise.scale(in[0], 2f), new int[] {1, 1, 0}), x(0, 3, 4));
    }

    @Test
    void embeddings() {
        int[] i = {3, 1, 3, 0}, j = {0, 1, 1, 0}, k = {2, 2, 2, 1};
        GradCheck.check(in -> Gather.embeddings(in[0], i, in[1], j, null, null), x(0, 5, 3), x(1, 2, 3));
        GradCheck.check(in -> Gather.embeddings(in[0], i, in[1], j, in[2], k), x(0, 5, 3), x(1, 2, 3), x(2, 4, 3));
    }

    @Test
    void aTableThatIsUsedTwice() {
        GradCheck.check(
                in -> Elementwise.add(Gather.rows(in[0], new int[] {2, 0}), Gather.rows(in[0], new int[] {2, 1})),
                x(0, 3, 4));
    }

    @Test
    void crossEntropy() {
        int[] labels = {2, 0, Loss.IGNORED, 1};
        Tensor weights = Tensor.of(device, Shape.of(3), 2f, 1.2f, 1f);
        GradCheck.check(in -> Loss.crossEntropy(in[0], labels, null, 0f), x(0, 4, 3));
        GradCheck.check(in -> Loss.crossEntropy(in[0], labels, weights, 0.2f), x(0, 4, 3));
    }

    @Test
    void binaryCrossEntropy() {
        float[] targets = {1, 0, 0, 1, 1, 0};
        Tensor weights = Tensor.of(device, Shape.of(3), 2f, 1.5f, 1f);
        GradCheck.check(in -> Loss.binaryCrossEntropy(in[0], targets, null), x(0, 2, 3));
        GradCheck.check(in -> Loss.binaryCrossEntropy(in[0], targets, weights), x(0, 2, 3));
    }

    @Test
    void sumAndMean() {
        GradCheck.check(in -> Reduce.sum(in[0]), x(0, 4, 3));
        GradCheck.check(in -> Reduce.mean(in[0]), x(0, 4, 3));
    }

    @Test
    void aDeepGraphOfEverything() {
        GradCheck.check(
                in -> {
                    Tensor h = Matmul.linear(in[0], in[1], in[2]);
                    Tensor a = Attention.attention(h, h, in[0], 2, new int[] {0, 2, 5}, dropout);
                    Tensor n = Normalize.addLayerNorm(a, dropout, in[0], in[3], in[2], 1e-5f);
                    return Elementwise.activation(Activation.GELU, Matmul.linear(n, in[1], null));
                },
                x(0, 5, 4),
                x(1, 4, 4),
                x(2, 4),
                x(3, 4));
    }
}
