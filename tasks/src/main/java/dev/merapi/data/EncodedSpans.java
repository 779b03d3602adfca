package dev.merapi.data;

import dev.merapi.engine.Loss;
import dev.merapi.tokenizer.EncodeOptions;
import dev.merapi.tokenizer.Encoding;
import dev.merapi.tokenizer.Span;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.tokenizer.Truncation;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Contexts and texts as tokens, where the wanted part of each text lies in them, and the way back from tokens
/// to text.
public final class EncodedSpans {
    private final List<Example> examples;
    private final List<Encoding> encodings;
    private final Encoded tokens;
    private final int[] first; // [rows] token of the part, counted inside its sequence; IGNORED where there is none
    private final int[] last; // [rows]

    private EncodedSpans(List<Example> examples, List<Encoding> encodings) {
        this.examples = examples;
        this.encodings = encodings;
        this.tokens = Encoded.of(examples, encodings);
        this.first = new int[examples.size()];
        this.last = new int[examples.size()];
        for (int row = 0; row < first.length; row++) locate(row);
    }

    /// Tokenizes.
    ///
    /// @param maxLength longer inputs are truncated: the text, never the context
    /// @throws DataException if the tokenizer refuses an example
    public static EncodedSpans of(List<Example> examples, Tokenizer tokenizer, int maxLength) {
        EncodeOptions options = EncodeOptions.maxLength(maxLength).truncation(Truncation.ONLY_SECOND);
        return new EncodedSpans(
                examples, Encoded.map(examples, example -> tokenizer.encode(example.text(), example.pair(), options)));
    }

    /// The tokens that share a character with the part: a part that begins or ends inside a token gets all of
    /// it. Where truncation cut the part away, or it is empty, there are none.
    private void locate(int row) {
        first[row] = Loss.IGNORED;
        last[row] = Loss.IGNORED;
        if (!(examples.get(row).target() instanceof Target.Part(int start, int end))) return;
        Encoding encoding = encodings.get(row);
        List<Span> offsets = encoding.offsets();
        int[] sequences = encoding.sequenceIds();
        for (int t = 0; t < sequences.length; t++) {
            Span span = offsets.get(t);
            if (sequences[t] != 1 || span.end() <= start || span.start() >= end || span.start() == span.end()) continue;
            if (first[row] == Loss.IGNORED) first[row] = t;
            last[row] = t;
        }
    }

    public List<Example> examples() {
        return examples;
    }

    public Encoded tokens() {
        return tokens;
    }

    /// The first token of the part of each of these rows, [Loss#IGNORED] where there is none.
    public int[] first(int[] rows) {
        return Arrays.stream(rows).map(row -> first[row]).toArray();
    }

    /// The last token, likewise.
    public int[] last(int[] rows) {
        return Arrays.stream(rows).map(row -> last[row]).toArray();
    }

    /// The part of a row's text that logits point at: the tokens i ≤ j of the text with the largest `start[i] +
    /// end[j]`,
    /// the first of equal ones. The whole text where it has no token.
    ///
    ///     logits [T · 2]: start and end of each token
    public String decode(int row, float[] logits) {
        Encoding encoding = encodings.get(row);
        int[] sequences = encoding.sequenceIds();
        String text = examples.get(row).pair();
        int bestStart = -1;
        int bestEnd = -1;
        int start = -1; // the best one so far
        double best = Double.NEGATIVE_INFINITY;
        for (int t = 0; t < sequences.length; t++) {
            if (sequences[t] != 1) continue;
            if (start < 0 || logits[2 * t] > logits[2 * start]) start = t;
            double score = (double) logits[2 * start] + logits[2 * t + 1];
            if (score > best) {
                best = score;
                bestStart = start;
                bestEnd = t;
            }
        }
        if (bestStart < 0) return text;
        List<Span> offsets = encoding.offsets();
        return text.substring(
                offsets.get(bestStart).start(), offsets.get(bestEnd).end());
    }

    /// The part of a row's text that is wanted; null where it is not known.
    public String expected(int row) {
        return examples.get(row).target() instanceof Target.Part(int start, int end)
                ? examples.get(row).pair().substring(start, end)
                : null;
    }

    /// How many rows learn where their part is.
    public int located() {
        return (int) IntStream.of(first).filter(t -> t != Loss.IGNORED).count();
    }
}
