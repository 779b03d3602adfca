package dev.merapi.tokenizer;

/// A token that is cut out of the text before the model sees it: `[MASK]`, or a word that an application added.
///
/// @param content what is looked for
/// @param singleWord match only where no letter, digit, mark or underscore touches it
/// @param lstrip take the white space on its left into the token
/// @param rstrip take the white space on its right into the token
/// @param normalized look for its normalized form in the normalized text, else for itself in the text as given
/// @param special left out by `decode(ids, true)`
public record AddedToken(
        String content, boolean singleWord, boolean lstrip, boolean rstrip, boolean normalized, boolean special) {

    /// A special token such as `[SEP]`: found as it is written, wherever it stands.
    public static AddedToken special(String content) {
        return new AddedToken(content, false, false, false, false, true);
    }
}
