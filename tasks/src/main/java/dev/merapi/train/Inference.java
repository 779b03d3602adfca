package dev.merapi.train;

import dev.merapi.data.BatchSampler;
import dev.merapi.data.Encoded;
import dev.merapi.data.PackedBatch;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.nn.Pass;
import dev.merapi.nn.model.Model;
import java.util.Arrays;
import java.util.function.Supplier;

/// Runs a model over examples, without a graph.
public final class Inference {
    private Inference() {}

    /// The model's outputs in the order of the examples, whatever the order in which they are computed. Those
    /// of a batch are read when the next batch was asked for, so that a device has work meanwhile.
    ///
    /// @return logits [rows][K]; of a model that answers for every token [rows][T · K]
    public static float[][] logits(Model model, Encoded data, int batchSize) {
        float[][] logits = new float[data.size()][];
        Runnable before = () -> {};
        for (int[] rows : BatchSampler.byLength(data.lengths(), batchSize)) {
            PackedBatch batch = data.batch(rows);
            int columns;
            boolean perToken;
            Supplier<float[]> values;
            try (Scope _ = Scope.inference()) {
                Tensor outputs = model.forward(batch.tokens(), Pass.INFERENCE); // [B, K] or [N, K]
                columns = outputs.shape().columns();
                perToken = outputs.shape().rows() != rows.length;
                values = outputs.laterArray();
            }
            before.run();
            before = () -> {
                for (int i = 0; i < rows.length; i++) {
                    int from = perToken ? batch.tokens().starts()[i] : i;
                    int to = perToken ? batch.tokens().starts()[i + 1] : i + 1;
                    logits[rows[i]] = Arrays.copyOfRange(values.get(), from * columns, to * columns);
                }
            };
        }
        before.run();
        return logits;
    }
}
