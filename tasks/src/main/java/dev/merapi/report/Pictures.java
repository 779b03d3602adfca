package dev.merapi.report;

import dev.merapi.metrics.Thresholds;
import dev.merapi.report.Findings.Picture;
import dev.merapi.report.LineChart.Series;
import dev.merapi.report.LineChart.Style;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Draws what a task shows of its rows.
record Pictures(Picture picture) {
    private static final int BINS = 10;
    private static final int THRESHOLDS = 19; // 0.05, 0.1, … 0.95
    private static final int PALETTE = 7; // the first colour is the mean's

    String svg() {
        return switch (picture) {
            case Picture.None _ -> "";
            case Picture.Errors(int[] errors, int most) -> errors(errors, most).svg();
            case Picture.Overlaps(double[] jaccard) -> overlaps(jaccard).svg();
            case Picture.ByThreshold curves -> thresholds(curves).svg();
        };
    }

    private static Histogram errors(int[] errors, int most) {
        long[] counts = new long[most + 1];
        for (int error : errors) counts[error]++;
        return new Histogram(
                "Absolute errors",
                "steps between expected and predicted label",
                IntStream.rangeClosed(0, most).mapToObj(Integer::toString).toList(),
                counts);
    }

    /// Tenths, the last with 1 in it.
    static Histogram overlaps(double[] jaccard) {
        long[] counts = new long[BINS];
        for (double value : jaccard) counts[Math.min(BINS - 1, (int) (value * BINS))]++;
        List<String> names = IntStream.range(0, BINS)
                .mapToObj(i -> Html.format("%.1f–%.1f", i / 10.0, (i + 1) / 10.0))
                .toList();
        return new Histogram("Jaccard of expected and predicted texts", "word-level Jaccard of a row", names, counts);
    }

    private static LineChart thresholds(Picture.ByThreshold curves) {
        double[] at =
                IntStream.rangeClosed(1, THRESHOLDS).mapToDouble(i -> i / 20.0).toArray();
        List<Series> series = new ArrayList<>();
        int labels = curves.labels().size();
        double[] mean = new double[at.length];
        for (int k = 0; k < labels; k++) {
            int label = k;
            double[] f1 = Arrays.stream(at)
                    .map(threshold -> Thresholds.f1(curves.probabilities(), curves.holds(), label, threshold))
                    .toArray();
            for (int i = 0; i < at.length; i++) mean[i] += f1[i] / labels;
            series.add(new Series(curves.labels().get(k), at, f1, k % PALETTE + 2, Style.LINE));
        }
        series.add(new Series("macro", at, mean, 1, Style.POINTS));
        return new LineChart("F1 by threshold", "probability from which on a label holds", series);
    }
}
