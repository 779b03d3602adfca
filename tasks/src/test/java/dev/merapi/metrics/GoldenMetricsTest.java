package dev.merapi.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GoldenMetricsTest {
    private static final double ROUNDING = 1e-14; // scikit-learn sums in another order

    private final GoldenMetrics golden = GoldenMetrics.read();

    GoldenMetricsTest() throws IOException {}

    @Test
    void oneLabelARowEqualsScikitLearn() {
        List<String> cases = golden.cases("single");
        assertEquals(8, cases.size());
        for (String name : cases) {
            ConfusionMatrix confusion = new ConfusionMatrix((int) golden.number(name + ".classes"));
            int[] labels = golden.integers(name + ".labels");
            confusion.update(labels, golden.integers(name + ".predictions"));

            assertEquals(golden.number(name + ".accuracy"), confusion.accuracy(), name);
            assertEquals(labels.length, confusion.rows(), name);
            assertArrayEquals(golden.array(name + ".confusion"), counts(confusion), name);
            scores(name, confusion.scores());
        }
    }

    @Test
    void severalLabelsARowEqualScikitLearn() {
        List<String> cases = golden.cases("multi");
        assertEquals(5, cases.size());
        for (String name : cases) {
            int classes = golden.array(name + ".f1.each").length;
            MultilabelCounts counts = new MultilabelCounts(classes);
            counts.update(golden.booleans(name + ".labels"), golden.booleans(name + ".predictions"));

            assertEquals(golden.number(name + ".accuracy"), counts.accuracy(), name);
            scores(name, counts.scores());
        }
    }

    private void scores(String name, ClassCounts scores) {
        for (Average average : List.of(Average.MICRO, Average.MACRO, Average.WEIGHTED)) {
            String kind = "." + average.name().toLowerCase(java.util.Locale.ROOT);
            assertEquals(golden.number(name + ".precision" + kind), scores.precision(average), ROUNDING, name + kind);
            assertEquals(golden.number(name + ".recall" + kind), scores.recall(average), ROUNDING, name + kind);
            assertEquals(golden.number(name + ".f1" + kind), scores.f1(average), ROUNDING, name + kind);
        }
        if (golden.has(name + ".f1.macro_seen")) {
            assertEquals(golden.number(name + ".f1.macro_seen"), scores.f1(Average.MACRO_SEEN), ROUNDING, name);
        }
        each(name + ".precision.each", scores.classes(), scores::precision);
        each(name + ".recall.each", scores.classes(), scores::recall);
        each(name + ".f1.each", scores.classes(), scores::f1);
    }

    private void each(String name, int classes, IntToDoubleFunction score) {
        double[] actual = IntStream.range(0, classes).mapToDouble(score).toArray();
        assertArrayEquals(golden.array(name), actual, ROUNDING, name);
    }

    private static double[] counts(ConfusionMatrix confusion) {
        int classes = confusion.classes();
        return IntStream.range(0, classes * classes)
                .mapToDouble(i -> confusion.count(i / classes, i % classes))
                .toArray();
    }
}
