package dev.merapi.report;

import dev.merapi.data.Example;
import java.util.Comparator;
import java.util.List;

/// What an evaluation found row by row.
///
/// @param rows in the order of the examples; those with the highest losses are enough
/// @param picture what the task shows of all together
public record Findings(List<Row> rows, Picture picture) {
    /// How many rows a page shows.
    public static final int HARDEST = 25;

    public Findings {
        rows = List.copyOf(rows);
    }

    /// @param example the row
    /// @param expected what it should be, in words
    /// @param predicted what the model says, in words
    /// @param right whether the model is right
    /// @param loss of this row; not finite where it has none
    public record Row(Example example, String expected, String predicted, boolean right, double loss) {}

    /// What a task shows of its rows beside the confusion matrix.
    public sealed interface Picture {
        /// Nothing more.
        record None() implements Picture {}

        /// How far predictions are off, in steps of an order.
        ///
        /// @param errors of each row, from 0 to `most`
        record Errors(int[] errors, int most) implements Picture {}

        /// How alike predicted and expected texts are.
        ///
        /// @param jaccard of each row, from 0 to 1
        record Overlaps(double[] jaccard) implements Picture {}

        /// How good each label is found by the probability from which on it holds.
        ///
        /// @param probabilities [rows][K]
        /// @param holds [rows][K]
        record ByThreshold(List<String> labels, float[][] probabilities, boolean[][] holds) implements Picture {}
    }

    /// The rows with the highest losses, the highest first.
    List<Row> hardest() {
        return rows.stream()
                .filter(row -> Double.isFinite(row.loss))
                .sorted(Comparator.comparingDouble(Row::loss).reversed())
                .limit(HARDEST)
                .toList();
    }
}
