package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.EncodedSpans;
import dev.merapi.data.Target;
import dev.merapi.engine.Loss;
import dev.merapi.metrics.Probabilities;
import dev.merapi.metrics.TextOverlap;
import dev.merapi.report.Findings;
import dev.merapi.report.Findings.Picture;
import dev.merapi.report.Findings.Row;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/// What outputs say row by row, for the report.
final class RowFindings {
    private RowFindings() {}

    /// One label a row, with its probability.
    ///
    ///     logits [rows][K]
    static Findings ofClasses(float[][] logits, Dataset data) {
        return rows(
                data,
                row -> {
                    float[] p = Probabilities.softmax(logits[row]);
                    int label = Probabilities.argmax(p);
                    return scored(data.labels().get(label), p[label]);
                },
                row -> data.labels().get(label(data, row)),
                row -> Probabilities.argmax(logits[row]) == label(data, row),
                row -> Probabilities.crossEntropy(logits[row], label(data, row)),
                new Picture.None());
    }

    /// Any number of labels a row.
    ///
    ///     logits [rows][K]
    ///
    /// @param threshold a label holds from this probability on
    static Findings ofLabels(float[][] logits, Dataset data, float threshold) {
        float[][] probabilities =
                Arrays.stream(logits).map(Probabilities::sigmoid).toArray(float[][]::new);
        boolean[][] holds = data.examples().stream()
                .map(example -> MultilabelClassification.holds(example.target()))
                .toArray(boolean[][]::new);
        return rows(
                data,
                row -> {
                    List<String> said = new ArrayList<>();
                    for (int k = 0; k < holds[row].length; k++)
                        if (probabilities[row][k] >= threshold)
                            said.add(scored(data.labels().get(k), probabilities[row][k]));
                    return orNone(said);
                },
                row -> orNone(IntStream.range(0, holds[row].length)
                        .filter(k -> holds[row][k])
                        .mapToObj(data.labels()::get)
                        .toList()),
                row -> IntStream.range(0, holds[row].length)
                        .allMatch(k -> holds[row][k] == probabilities[row][k] >= threshold),
                row -> Probabilities.binaryCrossEntropy(logits[row], holds[row]),
                new Picture.ByThreshold(data.labels(), probabilities, holds));
    }

    /// Labels of an order.
    ///
    /// @param predictions of each row
    /// @param loss of a row
    static Findings ofOrder(int[] predictions, Dataset data, IntToDoubleFunction loss) {
        int[] errors = IntStream.range(0, predictions.length)
                .map(row -> Math.abs(predictions[row] - label(data, row)))
                .toArray();
        return rows(
                data,
                row -> data.labels().get(predictions[row]),
                row -> data.labels().get(label(data, row)),
                row -> errors[row] == 0,
                loss,
                new Picture.Errors(errors, data.labels().size() - 1));
    }

    /// Parts of texts.
    ///
    /// @param predicted part of each row
    /// @param loss of a row; NaN where its part is not among the tokens
    static Findings ofSpans(List<String> predicted, EncodedSpans spans, IntToDoubleFunction loss) {
        double[] jaccard = IntStream.range(0, predicted.size())
                .mapToDouble(row -> TextOverlap.jaccard(spans.expected(row), predicted.get(row)))
                .toArray();
        double[] losses = IntStream.range(0, predicted.size())
                .mapToDouble(
                        row -> spans.first(new int[] {row})[0] == Loss.IGNORED ? Double.NaN : loss.applyAsDouble(row))
                .toArray();
        List<Row> rows = hardest(losses)
                .mapToObj(row -> new Row(
                        spans.examples().get(row),
                        spans.expected(row),
                        predicted.get(row),
                        jaccard[row] == 1,
                        losses[row]))
                .toList();
        return new Findings(rows, new Picture.Overlaps(jaccard));
    }

    private static Findings rows(
            Dataset data,
            IntFunction<String> predicted,
            IntFunction<String> expected,
            IntPredicate right,
            IntToDoubleFunction loss,
            Picture picture) {
        double[] losses = IntStream.range(0, data.size()).mapToDouble(loss).toArray();
        List<Row> rows = hardest(losses)
                .mapToObj(row -> new Row(
                        data.examples().get(row),
                        expected.apply(row),
                        predicted.apply(row),
                        right.test(row),
                        losses[row]))
                .toList();
        return new Findings(rows, picture);
    }

    /// The rows that a report shows: their texts alone are kept, those of all may be more than memory holds.
    private static IntStream hardest(double[] losses) {
        PriorityQueue<Integer> rows = new PriorityQueue<>(
                Comparator.comparingDouble((Integer row) -> losses[row]).thenComparing(Comparator.reverseOrder()));
        for (int row = 0; row < losses.length; row++) {
            if (!Double.isFinite(losses[row])) continue;
            rows.add(row);
            if (rows.size() > Findings.HARDEST) rows.remove(); // the easiest of them, the last of equals
        }
        return rows.stream().sorted().mapToInt(Integer::intValue);
    }

    private static int label(Dataset data, int row) {
        return ((Target.OneOf) data.examples().get(row).target()).label();
    }

    private static String scored(String label, float probability) {
        return String.format(Locale.ROOT, "%s (%.2f)", label, probability);
    }

    private static String orNone(List<String> labels) {
        return labels.isEmpty() ? "none" : String.join(", ", labels);
    }
}
