package dev.merapi.data;

import java.util.Objects;

/// A text, or a pair of texts, and what a model should say of it.
///
/// @param id what the file calls it, or its number in the file where it has no name
/// @param text the text, or the first of the pair
/// @param pair the second text; null where there is one text alone
/// @param target the expected answer
public record Example(String id, String text, String pair, Target target) {
    public Example {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(text, "text");
        Objects.requireNonNull(target, "target");
    }

    /// A text to predict.
    public static Example of(String text) {
        return new Example("", text, null, Target.UNKNOWN);
    }

    /// A pair to predict.
    public static Example of(String text, String pair) {
        return new Example("", text, pair, Target.UNKNOWN);
    }
}
