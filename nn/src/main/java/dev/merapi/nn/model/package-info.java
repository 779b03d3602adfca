/// Architectures, one file each, to be read from top to bottom: [Bert], and what differs from it, [Roberta],
/// [DistilBert], [Electra], [Mpnet] and [DebertaV2]. All are [Encoder]s of an [EncoderConfig].
///
/// An encoder under a head is a [Model]: [SequenceClassifier] (`SequenceHead`), [TokenClassifier],
/// [QuestionAnswering], [MaskedLanguageModel] (`MaskedLanguageHead`), [SentenceEncoder] ([Pooling],
/// [SentenceText]). [ModelType] chooses the architecture that a folder's `config.json` names; [LoadOptions]
/// says how a folder becomes a model, and whether its weights are held in 16 bits. `Weights` is internal.
package dev.merapi.nn.model;
