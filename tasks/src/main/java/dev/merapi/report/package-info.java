/// The page that a training leaves, `report.html`: what was run, how it went, where it fails.
///
/// Reading order: [TrainingReport] is the page of one run from top to bottom, [FoldsReport] that of the
/// models of folds; [RunLog] reads the curves out of a run's
/// log, [LineChart], [Histogram] and [ConfusionTable] draw. [Findings] are what a task tells of its rows,
/// [Environment] what it ran on. [Html] makes any text harmless. Internal to this module.
package dev.merapi.report;
