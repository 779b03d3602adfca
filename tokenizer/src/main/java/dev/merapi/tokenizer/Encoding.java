package dev.merapi.tokenizer;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// A text, or a pair of texts, as a model reads it: one entry per token in every array and list. Immutable.
public final class Encoding {
    private final int[] ids;
    private final Vocabulary vocabulary;
    private final String[] own; // the texts of the tokens that read otherwise than in the vocabulary; may be null
    private final int[] words;
    private final int[] runs; // of tokens: where each ends, the type id and the sequence id of all of it
    private final int[] places; // start and end of each token, in UTF-16 units
    private final int[] codePointPlaces; // the same array where no text has a surrogate pair
    private final int[] attention; // 1, 0 for padding; null where there is none
    private final List<Encoding> overflowing;

    Encoding(
            int[] ids,
            Vocabulary vocabulary,
            String[] own,
            int[] words,
            int[] runs,
            int[] places,
            int[] codePointPlaces,
            List<Encoding> overflowing) {
        this(ids, vocabulary, own, words, runs, places, codePointPlaces, overflowing, null);
    }

    private Encoding(
            int[] ids,
            Vocabulary vocabulary,
            String[] own,
            int[] words,
            int[] runs,
            int[] places,
            int[] codePointPlaces,
            List<Encoding> overflowing,
            int[] attention) {
        this.ids = ids;
        this.vocabulary = vocabulary;
        this.own = own;
        this.words = words;
        this.runs = runs;
        this.places = places;
        this.codePointPlaces = codePointPlaces;
        this.attention = attention;
        this.overflowing = overflowing.isEmpty() ? List.of() : List.copyOf(overflowing);
    }

    /// This encoding with padding up to `length` tokens, its windows too; as it is if it is longer.
    Encoding pad(int length, Side side, int id, int typeId, String token) {
        List<Encoding> windows = overflowing.stream()
                .map(window -> window.pad(length, side, id, typeId, token))
                .toList();
        int missing = Math.max(0, length - ids.length);
        int before = side == Side.LEFT ? missing : 0;
        int[] zeros = new int[2 * missing];
        int[] none = new int[missing];
        Arrays.fill(none, -1);
        String[] texts = new String[ids.length + missing];
        Arrays.fill(texts, token);
        for (int i = 0; i < ids.length; i++) {
            texts[before + i] = token(i);
        }
        int[] spans = join(places, zeros, side);
        return new Encoding(
                join(ids, filled(missing, id), side),
                vocabulary,
                texts,
                join(words, none, side),
                padRuns(missing, side, typeId),
                spans,
                codePointPlaces == places ? spans : join(codePointPlaces, zeros, side),
                windows,
                join(attentionMask(), new int[missing], side));
    }

    private int[] padRuns(int missing, Side side, int typeId) {
        int[] padded = Arrays.copyOf(runs, runs.length + 3);
        if (side == Side.RIGHT) {
            padded[runs.length] = ids.length + missing;
            padded[runs.length + 1] = typeId;
            padded[runs.length + 2] = -1;
            return padded;
        }
        System.arraycopy(runs, 0, padded, 3, runs.length);
        for (int run = 3; run < padded.length; run += 3) {
            padded[run] += missing;
        }
        padded[0] = missing;
        padded[1] = typeId;
        padded[2] = -1;
        return padded;
    }

    /// What the runs say of each token: their type id (1) or sequence id (2).
    private int[] ofRuns(int what) {
        int[] all = new int[ids.length];
        int at = 0;
        for (int run = 0; run < runs.length; run += 3) {
            Arrays.fill(all, at, runs[run], runs[run + what]);
            at = runs[run];
        }
        return all;
    }

    private static int[] filled(int length, int value) {
        int[] array = new int[length];
        Arrays.fill(array, value);
        return array;
    }

    private static int[] join(int[] array, int[] padding, Side side) {
        int[] first = side == Side.LEFT ? padding : array;
        int[] second = side == Side.LEFT ? array : padding;
        int[] joined = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, joined, first.length, second.length);
        return joined;
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
        return ofRuns(1);
    }

    /// The tokens as text: `["[CLS]", "token", "##izer", "[SEP]"]`.
    public List<String> tokens() {
        String[] tokens = new String[ids.length];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = token(i);
        }
        return List.of(tokens);
    }

    private String token(int i) {
        String text = own == null ? null : own[i];
        return text != null ? text : vocabulary.token(ids[i]);
    }

    /// Where each token stands in its text, in UTF-16 units: `offsets().get(i).of(text)` is what it was made
    /// of.
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
        return ofRuns(2);
    }

    /// 1 for tokens, 0 for padding ([Tokenizer#pad]).
    public int[] attentionMask() {
        return attention == null ? filled(ids.length, 1) : attention.clone();
    }

    /// 1 for the tokens that the template added and for padding, 0 for those of the texts.
    public int[] specialTokensMask() {
        int[] mask = ofRuns(2);
        for (int i = 0; i < mask.length; i++) {
            mask[i] = mask[i] < 0 ? 1 : 0;
        }
        return mask;
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
        return "Encoding" + tokens() + (overflowing.isEmpty() ? "" : " + " + overflowing.size() + " windows");
    }
}
