package dev.merapi.train;

import dev.merapi.data.BatchSampler;
import dev.merapi.data.Encoded;
import dev.merapi.engine.Scope;
import dev.merapi.nn.Pass;
import dev.merapi.nn.model.SequenceClassifier;
import java.util.Arrays;

/// Runs a model over examples, without a graph.
public final class Inference {
    private Inference() {}

    /// The model's outputs in the order of the examples, whatever the order in which they are computed.
    ///
    /// @return logits [rows][K]
    public static float[][] logits(SequenceClassifier model, Encoded data, int batchSize) {
        float[][] logits = new float[data.size()][];
        for (int[] rows : BatchSampler.byLength(data.lengths(), batchSize)) {
            try (Scope _ = Scope.inference()) {
                float[] values =
                        model.forward(data.batch(rows).tokens(), Pass.INFERENCE).toArray(); // [B, K]
                int classes = values.length / rows.length;
                for (int i = 0; i < rows.length; i++) {
                    logits[rows[i]] = Arrays.copyOfRange(values, i * classes, (i + 1) * classes);
                }
            }
        }
        return logits;
    }
}
