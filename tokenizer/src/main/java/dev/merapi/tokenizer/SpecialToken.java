package dev.merapi.tokenizer;

/// The parts that special tokens play, by Hugging Face's names, in its order.
public enum SpecialToken {
    BOS("bos_token"),
    EOS("eos_token"),
    UNK("unk_token"),
    SEP("sep_token"),
    PAD("pad_token"),
    CLS("cls_token"),
    MASK("mask_token");

    private final String key;

    SpecialToken(String key) {
        this.key = key;
    }

    /// The name of this part in `tokenizer_config.json`.
    String key() {
        return key;
    }
}
