package dev.merapi.tokenizer;

import java.util.List;
import java.util.stream.IntStream;

/// A text, or a pair of texts, as a model reads it: one entry per token in every array and list. Immutable.
public final class Encoding {
    private final int[] ids;
    private final int[] typeIds;
    private final String[] tokens;
    private final int[] words;
    private final int[] sequences;
    private final int[] places; // start and end of each token, in UTF-16 units
    private final int[] codePointPlaces; // the same array where no text has a surrogate pair
    private final List<Encoding> overflowing;

    Encoding(
            int[] ids,
            int[] typeIds,
            String[] tokens,
            int[] words,
            int[] sequences,
            int[] places,
            int[] codePointPlaces,
            List<Encoding> overflowing) {
        this.ids = ids;
        this.typeIds = typeIds;
        this.tokens = tokens;
        this.words = words;
        this.sequences = sequences;
        this.places = places;
        this.codePointPlaces = codePointPlaces;
        this.overflowing = List.copyOf(overflowing);
    }

    /// The number of tokens.
    public int length() {
        return ids.length;
    }

    /// Token ids, the model's input.
    public int[] ids() {
        return ids.clone();
    }

    /// 0 for the first text and what frames it, 1 for the second, or as the tokenizer's template says.
    public int[] typeIds() {
        return typeIds.clone();
    }

    /// The tokens as text: `["[CLS]", "token", "##izer", "[SEP]"]`.
    public List<String> tokens() {
        return List.of(tokens);
    }

    /// Where each token stands in its text, in UTF-16 units: `offsets().get(i).of(text)` is what it was made of.
    public List<Span> offsets() {
        return spans(places);
    }

    /// Where each token stands in its text, in code points, as Python counts.
    public List<Span> codePointOffsets() {
        return spans(codePointPlaces);
    }

    /// For each token the number of its word in its text, counted from 0; -1 for the template's tokens.
    public int[] wordIds() {
        return words.clone();
    }

    /// For each token 0 for the first text, 1 for the second, -1 for the template's tokens.
    public int[] sequenceIds() {
        return sequences.clone();
    }

    /// 1 for the tokens that the template added, 0 for those of the texts.
    public int[] specialTokensMask() {
        return IntStream.of(sequences).map(sequence -> sequence < 0 ? 1 : 0).toArray();
    }

    /// The further windows over what truncation cut away, if [EncodeOptions#overflow(int)] asked for them.
    public List<Encoding> overflowing() {
        return overflowing;
    }

    private static List<Span> spans(int[] places) {
        return IntStream.range(0, places.length / 2)
                .mapToObj(i -> new Span(places[2 * i], places[2 * i + 1]))
                .toList();
    }

    @Override
    public String toString() {
        return "Encoding" + List.of(tokens) + (overflowing.isEmpty() ? "" : " + " + overflowing.size() + " windows");
    }
}
