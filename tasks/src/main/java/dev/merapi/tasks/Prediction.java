package dev.merapi.tasks;

import dev.merapi.data.Example;
import java.util.List;

/// What a model says of an example.
///
/// @param example that was asked about
/// @param logits the model's outputs, one a label, in the model's order
/// @param probabilities softmax of the logits with one label a row, their sigmoid with any number
/// @param labels the most probable label; with any number of labels those over the threshold, possibly none
public record Prediction(Example example, List<Float> logits, List<Float> probabilities, List<String> labels) {
    public Prediction {
        logits = List.copyOf(logits);
        probabilities = List.copyOf(probabilities);
        labels = List.copyOf(labels);
    }
}
