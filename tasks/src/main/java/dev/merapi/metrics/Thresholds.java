package dev.merapi.metrics;

import java.util.Arrays;

/// From which probability on each label is taken to hold, chosen by F1 on examples that the model did not learn
/// from.
public final class Thresholds {
    private static final int STEPS = 17;
    private static final double LEAST = 0.1;
    private static final double STEP = 0.05;

    private Thresholds() {}

    /// For each label by itself that one of 0.1, 0.15, … 0.9 with the best F1, the first of equal ones, as
    /// numpy's `argmax` over `linspace(0.1, 0.9, 17)`.
    ///
    ///     probabilities, holds [rows][K]    thresholds [K]
    public static double[] tune(float[][] probabilities, boolean[][] holds) {
        double[] best = new double[probabilities[0].length];
        for (int k = 0; k < best.length; k++) {
            double bestF1 = -1;
            for (int i = 0; i < STEPS; i++) {
                double threshold = i * STEP + LEAST;
                double f1 = f1(probabilities, holds, k, threshold);
                if (f1 <= bestF1) continue;
                bestF1 = f1;
                best[k] = threshold;
            }
        }
        return best;
    }

    /// The F1 of label k alone, decided at a threshold; 0 where it neither holds nor is predicted.
    public static double f1(float[][] probabilities, boolean[][] holds, int k, double threshold) {
        long hit = 0;
        long predicted = 0;
        long actual = 0;
        for (int row = 0; row < holds.length; row++) {
            boolean decided = probabilities[row][k] >= threshold;
            if (decided) predicted++;
            if (holds[row][k]) actual++;
            if (decided && holds[row][k]) hit++;
        }
        return predicted + actual == 0 ? 0 : 2.0 * hit / (predicted + actual);
    }

    /// The labels whose probability reaches their threshold.
    ///
    /// @param thresholds one a label, or one for all
    public static boolean[] decide(float[] probabilities, double... thresholds) {
        if (thresholds.length != 1 && thresholds.length != probabilities.length)
            throw new IllegalArgumentException("Thresholds.decide: " + probabilities.length
                    + " probabilities need as many thresholds, or one, got " + thresholds.length);
        boolean[] decisions = new boolean[probabilities.length];
        for (int k = 0; k < decisions.length; k++)
            decisions[k] = probabilities[k] >= thresholds[thresholds.length == 1 ? 0 : k];
        return decisions;
    }

    /// The macro F1 of these decisions.
    public static double macroF1(float[][] probabilities, boolean[][] holds, double[] thresholds) {
        return Arrays.stream(scores(probabilities, holds, thresholds)).average().orElse(0);
    }

    private static double[] scores(float[][] probabilities, boolean[][] holds, double[] thresholds) {
        double[] scores = new double[thresholds.length];
        for (int k = 0; k < scores.length; k++) scores[k] = f1(probabilities, holds, k, thresholds[k]);
        return scores;
    }
}
