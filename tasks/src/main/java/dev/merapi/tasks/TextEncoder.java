package dev.merapi.tasks;

import dev.merapi.data.BatchSampler;
import dev.merapi.engine.Device;
import dev.merapi.engine.Scope;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SentenceEncoder;
import dev.merapi.tokenizer.EncodeOptions;
import dev.merapi.tokenizer.Encoding;
import dev.merapi.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/// A model of sentence embeddings, ready to use on text, pooled as its folder says.
///
///     TextEncoder encoder = TextEncoder.fromPretrained(Path.of("all-MiniLM-L6-v2"));
///     float[] vector = encoder.embed("hello");     // [C]
///
/// One instance serves all threads.
public final class TextEncoder {
    private static final int BATCH_SIZE = 32;

    private final SentenceEncoder model;
    private final Tokenizer tokenizer;
    private final EncodeOptions options;

    public TextEncoder(SentenceEncoder model, Tokenizer tokenizer) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.options = EncodeOptions.maxLength(Math.min(model.maxLength(), tokenizer.modelMaxLength()));
    }

    /// Loads a folder of sentence-transformers, or any encoder, on the best device there is.
    public static TextEncoder fromPretrained(Path folder) {
        return fromPretrained(folder, LoadOptions.pretrained());
    }

    public static TextEncoder fromPretrained(Path folder, Device device) {
        return fromPretrained(folder, LoadOptions.pretrained().device(device));
    }

    /// The same with options: its weights in bfloat16, for example.
    public static TextEncoder fromPretrained(Path folder, LoadOptions options) {
        var loaded = Loaded.from(folder, () -> SentenceEncoder.fromPretrained(folder, options));
        return new TextEncoder(loaded.model(), loaded.tokenizer());
    }

    public SentenceEncoder model() {
        return model;
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /// The vector of a text, [C].
    public float[] embed(String text) {
        return embed(List.of(text))[0];
    }

    /// The vectors of texts, in their order; texts of like length are computed together. Those of a batch are
    /// read when the next batch was asked for, so that a device has work meanwhile.
    ///
    /// @return [texts][C]
    public float[][] embed(List<String> texts) {
        List<Encoding> encodings = texts.parallelStream()
                .map(text -> tokenizer.encode(model.text().apply(text), null, options))
                .toList();
        float[][] vectors = new float[texts.size()][];
        int[] lengths = encodings.stream().mapToInt(e -> e.ids().length).toArray();
        Runnable before = () -> {};
        for (int[] rows : BatchSampler.byLength(lengths, BATCH_SIZE)) {
            Sequences batch = Sequences.of(
                    Arrays.stream(rows)
                            .mapToObj(row -> encodings.get(row).ids())
                            .toList(),
                    Arrays.stream(rows)
                            .mapToObj(row -> encodings.get(row).typeIds())
                            .toList());
            Supplier<float[]> values;
            try (Scope _ = Scope.inference()) {
                values = model.forward(batch, Pass.INFERENCE).laterArray(); // [B, C]
            }
            before.run();
            before = () -> {
                int channels = values.get().length / rows.length;
                for (int i = 0; i < rows.length; i++)
                    vectors[rows[i]] = Arrays.copyOfRange(values.get(), i * channels, (i + 1) * channels);
            };
        }
        before.run();
        return vectors;
    }
}
