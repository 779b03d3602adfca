/// Architectures, one file each, to be read from top to bottom: [Bert]. [SequenceClassifier] puts a
/// classification head on it; [LoadOptions] says how a folder becomes a model. `Weights` is internal.
package dev.merapi.nn.model;
