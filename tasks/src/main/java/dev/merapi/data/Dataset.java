package dev.merapi.data;

import java.util.List;

/// Examples and the names of the labels that their targets speak of.
///
/// @param source where they come from, for messages
/// @param labels the K labels, in the order of the model's outputs; empty where nothing is labelled
/// @param examples in the order of the file, at least one
public record Dataset(String source, List<String> labels, List<Example> examples) {
    public Dataset {
        labels = List.copyOf(labels);
        examples = List.copyOf(examples);
        if (examples.isEmpty()) {
            throw new DataException(
                    source + ": no examples, expected at least one; check that it is the right file and not cut off");
        }
    }

    public int size() {
        return examples.size();
    }
}
