package dev.merapi.tokenizer;

/// The end of a text from which tokens are cut away.
public enum Side {
    LEFT,
    RIGHT
}
