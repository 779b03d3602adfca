/// The page that a training leaves, `report.html`: what was run, how it went, where it fails.
///
/// Reading order: [TrainingReport] is the page from top to bottom; [RunLog] reads the curves out of a run's
/// log, [LineChart], [Histogram] and [ConfusionTable] draw. [Findings] are what a task tells of its rows,
/// [Environment] what it ran on. [Html] makes any text harmless. Internal to this module.
package dev.merapi.report;
