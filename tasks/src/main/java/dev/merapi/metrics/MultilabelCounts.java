package dev.merapi.metrics;

/// Counts the decisions over rows that have any number of K labels.
public final class MultilabelCounts {
    private final int classes;
    private final ClassCounts scores;
    private long rows;
    private long exact;

    public MultilabelCounts(int classes) {
        if (classes < 1)
            throw new IllegalArgumentException("MultilabelCounts: expected at least 1 class, got " + classes);
        this.classes = classes;
        this.scores = new ClassCounts(classes);
    }

    /// Counts a batch.
    ///
    ///     labels, predictions [B · K]
    public void update(boolean[] labels, boolean[] predictions) {
        if (labels.length != predictions.length || labels.length % classes != 0) {
            throw new IllegalArgumentException("MultilabelCounts.update: " + labels.length + " labels and "
                    + predictions.length + " predictions; expected as many of each, " + classes + " a row");
        }
        for (int row = 0; row < labels.length; row += classes) {
            boolean same = true;
            for (int k = 0; k < classes; k++) {
                scores.add(k, labels[row + k], predictions[row + k]);
                same &= labels[row + k] == predictions[row + k];
            }
            rows++;
            if (same) exact++;
        }
    }

    /// The labels whose probability reaches the class's threshold.
    ///
    ///     probabilities [B · K]    thresholds [K]
    public static boolean[] decide(float[] probabilities, float... thresholds) {
        if (thresholds.length == 0 || probabilities.length % thresholds.length != 0) {
            throw new IllegalArgumentException("MultilabelCounts.decide: " + probabilities.length
                    + " probabilities, expected a multiple of the " + thresholds.length + " thresholds, one a class");
        }
        boolean[] decisions = new boolean[probabilities.length];
        for (int i = 0; i < probabilities.length; i++) {
            decisions[i] = probabilities[i] >= thresholds[i % thresholds.length];
        }
        return decisions;
    }

    public long rows() {
        return rows;
    }

    /// The share of rows that are right in every label (subset accuracy); 0 without rows.
    public double accuracy() {
        return rows == 0 ? 0 : (double) exact / rows;
    }

    /// Precision, recall and F1 of what was counted so far.
    public ClassCounts scores() {
        return scores;
    }
}
