/// Text to token ids and back.
///
/// Start with [Tokenizer], [EncodeOptions] and [Encoding]: they are all that an application needs. Inside, a
/// text goes through the stages of `Pipeline`, in this reading order: `AddedTokens` and `Finder` cut special
/// tokens out of it, a `Normalizer` rewrites it (`NormalizedText` keeps the way back to the original), a
/// `PreTokenizer` makes words, the `Segmenter` of a `Model` makes tokens, `Assembly` truncates and fills the
/// `Template`, a `Decoder` makes text again.
///
/// The models: `WordPiece`, `BytePairEncoding`, `Unigram` (with `Viterbi`); `SentencePieceModel` with
/// `PieceMerges` and `SentencePieceNormalizer` for SentencePiece's own files.
///
/// `Loader` builds a pipeline of `tokenizer.json` (`TokenizerJson`, `PartsJson`), a SentencePiece model
/// (`SentencePieceLoader`), `vocab.json` with `merges.txt` (`BytePairFamily`) or `vocab.txt`
/// (`VocabularyFile`), and the settings beside them (`TokenizerConfig`). Files are read once, from their bytes
/// (`JsonReader`, `ProtobufReader`); tokens lie in one array (`Texts`) and in a `Trie`. `Unicode` holds the
/// tables that decide what is a letter, a space, an accent; they are those of the reference, not those of the
/// JDK.
///
/// Every class that is not public is internal.
package dev.merapi.tokenizer;
