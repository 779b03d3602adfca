package dev.merapi.nn.optim;

import java.util.Map;

/// A learning rate that goes by a metric of the evaluations instead of the steps.
public sealed interface MetricSchedule extends Schedule permits PlateauSchedule, GreedySchedule {
    /// Takes note of an evaluation.
    void update(double metric);

    /// What the next evaluations are judged by, by name.
    Map<String, Double> state();

    /// Goes on where another schedule was.
    void restore(Map<String, Double> state);

    /// From when on a metric counts as better than the best so far.
    ///
    /// @param larger whether a larger metric is better
    /// @param threshold by which it must be
    /// @param relative whether the threshold is a share of the best (`threshold_mode="rel"`)
    record Better(boolean larger, double threshold, boolean relative) {
        boolean than(double best, double metric) {
            double step = larger ? threshold : -threshold;
            double bound = relative ? best * (1 + step) : best + step;
            return larger ? metric > bound : metric < bound;
        }

        /// What every metric is better than.
        double worst() {
            return larger ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
    }
}
