package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.EncodedSpans;
import dev.merapi.data.PackedBatch;
import dev.merapi.data.Target;
import dev.merapi.engine.Device;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Loss;
import dev.merapi.engine.Reduce;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.Metric;
import dev.merapi.nn.loss.SpanCrossEntropy;
import dev.merapi.nn.loss.SpanDistance;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.QuestionAnswering;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.report.Findings;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.train.BestBy;
import dev.merapi.train.SettingsException;
import dev.merapi.train.TrainEvent.Outcome;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/// A part of a text for a context: which words make this tweet a negative one?
///
///     loss = CE(start) + CE(end) + scale · distance
///
/// The context is read first, then the text, as a question and its passage; the model says for each token how
/// likely the part starts, and ends, there.
///
/// @param settings what this task has beyond [dev.merapi.train.TrainingSettings]
public record SpanExtraction(Settings settings) {
    /// @param input how text becomes tokens; texts are never normalized, since their parts are copied
    /// @param dropout of the whole model instead of its config's; null for the config's
    /// @param freezeEncoder trains the head alone
    /// @param distanceScale weight of [SpanDistance] in the loss; 0 leaves it out
    /// @param distancePerExample whether each example's distance counts alone, not the batch's mean
    /// @param wholeText contexts whose texts are taken whole, `neutral` for example
    public record Settings(
            InputSettings input,
            Float dropout,
            boolean freezeEncoder,
            double distanceScale,
            boolean distancePerExample,
            List<String> wholeText) {
        public static final Settings DEFAULT =
                new Settings(new InputSettings(128, false), null, false, 0, false, List.of());

        public Settings {
            wholeText = List.copyOf(wholeText);
            if (!(distanceScale >= 0 && distanceScale < Double.POSITIVE_INFINITY))
                throw new SettingsException("distance-scale: expected a number of at least 0, got " + distanceScale);
            if (input.normalizeText())
                throw new SettingsException("normalize-text: parts of a text are copied as they are; leave it out");
        }
    }

    /// @param extractor of the best evaluation; of the last step where nothing was evaluated
    /// @param evaluation of the best; empty where nothing was evaluated
    /// @param outcome the run in numbers
    public record Trained(SpanExtractor extractor, Optional<Evaluation> evaluation, Outcome outcome) {}

    private static final int ROWS = 1024; // in memory at a time

    static final List<Metric> METRICS = List.of(Metric.LOSS, Metric.JACCARD, Metric.EXACT_MATCH);

    /// Fine-tunes; the best evaluation's model is in the output folder and in the result.
    ///
    /// @throws SettingsException if settings, model and data do not go together
    public Trained train(FineTuning run) {
        TaskRun.Finished<QuestionAnswering> done = TaskRun.train(run, recipe());
        SpanExtractor extractor = new SpanExtractor(done.model(), done.tokenizer(), done.input(), settings.wholeText());
        return new Trained(extractor, done.evaluation(), done.outcome());
    }

    Recipe<QuestionAnswering> recipe() {
        return new SpanRecipe(settings);
    }

    /// How well an extractor does on examples whose parts are known.
    public static Evaluation evaluate(SpanExtractor extractor, Dataset data) {
        return evaluate(extractor, some -> extractor.logits(extractor.encode(some.examples())), data);
    }

    /// How good logits are, those of an extractor or the means of several that read texts as it does. Neither
    /// all texts nor all logits (two a token) are ever held.
    ///
    /// @param logits [rows][T · 2] of some of the examples
    public static Evaluation evaluate(SpanExtractor extractor, Function<Dataset, float[][]> logits, Dataset data) {
        data.require(Target.Part.class);
        SpanScore score = new SpanScore(extractor.wholeText());
        for (Dataset some : data.parts(ROWS)) score.add(extractor.encode(some.examples()), logits.apply(some));
        return score.evaluation();
    }

    private static Findings findings(EncodedSpans spans, float[][] logits, List<String> wholeText) {
        List<String> predicted = IntStream.range(0, logits.length)
                .mapToObj(row -> SpanExtractor.part(spans, row, logits[row], wholeText))
                .toList();
        return RowFindings.ofSpans(predicted, spans, row -> SpanScore.loss(spans, row, logits[row]));
    }

    private record SpanRecipe(Settings settings) implements Recipe<QuestionAnswering> {
        @Override
        public String problemType() {
            return "span_extraction";
        }

        @Override
        public Class<? extends Target> target() {
            return Target.Part.class;
        }

        @Override
        public List<Metric> metrics() {
            return METRICS;
        }

        @Override
        public BestBy bestBy() {
            return BestBy.JACCARD;
        }

        @Override
        public InputSettings input() {
            return settings.input();
        }

        @Override
        public Float dropout() {
            return settings.dropout();
        }

        @Override
        public boolean freezeEncoder() {
            return settings.freezeEncoder();
        }

        @Override
        public QuestionAnswering start(Pretrained start, Dataset train, Float dropout, Device device, long seed) {
            return start.questionAnswering(new LoadOptions(null, null, dropout, device, seed, true, Precision.FP32));
        }

        @Override
        public QuestionAnswering saved(Path folder, LoadOptions options) {
            return QuestionAnswering.fromPretrained(folder, options);
        }

        @Override
        public Prepared prepare(Dataset data, Tokenizer tokenizer, InputSettings input) {
            EncodedSpans spans = EncodedSpans.of(data.examples(), tokenizer, input.maxLength());
            SpanDistance distance = new SpanDistance(input.maxLength(), settings.distancePerExample());
            return new Prepared(
                    spans.tokens(),
                    (logits, batch) -> loss(logits, batch, spans, distance),
                    logits -> new SpanScore(settings.wholeText())
                            .add(spans, logits)
                            .evaluation(),
                    logits -> findings(spans, logits, settings.wholeText()));
        }

        private Tensor loss(Tensor logits, PackedBatch batch, EncodedSpans spans, SpanDistance distance) {
            int[] starts = batch.tokens().starts();
            int[] first = spans.first(batch.rows());
            int[] last = spans.last(batch.rows());
            if (Arrays.stream(first).allMatch(t -> t == Loss.IGNORED)) return Elementwise.scale(Reduce.sum(logits), 0f);
            Tensor loss = new SpanCrossEntropy().of(logits, starts, first, last);
            if (settings.distanceScale() == 0) return loss;
            Tensor apart = distance.of(logits, starts, first, last);
            return Elementwise.add(loss, Elementwise.scale(apart, (float) settings.distanceScale()));
        }

        @Override
        public Json.Obj record(Json.Obj json) {
            return json.with("distance_scale", settings.distanceScale())
                    .with("distance_per_example", settings.distancePerExample())
                    .with("whole_text", Json.Arr.of(settings.wholeText().toArray(String[]::new)));
        }
    }
}
