package dev.merapi.tasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.merapi.data.DataException;
import dev.merapi.data.Dataset;
import dev.merapi.data.EncodedSpans;
import dev.merapi.data.Example;
import dev.merapi.data.SpanTable;
import dev.merapi.data.Target;
import dev.merapi.engine.Device;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.Metric;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.train.Batching;
import dev.merapi.train.Optimization;
import dev.merapi.train.Pace;
import dev.merapi.train.SchedulerType;
import dev.merapi.train.Stop;
import dev.merapi.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpanExtractionTest {
    private static final SpanExtraction.Settings SETTINGS =
            new SpanExtraction.Settings(new InputSettings(24, false), 0f, false, 1, true, List.of());

    @TempDir
    Path folder;

    private Path encoder;

    @BeforeEach
    void makeEncoder() throws IOException {
        encoder = Colours.encoder(folder.resolve("encoder"));
    }

    /// Texts with two colours, of which one is asked for.
    private static Dataset dataset(int rows, int from) {
        List<String> cold = List.of("blue", "green", "grey");
        List<String> warm = List.of("red", "orange", "yellow");
        List<Example> examples = new ArrayList<>();
        for (int row = from; row < from + rows; row++) {
            String one = cold.get(row % 3);
            String other = warm.get(row / 3 % 3);
            boolean swap = row % 5 < 2;
            String text =
                    "the " + (swap ? other : one) + " house is " + (swap ? one : other) + (row % 7 < 3 ? " car" : "");
            boolean wantsCold = row % 2 == 0;
            String wanted = wantsCold ? one : other;
            int start = text.indexOf(wanted);
            examples.add(new Example(
                    "row-" + row, wantsCold ? "big" : "small", text, new Target.Part(start, start + wanted.length())));
        }
        return new Dataset("spans", List.of(), examples);
    }

    private EncodedSpans encode(int maxLength, Example... examples) {
        return EncodedSpans.of(List.of(examples), Tokenizer.fromPretrained(encoder), maxLength);
    }

    private static Example example(String text, int start, int end) {
        return new Example("1", "big", text, new Target.Part(start, end));
    }

    @Test
    void partsAreFoundByTheirCharacters() {
        int[] row = {0, 1, 2, 3, 4, 5};
        // [CLS] big [SEP] the red house [SEP]: the text's tokens are 3, 4 and 5
        EncodedSpans spans = encode(
                24,
                example("the red house", 4, 7),
                example("the red house", 3, 7), // with the space before it
                example("the red house", 5, 9), // from the middle of one word to that of the next
                example(" the red house", 0, 14),
                example("the red house", 7, 8), // nothing but a space
                example("the red house", 0, 0));
        assertArrayEquals(new int[] {4, 4, 4, 3, -100, -100}, spans.first(row));
        assertArrayEquals(new int[] {4, 4, 5, 5, -100, -100}, spans.last(row));
        assertEquals(4, spans.located());
    }

    @Test
    void partsThatAreCutAwayAreNotLearned() {
        EncodedSpans spans = encode(6, example("the red house is big", 8, 13), example("the red house is big", 4, 13));
        assertArrayEquals(new int[] {-100, 4}, spans.first(new int[] {0, 1}));
        assertArrayEquals(new int[] {-100, 4}, spans.last(new int[] {0, 1}));
    }

    @Test
    void theBestPartNeverEndsBeforeItsStart() {
        EncodedSpans spans = encode(24, example(" the red house", 0, 4));
        float[] logits = new float[14];
        logits[2 * 5] = 3; // start at "house"
        logits[2 * 3] = 2; // start at "the"
        logits[2 * 4 + 1] = 5; // end at "red"
        logits[0] = 100; // the template's tokens and the context do not count
        logits[1] = 100;
        assertEquals("the red", spans.decode(0, logits));
        logits[2 * 5 + 1] = 4.5f; // "house" to "house" is now 7.5, over 7
        assertEquals("house", spans.decode(0, logits));
        assertEquals("the", spans.decode(0, new float[14]), "the first of equal ones");
        assertEquals("", encode(24, example("", 0, 0)).decode(0, new float[8]));
    }

    @Test
    void learnsAndSavesAModelThatGivesTheSameAnswers() {
        TrainingSettings training = TrainingSettings.DEFAULT
                .numTrainEpochs(60)
                .batching(new Batching(8, 8, 1))
                .learningRate(5e-3)
                .lrSchedulerType(SchedulerType.COSINE)
                .optimization(Optimization.DEFAULT.weightDecay(0.01, false))
                .pace(Pace.DEFAULT.evalsPerEpoch(2));
        Path output = folder.resolve("output");
        Dataset dev = dataset(30, 200);
        SpanExtraction.Trained trained = new SpanExtraction(SETTINGS)
                .train(new FineTuning(
                        Pretrained.folder(encoder),
                        dataset(120, 0),
                        dev,
                        training,
                        output,
                        Device.best(2),
                        new Stop(),
                        List.of()));
        assertEquals(
                1.0,
                trained.evaluation().orElseThrow().metrics().get(Metric.JACCARD),
                trained.evaluation().toString());
        SpanExtractor saved = SpanExtractor.fromPretrained(output, Device.best(1));
        Evaluation again = SpanExtraction.evaluate(saved, dev);
        assertEquals(trained.evaluation().orElseThrow().metrics(), again.metrics());
        SpanScore parts = new SpanScore(List.of());
        for (Dataset some : dev.parts(2)) {
            EncodedSpans spans = saved.encode(some.examples());
            parts.add(spans, saved.logits(spans));
        }
        assertEquals(again, parts.evaluation());
        assertEquals("green", saved.extract("big", "the green house is red"));
        assertEquals("red", saved.extract("small", "the green house is red"));
        assertEquals(1.0, Json.read(output.resolve("metrics.json")).number("jaccard"));
        assertEquals(
                "span_extraction", Json.read(output.resolve("settings.json")).string("problem_type"));

        SpanExtractor whole = new SpanExtractor(saved.model(), saved.tokenizer(), saved.input(), List.of("small"));
        assertEquals("the green house is red", whole.extract("small", "the green house is red"));
        assertEquals("green", whole.extract("big", "the green house is red"));
    }

    @Test
    void tablesAreReadWithTheirIds() throws IOException {
        Path csv = Files.writeString(folder.resolve("tweets.csv"), """
            textID,text,selected_text,sentiment
            f8, a b,a,positive
            f9,"",,neutral
            """);
        assertEquals(
                List.of(
                        new Example("f8", "positive", " a b", new Target.Part(1, 2)),
                        new Example("f9", "neutral", "", new Target.Part(0, 0))),
                SpanTable.read(csv, "sentiment").examples());
        Path wrong = Files.writeString(folder.resolve("wrong.csv"), "text,selected_text,sentiment\na b,c,positive\n");
        DataException e = assertThrows(DataException.class, () -> SpanTable.read(wrong, "sentiment"));
        assertEquals(
                wrong + " line 2: selected_text is \"c\", expected a part of the text \"a b\"; correct it",
                e.getMessage());
    }
}
