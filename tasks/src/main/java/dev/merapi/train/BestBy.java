package dev.merapi.train;

import dev.merapi.metrics.Metric;
import dev.merapi.metrics.Metrics;

/// The metric that says which evaluation is the best. Of those that are equal in it the one with the lower loss
/// counts, then the first.
public enum BestBy {
    ACCURACY(Metric.ACCURACY),
    MICRO_F1(Metric.MICRO_F1),
    MACRO_F1(Metric.MACRO_F1),
    MATTHEWS(Metric.MATTHEWS),
    ROC_AUC(Metric.ROC_AUC),
    AVERAGE_PRECISION(Metric.AVERAGE_PRECISION),
    JACCARD(Metric.JACCARD),
    EXACT_MATCH(Metric.EXACT_MATCH),
    MAE(Metric.MAE),
    RMSE(Metric.RMSE),
    QUADRATIC_KAPPA(Metric.QUADRATIC_KAPPA),
    PEARSON(Metric.PEARSON),
    SPEARMAN(Metric.SPEARMAN),
    /// The evaluation's loss, the lower the better.
    LOSS(Metric.LOSS);

    private final Metric metric;

    BestBy(Metric metric) {
        this.metric = metric;
    }

    public Metric metric() {
        return metric;
    }

    /// Whether `one` is better than `other`; what is no number is never better.
    public boolean better(Metrics one, Metrics other) {
        return score(one) > score(other) || score(one) == score(other) && one.loss() < other.loss();
    }

    /// The metric's value, larger for better.
    private double score(Metrics metrics) {
        double value = metrics.get(metric);
        return metric.largerIsBetter() ? value : -value;
    }
}
