/// From files to batches.
///
/// Reading order: [Example] and its [Target], a [Dataset] of them as [Claims], [LabelledPairs] and
/// [MultilabelTable] read it; [Encoded] holds their tokens, [BatchSampler] says which rows go together,
/// [PackedBatch] is what the model reads. [Split] and [StratifiedFolds] divide rows. [TextNormalization] is
/// optional.
///
/// Rows of files larger than memory stay there (`Table`, `RowIndex`, `Streamed`): a [Dataset] is then a view of
/// its file.
///
/// Whatever is wrong with a file is a [DataException]. Every class that is not public is internal.
package dev.merapi.data;
