package dev.merapi.report;

import dev.merapi.report.LineChart.Series;
import dev.merapi.report.LineChart.Style;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// A run's curves over its steps: losses, metrics, learning rate, norm of the gradients.
record Curves(RunLog log) {
    private static final double MEMORY = 0.9; // of the smoothed loss, a step
    private static final int PALETTE = 8;
    private static final String STEP = "step";
    private static final String EVALUATION = "eval";

    List<LineChart> charts() {
        double[] steps = log.column(STEP, STEP);
        double[] evaluations = log.column(EVALUATION, STEP);
        double[] loss = log.column(STEP, "loss");
        List<LineChart> charts = new ArrayList<>();
        charts.add(new LineChart(
                "Loss",
                STEP,
                List.of(
                        new Series("training, each step", steps, loss, 1, Style.FAINT),
                        new Series("training, smoothed", steps, smoothed(loss), 1, Style.LINE),
                        new Series("development", evaluations, log.column(EVALUATION, "loss"), 2, Style.POINTS))));
        List<Series> shares = new ArrayList<>();
        List<Series> errors = new ArrayList<>();
        for (Map.Entry<String, double[]> metric : log.metrics().entrySet()) {
            boolean error = metric.getKey().endsWith("mae") || metric.getKey().equals("rmse");
            List<Series> among = error ? errors : shares;
            String name = metric.getKey().replace('_', ' ');
            among.add(new Series(name, evaluations, metric.getValue(), among.size() % PALETTE + 1, Style.POINTS));
        }
        if (evaluations.length > 0 && !shares.isEmpty())
            charts.add(new LineChart("Metrics on the development data", STEP, shares));
        if (evaluations.length > 0 && !errors.isEmpty())
            charts.add(new LineChart("Errors on the development data", STEP, errors));
        charts.add(new LineChart(
                "Learning rate",
                STEP,
                List.of(new Series("learning rate", steps, log.column(STEP, "learning_rate"), 3, Style.LINE))));
        charts.add(new LineChart(
                "Gradient norm, before clipping",
                STEP,
                List.of(new Series("gradient norm", steps, log.column(STEP, "grad_norm"), 4, Style.LINE))));
        return charts;
    }

    /// The exponential mean, corrected for its start: `Σ mⁱ·x₍ₙ₋ᵢ₎ / Σ mⁱ`.
    static double[] smoothed(double[] values) {
        double[] means = Arrays.copyOf(values, values.length);
        double sum = 0;
        double weight = 0;
        for (int i = 0; i < values.length; i++) {
            if (Double.isFinite(values[i])) {
                sum = MEMORY * sum + values[i];
                weight = MEMORY * weight + 1;
            }
            means[i] = weight == 0 ? Double.NaN : sum / weight;
        }
        return means;
    }
}
