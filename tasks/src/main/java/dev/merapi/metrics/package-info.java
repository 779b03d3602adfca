/// How good predictions are, in scikit-learn's definitions.
///
/// Reading order: [ClassCounts] holds the formulas of precision, recall and F1 under every [Average];
/// [ConfusionMatrix] (one label a row) and [MultilabelCounts] (any number) feed it; [Evaluation] is what a task
/// reports, with [Metrics] as its one line and a [ClassScore] a class; [FoldScores] has one of each fold.
/// [Ranking] looks at scores without a threshold, [NumberErrors] and [Correlation] at numbers, [TextOverlap] at
/// texts.
package dev.merapi.metrics;
