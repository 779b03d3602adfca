package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.Example;
import dev.merapi.train.SettingsException;
import java.util.Arrays;
import java.util.List;

/// What a label weighs in the loss where it holds, beside 1 where it does not: PyTorch's `pos_weight`.
///
/// @param balanced whether the training examples decide: negatives / positives, so that both weigh the same in
///     all; 1 where a label always or never holds
/// @param values otherwise one a label; empty for all 1
public record PositiveWeights(boolean balanced, List<Float> values) {
    public static final PositiveWeights EQUAL = new PositiveWeights(false, List.of());
    public static final PositiveWeights BALANCED = new PositiveWeights(true, List.of());

    public PositiveWeights {
        values = List.copyOf(values);
        for (float value : values)
            if (!(value > 0 && value < Float.POSITIVE_INFINITY))
                throw new SettingsException("pos-weight: expected numbers over 0, got " + values);
    }

    public static PositiveWeights of(Float... values) {
        return new PositiveWeights(false, List.of(values));
    }

    /// The weights [K]; null for all 1.
    float[] of(Dataset train) {
        int labels = train.labels().size();
        if (balanced) return balance(train, labels);
        if (values.isEmpty()) return null;
        if (values.size() != labels)
            throw new SettingsException("pos-weight: expected " + labels + " numbers, one for each of " + train.labels()
                    + ", got " + values.size() + ", " + values);
        float[] weights = new float[labels];
        for (int k = 0; k < labels; k++) weights[k] = values.get(k);
        return weights;
    }

    private static float[] balance(Dataset train, int labels) {
        long[] positives = new long[labels];
        for (Example example : train.examples()) {
            boolean[] holds = MultilabelClassification.holds(example.target());
            for (int k = 0; k < labels; k++) if (holds[k]) positives[k]++;
        }
        float[] weights = new float[labels];
        Arrays.fill(weights, 1);
        for (int k = 0; k < labels; k++) {
            long negatives = train.size() - positives[k];
            if (positives[k] > 0 && negatives > 0) weights[k] = (float) negatives / positives[k];
        }
        return weights;
    }
}
