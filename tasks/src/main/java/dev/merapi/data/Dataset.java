package dev.merapi.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Examples and the names of the labels that their targets speak of.
///
/// @param source where they come from, for messages
/// @param labels the K labels, in the order of the model's outputs; empty where nothing is labelled
/// @param examples in the order of the file, at least one; those of a file larger than memory are read again at
///     every look
public record Dataset(String source, List<String> labels, List<Example> examples) {
    public Dataset {
        labels = List.copyOf(labels);
        for (int k = 0; k < labels.size(); k++)
            if (labels.indexOf(labels.get(k)) < k)
                throw new DataException(
                        source + ": the label " + labels.get(k) + " is there twice, expected each once; got " + labels);
        examples = examples instanceof Streamed ? examples : List.copyOf(examples);
        if (examples.isEmpty()) {
            throw new DataException(
                    source + ": no examples, expected at least one; check that it is the right file and not cut off");
        }
    }

    /// Makes sure that every example has an answer of the kind that a task learns from.
    public void require(Class<? extends Target> kind) {
        for (Example example : examples) {
            if (!kind.isInstance(example.target())) {
                throw new DataException(source + ": example " + example.id() + " has "
                        + (example.target() == Target.UNKNOWN ? "no label" : "a label of another kind")
                        + ", expected one for every example to train or evaluate; add it, or only predict");
            }
        }
    }

    /// A number for each different answer, in the order in which they first occur, so that parts of the rows
    /// can be made alike in them; parts of texts go by their contexts.
    public int[] strata() {
        Map<Object, Integer> numbers = new HashMap<>();
        int[] strata = new int[size()];
        int row = 0;
        for (Example example : examples) {
            Object answer = example.target() instanceof Target.Part ? example.text() : example.target();
            Integer next = numbers.size();
            Integer known = numbers.putIfAbsent(answer, next);
            strata[row++] = known == null ? next : known;
        }
        return strata;
    }

    /// Some of the examples.
    ///
    /// @param name what messages call them
    public Dataset rows(String name, int[] rows) {
        return new Dataset(
                name,
                labels,
                isStreamed()
                        ? new Streamed<>(rows.length, i -> examples.get(rows[i]))
                        : Arrays.stream(rows).mapToObj(examples::get).toList());
    }

    /// All examples in their order, cut into parts that are read into memory when somebody comes to them: work
    /// on a file larger than memory holds one part at a time.
    ///
    /// @param most examples of a part
    public Iterable<Dataset> parts(int most) {
        return () -> IntStream.range(0, Math.ceilDiv(size(), most))
                .mapToObj(i -> new Dataset(
                        source, labels, new ArrayList<>(examples.subList(i * most, Math.min(size(), (i + 1) * most)))))
                .iterator();
    }

    /// Whether the examples are left in their file, which may be larger than memory.
    public boolean isStreamed() {
        return examples instanceof Streamed;
    }

    public int size() {
        return examples.size();
    }
}
