package dev.merapi.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FoldScoresTest {
    private static Evaluation mae(int rows, double value) {
        return new Evaluation(new Metrics(rows, Map.of(Metric.MAE, value)), List.of(), Optional.empty());
    }

    /// numpy: `np.mean([1, 2, 6])` = 3, `np.std([1, 2, 6], ddof=1)` = 2.6457513110645907
    @Test
    void meanAndStandardDeviationAreThoseOfASample() {
        FoldScores scores =
                new FoldScores(mae(9, 2.5), List.of(mae(3, 1), mae(3, 2), mae(3, 6)), Optional.of(mae(4, 7)));
        assertEquals(Map.of(Metric.MAE, 3.0), scores.means());
        assertEquals(2.6457513110645907, scores.deviations().get(Metric.MAE), 1e-15);
        assertEquals(2.5, scores.outOfFold().metrics().get(Metric.MAE), "of all rows, not the folds' mean");
    }

    @Test
    void foldsThatAgreeDeviateByNothing() {
        FoldScores scores = new FoldScores(mae(2, 4), List.of(mae(1, 4), mae(1, 4)), Optional.empty());
        assertEquals(Map.of(Metric.MAE, 0.0), scores.deviations());
    }

    @Test
    void foldsWithoutAValueDoNotCount() {
        FoldScores scores =
                new FoldScores(mae(3, 2), List.of(mae(1, 1), mae(1, Double.NaN), mae(1, 3)), Optional.empty());
        assertEquals(Map.of(Metric.MAE, 2.0), scores.means());
        assertEquals(Math.sqrt(2), scores.deviations().get(Metric.MAE), 1e-15);
        FoldScores none = new FoldScores(mae(1, 2), List.of(mae(1, Double.NaN), mae(1, 4)), Optional.empty());
        assertEquals(4.0, none.means().get(Metric.MAE));
        assertEquals(Double.NaN, none.deviations().get(Metric.MAE), "of one value");
    }
}
