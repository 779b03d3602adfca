package dev.merapi.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MetricsTest {
    @Test
    void batchesAddUpToTheWhole() {
        ConfusionMatrix whole = new ConfusionMatrix(2);
        whole.update(new int[] {0, 1, 1}, new int[] {0, 1, 0});
        ConfusionMatrix batches = new ConfusionMatrix(2);
        batches.update(new int[] {0, 1}, new int[] {0, 1});
        batches.update(new int[] {1}, new int[] {0});
        assertEquals(whole.scores().f1(Average.MACRO), batches.scores().f1(Average.MACRO));
        assertEquals(2.0 / 3, batches.accuracy());
        assertEquals(1, batches.count(1, 0));
    }

    @Test
    void evaluationNamesItsMetricsAndClasses() {
        ConfusionMatrix confusion = new ConfusionMatrix(2);
        confusion.update(new int[] {0, 0, 1, 1}, new int[] {0, 1, 1, 1});
        Evaluation evaluation = Evaluation.of(confusion, 0.5, List.of("no", "yes"));
        assertEquals(
                Map.of(
                        "loss",
                        0.5,
                        "accuracy",
                        0.75,
                        "micro_f1",
                        0.75,
                        "macro_f1",
                        (2.0 / 3 + 0.8) / 2,
                        "weighted_f1",
                        (2.0 / 3 + 0.8) / 2,
                        "matthews",
                        4 / Math.sqrt(48)),
                evaluation.metrics().values());
        assertEquals(
                List.of(new ClassScore("no", 1, 0.5, 2.0 / 3, 2), new ClassScore("yes", 2.0 / 3, 1, 0.8, 2)),
                evaluation.classes());
    }

    @Test
    void eachClassHasItsThreshold() {
        float[] probabilities = {0.5f, 0.5f, 0.4f, 0.7f};
        assertArrayEquals(new boolean[] {true, false, false, true}, MultilabelCounts.decide(probabilities, 0.5f, 0.6f));
    }

    @Test
    void classOutsideOfTheMatrixIsNamed() {
        ConfusionMatrix confusion = new ConfusionMatrix(3);
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> confusion.update(new int[] {3}, new int[] {1}));
        assertEquals("ConfusionMatrix: expected classes in [0, 3), got label 3 and prediction 1", e.getMessage());
    }

    @Test
    void unequalCountsOfLabelsAndPredictionsAreNamed() {
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> new ConfusionMatrix(2).update(new int[2], new int[1]));
        assertEquals("ConfusionMatrix.update: 2 labels but 1 predictions; give one for each row", e.getMessage());
        e = assertThrows(
                IllegalArgumentException.class, () -> new MultilabelCounts(2).update(new boolean[3], new boolean[3]));
        assertEquals(
                "MultilabelCounts.update: 3 labels and 3 predictions; expected as many of each, 2 a row",
                e.getMessage());
    }

    @Test
    void probabilitiesAreStableForLargeLogits() {
        assertArrayEquals(new float[] {1, 0}, Probabilities.softmax(new float[] {1000, -1000}));
        assertArrayEquals(new float[] {0.5f, 1, 0}, Probabilities.sigmoid(new float[] {0, 1000, -1000}));
        assertEquals(2000, Probabilities.crossEntropy(new float[] {1000, -1000}, 1));
        assertEquals(
                1000 / 2.0, Probabilities.binaryCrossEntropy(new float[] {1000, -1000}, new boolean[] {false, false}));
    }

    @Test
    void lossesEqualTheirFormulas() {
        float[] logits = {0.5f, -1.25f, 2f};
        double sum = Math.exp(0.5) + Math.exp(-1.25) + Math.exp(2);
        assertEquals(-Math.log(Math.exp(-1.25) / sum), Probabilities.crossEntropy(logits, 1), 1e-12);
        double expected = (-Math.log(1 / (1 + Math.exp(-0.5)))
                        - Math.log(1 - 1 / (1 + Math.exp(1.25)))
                        - Math.log(1 / (1 + Math.exp(-2))))
                / 3;
        assertEquals(expected, Probabilities.binaryCrossEntropy(logits, new boolean[] {true, false, true}), 1e-12);
    }
}
