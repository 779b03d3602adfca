package dev.merapi.tokenizer;

/// A way to cut a text into the pieces of a vocabulary, at work on one text after the other:
///
///     cut.start(chars, from, to);
///     while (cut.next()) { … cut.id(), cut.from(), cut.to() … }
///
/// The pieces come in order, and each starts where the one before ended.
abstract sealed class Cut permits Viterbi, WordwiseViterbi, PieceMerges {
    /// Of the current piece; who cuts sets them.
    protected int from;

    protected int end;
    protected int id;

    /// Starts over with `text[from, to)`, which is Unicode and not empty.
    abstract void start(char[] text, int from, int to);

    /// Goes to the next piece; false at the end of the text.
    abstract boolean next();

    /// The place where the current piece starts.
    final int from() {
        return from;
    }

    /// The place where the current piece ends.
    final int to() {
        return end;
    }

    /// The id of the current piece, or that of the unknown token.
    final int id() {
        return id;
    }
}
