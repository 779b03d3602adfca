package dev.merapi.tasks;

import dev.merapi.data.EncodedSpans;
import dev.merapi.data.Example;
import dev.merapi.engine.Device;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.QuestionAnswering;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.train.Inference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/// A model that finds a part of a text, ready to use.
///
///     SpanExtractor extractor = SpanExtractor.fromPretrained(Path.of("my-model"));
///     String part = extractor.extract("negative", "my boss is bullying me...");     // "bullying me"
///
/// One instance serves all threads.
///
/// @param model finds starts and ends
/// @param tokenizer it was trained with
/// @param input how text becomes tokens
/// @param wholeText contexts whose texts are taken whole
public record SpanExtractor(QuestionAnswering model, Tokenizer tokenizer, InputSettings input, List<String> wholeText) {
    private static final int BATCH_SIZE = 32;

    /// @throws dev.merapi.train.SettingsException if the model cannot read inputs as long as the settings say
    public SpanExtractor {
        input = input.resolve(model, tokenizer);
        wholeText = List.copyOf(wholeText);
    }

    /// Loads a folder that [SpanExtraction] saved, or any Hugging Face folder of a question answering model.
    public static SpanExtractor fromPretrained(Path folder) {
        return fromPretrained(folder, LoadOptions.pretrained());
    }

    public static SpanExtractor fromPretrained(Path folder, Device device) {
        return fromPretrained(folder, LoadOptions.pretrained().device(device));
    }

    /// The same with options: its weights in bfloat16, for example.
    public static SpanExtractor fromPretrained(Path folder, LoadOptions options) {
        var loaded = Loaded.from(folder, () -> QuestionAnswering.fromPretrained(folder, options));
        Path settings = folder.resolve(OutputFolder.SETTINGS);
        List<String> whole = Files.exists(settings) && Json.read(settings).has("whole_text")
                ? Json.read(settings).strings("whole_text")
                : List.of();
        return new SpanExtractor(loaded.model(), loaded.tokenizer(), InputSettings.of(folder), whole);
    }

    /// The part of a text for a context.
    public String extract(String context, String text) {
        return extract(List.of(Example.of(context, text))).getFirst();
    }

    /// The parts of many texts (each example's pair) for their contexts (its text), in their order.
    public List<String> extract(List<Example> examples) {
        EncodedSpans spans = encode(examples);
        return parts(spans, logits(spans));
    }

    /// Examples as this model reads them.
    public EncodedSpans encode(List<Example> examples) {
        return EncodedSpans.of(examples, tokenizer, input.maxLength());
    }

    /// Start and end of each token, [rows][T · 2].
    public float[][] logits(EncodedSpans spans) {
        return Inference.logits(model, spans.tokens(), BATCH_SIZE);
    }

    /// The parts that logits point at, those of [#logits] or their means over several models.
    public List<String> parts(EncodedSpans spans, float[][] logits) {
        return IntStream.range(0, logits.length)
                .mapToObj(row -> part(spans, row, logits[row], wholeText))
                .toList();
    }

    static String part(EncodedSpans spans, int row, float[] logits, List<String> wholeText) {
        Example example = spans.examples().get(row);
        return wholeText.contains(example.text()) ? example.pair() : spans.decode(row, logits);
    }
}
