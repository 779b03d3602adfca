package dev.merapi.tasks;

import dev.merapi.data.EncodedSpans;
import dev.merapi.engine.Loss;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.Metric;
import dev.merapi.metrics.Metrics;
import dev.merapi.metrics.Probabilities;
import dev.merapi.metrics.TextOverlap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// How well parts of texts are found. Rows may come in any number of parts: their sums are the same.
final class SpanScore {
    private final List<String> wholeText;
    private int rows;
    private int located;
    private double loss;
    private double jaccard;
    private double exact;

    SpanScore(List<String> wholeText) {
        this.wholeText = wholeText;
    }

    /// @param logits [rows][T · 2]
    SpanScore add(EncodedSpans spans, float[][] logits) {
        for (int row = 0; row < logits.length; row++) {
            String predicted = SpanExtractor.part(spans, row, logits[row], wholeText);
            String expected = spans.expected(row);
            jaccard += TextOverlap.jaccard(expected, predicted);
            exact += TextOverlap.exactMatch(expected, predicted) ? 1 : 0;
            if (spans.first(new int[] {row})[0] != Loss.IGNORED) loss += loss(spans, row, logits[row]);
        }
        rows += logits.length;
        located += spans.located();
        return this;
    }

    Evaluation evaluation() {
        Metrics metrics = new Metrics(
                rows,
                Map.of(
                        Metric.LOSS, loss / located,
                        Metric.JACCARD, jaccard / rows,
                        Metric.EXACT_MATCH, exact / rows));
        return new Evaluation(metrics, List.of(), Optional.empty());
    }

    /// CE(start) + CE(end) of one row.
    static double loss(EncodedSpans spans, int row, float[] logits) {
        int[] one = {row};
        return crossEntropy(logits, 0, spans.first(one)[0]) + crossEntropy(logits, 1, spans.last(one)[0]);
    }

    private static double crossEntropy(float[] logits, int column, int token) {
        float[] side = new float[logits.length / 2];
        for (int t = 0; t < side.length; t++) side[t] = logits[2 * t + column];
        return Probabilities.crossEntropy(side, token);
    }
}
