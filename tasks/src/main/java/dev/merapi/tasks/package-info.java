/// What people train models for.
///
/// Reading order: [PairClassification], [MultilabelClassification], [SpanExtraction] and [OrdinalRegression]
/// say what their tasks have of their own, [FineTuning] what a run needs ([Pretrained] to start from),
/// [Trained] what comes out. [TextClassifier], [SpanExtractor] and [OrdinalRegressor] use a trained model; the
/// first gives a [Label] or a [Prediction]. [PairFolds], [MultilabelFolds], [SpanFolds] and [OrdinalFolds]
/// train a model a fold. [TextEncoder] makes vectors of texts, [CrossEncoder] ranks documents by a query.
///
/// Inside, `TaskRun` does what the tasks have in common, a `Recipe` says what not; `FoldPlan` and `FoldRuns` do
/// so for the models of folds; `OutputFolder`, `RunFolder`
/// and `RunReport` make the files.
package dev.merapi.tasks;
