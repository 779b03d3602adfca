/// Tokenizers that equal Hugging Face's, in pure Java: text in, token ids and offsets out. Depends on
/// nothing.
module dev.merapi.tokenizer {
    exports dev.merapi.tokenizer;
    exports dev.merapi.tokenizer.train;
}
