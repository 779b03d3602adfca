package dev.merapi.tokenizer;

import java.util.List;

/// What an encoding is made of: `[CLS] A [SEP]` for one text, `[CLS] A [SEP] B [SEP]` for two, each piece with
/// its type id.
///
/// @param trim whether tokens of byte-level words leave out the spaces that they start or end with, null: no
record Template(List<Piece> single, List<Piece> pair, SpaceTrim trim) {

    /// A piece of a template.
    sealed interface Piece {
        int typeId();
    }

    /// Stands for the first text (0) or the second (1).
    record Text(int sequence, int typeId) implements Piece {}

    /// Stands for tokens that are always there.
    record Special(List<String> tokens, List<Integer> ids, int typeId) implements Piece {}

    /// The texts alone, one after the other.
    static final Template BARE = new Template(List.of(new Text(0, 0)), List.of(new Text(0, 0), new Text(1, 1)));

    Template(List<Piece> single, List<Piece> pair) {
        this(single, pair, null);
    }

    Template {
        single = List.copyOf(single);
        pair = List.copyOf(pair);
        requireText(single, 0, "single");
        requireText(pair, 0, "pair");
        requireText(pair, 1, "pair");
    }

    private static void requireText(List<Piece> pieces, int sequence, String name) {
        int uses = 0;
        for (Piece piece : pieces) {
            uses += piece instanceof Text text && text.sequence == sequence ? 1 : 0;
        }
        if (uses != 1) {
            throw new TokenizerException("post_processor: the template \"" + name + "\" must use text "
                    + "AB".charAt(sequence) + " once, it does so " + uses + " times; correct the template");
        }
    }

    /// BERT's template.
    static Template bert(String cls, int clsId, String sep, int sepId) {
        Piece start = new Special(List.of(cls), List.of(clsId), 0);
        Piece end = new Special(List.of(sep), List.of(sepId), 0);
        Piece secondEnd = new Special(List.of(sep), List.of(sepId), 1);
        return new Template(
                List.of(start, new Text(0, 0), end), List.of(start, new Text(0, 0), end, new Text(1, 1), secondEnd));
    }

    /// RoBERTa's template: two separators between the texts of a pair, and one type for all.
    static Template roberta(String cls, int clsId, String sep, int sepId) {
        Piece start = new Special(List.of(cls), List.of(clsId), 0);
        Piece end = new Special(List.of(sep), List.of(sepId), 0);
        Piece between = new Special(List.of(sep, sep), List.of(sepId, sepId), 0);
        return new Template(
                List.of(start, new Text(0, 0), end), List.of(start, new Text(0, 0), between, new Text(1, 0), end));
    }

    /// This template, with the offsets trimmed.
    Template trimming(SpaceTrim spaces) {
        return new Template(single, pair, spaces);
    }

    List<Piece> pieces(boolean ofPair) {
        return ofPair ? pair : single;
    }

    /// How many tokens it adds to one text, or to two.
    int addedTokens(boolean ofPair) {
        int added = 0;
        for (Piece piece : pieces(ofPair)) {
            added += piece instanceof Special special ? special.ids.size() : 0;
        }
        return added;
    }
}
