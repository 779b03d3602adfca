package dev.merapi.tasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.data.DataException;
import dev.merapi.data.Dataset;
import dev.merapi.data.Example;
import dev.merapi.data.Target;
import dev.merapi.engine.Device;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import dev.merapi.train.Batching;
import dev.merapi.train.BestBy;
import dev.merapi.train.CsvLog;
import dev.merapi.train.SchedulerType;
import dev.merapi.train.SettingsException;
import dev.merapi.train.Stop;
import dev.merapi.train.TrainEvent;
import dev.merapi.train.TrainListener;
import dev.merapi.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingTest {
    private static final PairClassification.Settings DEFAULT = PairClassification.Settings.DEFAULT;
    private static final Dataset TRAIN = Colours.dataset("train", 90, 0);
    private static final Dataset DEV = Colours.dataset("dev", 30, 200);

    @TempDir
    Path folder;

    private Path encoder;
    private Path output;
    private final Stop stop = new Stop();

    @BeforeEach
    void makeEncoder() throws IOException {
        encoder = Colours.encoder(folder.resolve("encoder"));
        output = folder.resolve("output");
    }

    private static TrainingSettings settings(int epochs) {
        return TrainingSettings.DEFAULT
                .numTrainEpochs(epochs)
                .batching(new Batching(8, 8, 1))
                .learningRate(5e-3)
                .lrSchedulerType(SchedulerType.LINEAR)
                .metricForBestModel(BestBy.ACCURACY);
    }

    private FineTuning run(Dataset train, Dataset dev, int epochs, int threads, TrainListener... listeners) {
        return new FineTuning(
                Pretrained.folder(encoder),
                train,
                dev,
                settings(epochs),
                output,
                Device.best(threads),
                stop,
                List.of(listeners));
    }

    private Trained train(PairClassification.Settings settings, int epochs, int threads, TrainListener... listeners) {
        return new PairClassification(settings).train(run(TRAIN, DEV, epochs, threads, listeners));
    }

    private TextClassifier saved() {
        return TextClassifier.fromPretrained(output, Device.best(1));
    }

    private static byte[] weights(Path folder) {
        try {
            return Files.readAllBytes(folder.resolve("model.safetensors"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void learnsAndSavesAModelThatGivesTheSameAnswers() {
        Trained trained = train(DEFAULT, 40, 2);
        assertEquals(1.0, trained.evaluation().orElseThrow().metrics().accuracy());
        assertEquals(TrainEvent.End.COMPLETED, trained.outcome().end());

        TextClassifier saved = saved();
        assertArrayEquals(trained.classifier().logits(DEV.examples()), saved.logits(DEV.examples()));
        assertEquals(
                trained.evaluation().orElseThrow().metrics(),
                PairClassification.evaluate(saved, DEV).metrics());
        List<Label> labels = saved.classify("the big red car");
        assertEquals("WARM", labels.getFirst().name());
        assertEquals(1, labels.stream().mapToDouble(Label::probability).sum(), 1e-6);
        Prediction prediction =
                saved.predict(List.of(Example.of("the big red car"))).getFirst();
        assertEquals(List.of("WARM"), prediction.labels());
        assertEquals(labels.getFirst().probability(), prediction.probabilities().getLast());
    }

    @Test
    void runIsRecordedBesideTheModel() throws IOException {
        List<TrainEvent> events = new ArrayList<>();
        Trained trained = train(DEFAULT, 2, 1, events::add);
        try (Stream<Path> files = Files.list(output)) {
            assertEquals(
                    List.of(
                            "config.json",
                            "log.csv",
                            "metrics.json",
                            "model.safetensors",
                            "report.html",
                            "settings.json",
                            "vocab.txt"),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
        Json.Obj metrics = Json.read(output.resolve("metrics.json"));
        assertEquals(trained.outcome().best().orElseThrow().accuracy(), metrics.number("accuracy"));
        assertEquals(trained.outcome().bestEpoch(), metrics.integer("best_epoch"));
        assertEquals(24, metrics.integer("steps"));
        assertEquals("completed", metrics.string("end"));
        assertEquals(3, metrics.array("confusion").size());
        Json.Obj settings = Json.read(output.resolve("settings.json"));
        assertEquals(Colours.LABELS, settings.strings("labels"));
        assertEquals(5e-3, settings.number("learning_rate"));
        assertEquals("linear", settings.string("lr_scheduler_type"));
        assertEquals(24, settings.integer("max_length"));
        List<String> log = Files.readAllLines(output.resolve("log.csv"));
        assertEquals(CsvLog.HEADER, log.getFirst());
        assertEquals(1 + 2 * (12 + 1 + 1), log.size()); // header; epochs: 12 steps, their mean, the evaluation
        assertTrue(log.stream().allMatch(line -> line.split(",", -1).length == 14), log::toString);

        long tokens = TRAIN.examples().stream()
                .mapToLong(example -> example.text().split(" ").length + 2)
                .sum();
        long numbers = trained.classifier().model().parameters().stream()
                .mapToLong(parameter -> parameter.tensor().shape().count())
                .sum();
        assertEquals(new TrainEvent.RunStart(2, 12, 24, 90, tokens, numbers), events.getFirst());
        assertEquals(new TrainEvent.RunEnd(trained.outcome()), events.getLast());
    }

    @Test
    void learnsSeveralLabels() {
        Dataset dev = Colours.multilabel("dev", 30, 200);
        Trained trained = new MultilabelClassification(MultilabelClassification.Settings.DEFAULT)
                .train(run(Colours.multilabel("train", 90, 0), dev, 12, 2));
        assertEquals(1.0, trained.evaluation().orElseThrow().metrics().macroF1());
        assertEquals(Optional.empty(), trained.evaluation().orElseThrow().confusion());
        assertEquals(
                1.0,
                MultilabelClassification.evaluate(saved(), dev, 0.5f).metrics().macroF1());
        List<Prediction> predictions =
                saved().predict(List.of(Example.of("a small orange door"), Example.of("a small door")));
        assertEquals(List.of("WARM"), predictions.get(0).labels());
        assertEquals(List.of(), predictions.get(1).labels());
    }

    @Test
    void threadsDoNotChangeTheWeights() {
        train(DEFAULT, 2, 1);
        byte[] one = weights(output);
        train(DEFAULT, 2, 2);
        assertArrayEquals(one, weights(output));
        assertFalse(Arrays.equals(one, weights(encoder)));
    }

    @Test
    void interruptedRunKeepsTheLastCompleteModel() {
        List<byte[]> kept = new ArrayList<>();
        Trained trained = train(DEFAULT, 3, 1, event -> {
            if (event instanceof TrainEvent.CheckpointSaved checkpoint) kept.add(weights(checkpoint.folder()));
            if (event instanceof TrainEvent.StepEnd step && step.step() == 17) stop.request();
        });
        assertEquals(TrainEvent.End.STOPPED, trained.outcome().end());
        assertEquals(17, trained.outcome().steps());
        assertEquals(1, trained.outcome().epochs());
        assertEquals(1, trained.outcome().bestEpoch());
        assertEquals(1, kept.size());
        assertArrayEquals(kept.getFirst(), weights(output));
        assertArrayEquals(trained.classifier().logits(DEV.examples()), saved().logits(DEV.examples()));
        assertEquals("stopped", Json.read(output.resolve("metrics.json")).string("end"));
    }

    @Test
    void requestDuringAnEvaluationEndsTheRunAfterIt() {
        Trained trained = train(DEFAULT, 3, 1, event -> {
            if (event instanceof TrainEvent.Evaluated) stop.request();
        });
        assertEquals(TrainEvent.End.STOPPED, trained.outcome().end());
        assertEquals(12, trained.outcome().steps());
        assertEquals(1, trained.outcome().bestEpoch());
    }

    @Test
    void runThatIsStoppedInItsFirstEpochLeavesItsStateAndNoModel() throws IOException {
        Trained trained = train(DEFAULT, 3, 1, event -> {
            if (event instanceof TrainEvent.StepEnd) stop.request();
        });
        assertEquals(1, trained.outcome().steps());
        assertEquals(Optional.empty(), trained.evaluation());
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(
                    List.of(encoder, folder.resolve("output-run")),
                    files.sorted().toList());
        }
    }

    @Test
    void frozenEncoderStaysAsItIs() {
        train(new PairClassification.Settings(InputSettings.DEFAULT, null, true, List.of(), 0), 1, 1);
        SequenceClassifier before = SequenceClassifier.fromPretrained(
                encoder, LoadOptions.labels(Colours.LABELS).device(Device.scalar()));
        SequenceClassifier after = saved().model();
        for (int i = 0; i < before.parameters().size(); i++) {
            String name = before.parameters().get(i).name();
            float[] then = before.parameters().get(i).tensor().toArray();
            float[] now = after.parameters().get(i).tensor().toArray();
            boolean trained = name.startsWith("bert.pooler.") || name.startsWith("classifier.");
            assertEquals(trained, !Arrays.equals(then, now), name);
        }
    }

    @Test
    void lossSettingsAndDropoutReachTheLoss() {
        List<Double> losses = new ArrayList<>();
        for (PairClassification.Settings settings : List.of(
                DEFAULT,
                new PairClassification.Settings(InputSettings.DEFAULT, null, false, List.of(2f, 1.2f, 1f), 0),
                new PairClassification.Settings(InputSettings.DEFAULT, null, false, List.of(), 0.2),
                new PairClassification.Settings(InputSettings.DEFAULT, null, false, List.of(), 0, 2),
                new PairClassification.Settings(InputSettings.DEFAULT, null, false, List.of(2f, 1.2f, 1f), 0, 2),
                new PairClassification.Settings(InputSettings.DEFAULT, 0f, false, List.of(), 0))) {
            train(settings, 1, 1, event -> {
                if (event instanceof TrainEvent.StepEnd step && step.step() == 1) losses.add(step.loss());
            });
        }
        assertEquals(6, losses.stream().distinct().count(), losses::toString);
    }

    @Test
    void inputSettingsAreKeptWithTheModel() {
        train(new PairClassification.Settings(new InputSettings(6, true), null, false, List.of(), 0), 1, 1);
        assertEquals(new InputSettings(6, true), saved().input());
        float[][] logits = saved().logits(List.of(
                Example.of("the big red car is small"), // 6 tokens are [CLS], four words and [SEP]
                Example.of("the\u00A0big re\u00ADd car"),
                Example.of("the big red door")));
        assertArrayEquals(logits[0], logits[1], 1e-6f);
        assertNotEquals(logits[0][0], logits[2][0], 1e-6f);
    }

    @Test
    void oneClassifierServesManyThreads() {
        train(DEFAULT, 1, 1);
        TextClassifier classifier = TextClassifier.fromPretrained(output, Device.best(2));
        List<String> texts = TRAIN.examples().stream().map(Example::text).toList();
        List<List<Label>> alone = texts.stream().map(classifier::classify).toList();
        assertEquals(alone, texts.parallelStream().map(classifier::classify).toList());
    }

    private void refused(
            Class<? extends RuntimeException> type,
            String message,
            PairClassification.Settings settings,
            FineTuning run) {
        RuntimeException e = assertThrows(type, () -> new PairClassification(settings).train(run));
        assertEquals(message, e.getMessage());
        assertFalse(Files.exists(output));
    }

    @Test
    void lengthOverTheModelsNamesBoth() {
        refused(
                SettingsException.class,
                "max-length: the model reads at most 24 tokens, got 25; shorten it, or leave it out for the model's"
                        + " own",
                new PairClassification.Settings(new InputSettings(25, false), null, false, List.of(), 0),
                run(TRAIN, DEV, 1, 1));
    }

    @Test
    void wrongNumberOfClassWeightsNamesTheLabels() {
        refused(
                SettingsException.class,
                "class-weights: expected 3 numbers, one for each of [COLD, NONE, WARM], got 2, [2.0, 1.0]",
                new PairClassification.Settings(InputSettings.DEFAULT, null, false, List.of(2f, 1f), 0),
                run(TRAIN, DEV, 1, 1));
    }

    @Test
    void otherLabelsInTheDevelopmentDataAreNamed() {
        refused(
                SettingsException.class,
                "other has the labels [COLD, WARM], expected those of train, [COLD, NONE, WARM]; read both with the"
                        + " same labels",
                DEFAULT,
                run(TRAIN, new Dataset("other", List.of("COLD", "WARM"), DEV.examples()), 1, 1));
    }

    @Test
    void examplesWithoutLabelsAreNamed() {
        Dataset unlabelled = new Dataset("new", Colours.LABELS, List.of(new Example("n-1", "a", null, Target.UNKNOWN)));
        refused(
                DataException.class,
                "new: example n-1 has no label, expected one for every example to train or evaluate; add it, or only"
                        + " predict",
                DEFAULT,
                run(TRAIN, unlabelled, 1, 1));
    }

    @Test
    void tokenizerOfAnotherModelIsRefused() throws IOException {
        Path vocabulary = encoder.resolve("vocab.txt");
        Files.writeString(vocabulary, Files.readString(vocabulary) + "more\n");
        refused(
                SettingsException.class,
                "the tokenizer has 21 tokens, the model knows 20; use the tokenizer that the model was trained with",
                DEFAULT,
                run(TRAIN, DEV, 1, 1));
    }

    @Test
    void modelToStartFromIsNotReplaced() {
        byte[] before = weights(encoder);
        output = encoder;
        SettingsException e = assertThrows(SettingsException.class, () -> train(DEFAULT, 1, 1));
        assertEquals(
                "output-dir: " + encoder
                        + " is the folder of the model to start from, which saving would replace; name another folder",
                e.getMessage());
        assertArrayEquals(before, weights(encoder));
    }

    @Test
    void foreignOutputFolderIsRefusedBeforeTraining() throws IOException {
        Files.createDirectories(output);
        Files.writeString(output.resolve("thesis.txt"), "x");
        List<TrainEvent> events = new ArrayList<>();
        PretrainedException e = assertThrows(PretrainedException.class, () -> train(DEFAULT, 1, 1, events::add));
        assertTrue(e.getMessage().contains("thesis.txt"), e.getMessage());
        assertEquals(List.of(), events);
        assertEquals("x", Files.readString(output.resolve("thesis.txt")));
    }
}
