package dev.merapi.data;

import dev.merapi.nn.Sequences;
import dev.merapi.tokenizer.EncodeOptions;
import dev.merapi.tokenizer.Encoding;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.tokenizer.TokenizerException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Examples as tokens, made once and read by every epoch; those of a file larger than memory are tokenized
/// anew for every batch, and only their lengths are kept.
public final class Encoded {
    private final List<Example> examples;
    private final List<Tokens> tokens;
    private final int[] lengths; // [rows]

    /// ids, typeIds [T]
    private record Tokens(int[] ids, int[] typeIds) {
        static Tokens of(Encoding encoding) {
            return new Tokens(encoding.ids(), encoding.typeIds());
        }
    }

    private Encoded(List<Example> examples, List<Tokens> tokens) {
        this.examples = examples;
        this.tokens = tokens;
        this.lengths = new int[tokens.size()];
        IntStream.range(0, lengths.length)
                .parallel()
                .forEach(row -> lengths[row] = tokens.get(row).ids().length);
    }

    /// Tokenizes.
    ///
    /// @param maxLength longer inputs are truncated, the longer text of a pair first
    /// @param normalization what happens to each text before: [TextNormalization#normalize], or nothing
    /// @throws DataException if the tokenizer refuses an example: no Unicode text, or too short a length
    public static Encoded of(
            List<Example> examples, Tokenizer tokenizer, int maxLength, UnaryOperator<String> normalization) {
        EncodeOptions options = EncodeOptions.maxLength(maxLength);
        return new Encoded(
                examples,
                map(
                        examples,
                        example -> Tokens.of(tokenizer.encode(
                                normalization.apply(example.text()),
                                example.pair() == null ? null : normalization.apply(example.pair()),
                                options))));
    }

    /// Examples that are tokens already.
    public static Encoded of(List<Example> examples, List<Encoding> encodings) {
        return new Encoded(
                examples,
                encodings instanceof Streamed
                        ? new Streamed<>(encodings.size(), row -> Tokens.of(encodings.get(row)))
                        : encodings.stream().map(Tokens::of).toList());
    }

    /// What a tokenizer makes of all examples, or of each at every look where the examples are read so too.
    static <T> List<T> map(List<Example> examples, Function<Example, T> tokenizer) {
        Function<Example, T> encode = example -> {
            try {
                return tokenizer.apply(example);
            } catch (TokenizerException e) {
                throw new DataException("example " + example.id() + " cannot be tokenized: " + e.getMessage(), e);
            }
        };
        return examples instanceof Streamed
                ? new Streamed<>(examples.size(), row -> encode.apply(examples.get(row)))
                : examples.parallelStream().map(encode).toList();
    }

    /// How many rows there are.
    public int size() {
        return lengths.length;
    }

    /// How many tokens each row has.
    public int[] lengths() {
        return lengths.clone();
    }

    /// How many tokens all rows have.
    public long tokens() {
        return Arrays.stream(lengths).asLongStream().sum();
    }

    /// Some rows as a batch.
    ///
    ///     rows [B]
    public PackedBatch batch(int[] rows) {
        List<Tokens> some = Arrays.stream(rows).mapToObj(tokens::get).toList();
        List<Target> answers =
                Arrays.stream(rows).mapToObj(row -> examples.get(row).target()).toList();
        return new PackedBatch(
                Sequences.of(
                        some.stream().map(Tokens::ids).toList(),
                        some.stream().map(Tokens::typeIds).toList()),
                labels(answers),
                targets(answers),
                rows);
    }

    private static int[] labels(List<Target> answers) {
        return answers.stream()
                .flatMapToInt(
                        target -> target instanceof Target.OneOf one ? IntStream.of(one.label()) : IntStream.empty())
                .toArray();
    }

    private static float[] targets(List<Target> answers) {
        List<Boolean> holds = answers.stream()
                .flatMap(target -> target instanceof Target.AnyOf any ? any.labels().stream() : Stream.empty())
                .toList();
        float[] targets = new float[holds.size()];
        for (int i = 0; i < targets.length; i++) targets[i] = holds.get(i) ? 1 : 0;
        return targets;
    }
}
