package dev.merapi.metrics;

import java.util.Locale;

/// The numbers that evaluations give.
public enum Metric {
    /// The mean loss, without class weights and label smoothing.
    LOSS(false),
    /// The share of rows that are right; with several labels a row, right in all of them.
    ACCURACY(true),
    /// F1 over all decisions together; with one label a row it equals the accuracy.
    MICRO_F1(true),
    /// The mean of the classes' F1.
    MACRO_F1(true),
    /// The mean of the classes' F1, weighted by how often each occurs.
    WEIGHTED_F1(true),
    /// Matthews' correlation coefficient, [ConfusionMatrix#matthews].
    MATTHEWS(true),
    /// The mean of the labels' [Ranking#rocAuc], without labels that always or never hold; NaN if there is no
    /// other.
    ROC_AUC(true),
    /// The mean of the labels' [Ranking#averagePrecision], 0 where a label never holds.
    AVERAGE_PRECISION(true),
    /// The mean of the rows' word-level Jaccard, [TextOverlap#jaccard].
    JACCARD(true),
    /// The share of texts that are the same, [TextOverlap#exactMatch].
    EXACT_MATCH(true),
    /// Mean absolute error, in steps of the ordered labels.
    MAE(false),
    /// Root mean squared error.
    RMSE(false),
    /// Cohen's kappa with quadratic weights, [ConfusionMatrix#quadraticKappa].
    QUADRATIC_KAPPA(true),
    /// Pearson's correlation of labels and predictions; NaN where one of them is always the same.
    PEARSON(true),
    /// Spearman's, likewise.
    SPEARMAN(true),
    /// The mean absolute error of who always answers the median of the labels that were learned from.
    BASELINE_MAE(false);

    private final boolean larger;

    Metric(boolean larger) {
        this.larger = larger;
    }

    /// Whether a larger value is a better one.
    public boolean largerIsBetter() {
        return larger;
    }

    /// In files: `macro_f1`.
    public String column() {
        return name().toLowerCase(Locale.ROOT);
    }
}
