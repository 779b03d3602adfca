package dev.merapi.metrics;

/// How often rows of each class were predicted as each class; one label a row.
///
///     counts [K, K]: rows are the expected classes, columns the predicted ones
public final class ConfusionMatrix {
    private final int classes;
    private final long[] counts; // [K, K]

    public ConfusionMatrix(int classes) {
        if (classes < 1)
            throw new IllegalArgumentException("ConfusionMatrix: expected at least 1 class, got " + classes);
        this.classes = classes;
        this.counts = new long[Math.multiplyExact(classes, classes)];
    }

    /// Counts a batch.
    ///
    ///     labels, predictions [B], each in [0, K)
    public void update(int[] labels, int[] predictions) {
        if (labels.length != predictions.length) {
            throw new IllegalArgumentException("ConfusionMatrix.update: " + labels.length + " labels but "
                    + predictions.length + " predictions; give one for each row");
        }
        for (int i = 0; i < labels.length; i++) {
            counts[index(labels[i], predictions[i])]++;
        }
    }

    /// How many rows of class `label` were predicted as `prediction`.
    public long count(int label, int prediction) {
        return counts[index(label, prediction)];
    }

    private int index(int label, int prediction) {
        if (label < 0 || label >= classes || prediction < 0 || prediction >= classes) {
            throw new IllegalArgumentException("ConfusionMatrix: expected classes in [0, " + classes + "), got label "
                    + label + " and prediction " + prediction);
        }
        return label * classes + prediction;
    }

    public int classes() {
        return classes;
    }

    public long rows() {
        long rows = 0;
        for (long count : counts) rows += count;
        return rows;
    }

    /// The share of rows that were predicted as what they are; 0 without rows.
    public double accuracy() {
        long right = 0;
        for (int k = 0; k < classes; k++) right += count(k, k);
        return rows() == 0 ? 0 : (double) right / rows();
    }

    /// Precision, recall and F1.
    public ClassCounts scores() {
        ClassCounts scores = new ClassCounts(classes);
        for (int label = 0; label < classes; label++) {
            for (int prediction = 0; prediction < classes; prediction++) {
                long times = count(label, prediction);
                scores.add(label, true, label == prediction, times);
                if (label != prediction) scores.add(prediction, false, true, times);
            }
        }
        return scores;
    }
}
