package dev.merapi.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.data.Dataset;
import dev.merapi.engine.Device;
import dev.merapi.metrics.FoldScores;
import dev.merapi.metrics.Metric;
import dev.merapi.metrics.Probabilities;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.train.Batching;
import dev.merapi.train.SettingsException;
import dev.merapi.train.Stop;
import dev.merapi.train.TrainEvent;
import dev.merapi.train.TrainListener;
import dev.merapi.train.TrainingSettings;
import dev.merapi.train.Trial;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PairFoldsTest {
    private static final Dataset TRAIN = Colours.dataset("train", 30, 0);
    private static final Dataset TEST = Colours.dataset("test", 9, 200);
    private static final TrainingSettings TRAINING = TrainingSettings.DEFAULT
            .numTrainEpochs(2)
            .batching(new Batching(8, 8, 1))
            .learningRate(5e-3);

    @TempDir
    Path folder;

    private Path output;

    private Optional<FoldScores> train(TrainingSettings training, boolean resume, Stop stop, TrainListener listener)
            throws IOException {
        output = folder.resolve("output");
        Path encoder = folder.resolve("encoder");
        if (!Files.exists(encoder)) Colours.encoder(encoder);
        FineTuning run = new FineTuning(
                Pretrained.folder(encoder),
                TRAIN,
                TRAIN,
                training,
                output,
                resume,
                Device.best(1),
                stop,
                List.of(listener));
        return new PairFolds(PairClassification.Settings.DEFAULT, 3).train(run, TEST);
    }

    @Test
    void foldsAreScoredAsTheirOwnRunsAndTogether() throws IOException {
        FoldScores scores = train(TRAINING, false, new Stop(), event -> {}).orElseThrow();
        assertEquals(30, scores.outOfFold().metrics().rows());
        Json.Obj metrics = Json.read(output.resolve("metrics.json"));
        double sum = 0;
        for (int k = 0; k < 3; k++) {
            double own =
                    Json.read(output.resolve("fold-" + k + "/metrics.json")).number("macro_f1");
            assertEquals(own, scores.folds().get(k).metrics().macroF1());
            assertEquals(own, ((Json.Obj) metrics.array("by_fold").get(k)).number("macro_f1"));
            sum += own;
        }
        assertEquals(sum / 3, metrics.object("mean").number("macro_f1"), 1e-15);
        assertEquals(scores.deviations().get(Metric.LOSS), metrics.object("sd").number("loss"));
        assertEquals(scores.outOfFold().metrics().accuracy(), metrics.number("accuracy"));

        List<String> oof = Files.readAllLines(output.resolve("oof.csv"));
        assertEquals("id,fold,expected,label,probability_COLD,probability_NONE,probability_WARM", oof.getFirst());
        long right = oof.stream()
                .skip(1)
                .map(line -> line.split(","))
                .filter(cells -> cells[2].equals(cells[3]))
                .count();
        assertEquals(right / 30.0, scores.outOfFold().metrics().accuracy(), 1e-15);
        String report = Files.readString(output.resolve("report.html"));
        assertTrue(report.contains("<a href=\"fold-2/report.html\">fold-2</a>"), "each fold has its page");
        assertTrue(report.contains("Confusion matrix"), "of all rows");
    }

    @Test
    void newRowsGetTheLabelOfTheMeanLogits() throws IOException {
        FoldScores scores = train(TRAINING, false, new Stop(), event -> {}).orElseThrow();
        float[][] mean = new float[TEST.size()][3];
        for (int k = 0; k < 3; k++) {
            float[][] logits = TextClassifier.fromPretrained(output.resolve("fold-" + k), Device.best(1))
                    .logits(TEST.examples());
            for (int row = 0; row < mean.length; row++) for (int i = 0; i < 3; i++) mean[row][i] += logits[row][i] / 3;
        }
        List<String> submission = Files.readAllLines(output.resolve("submission.csv"));
        assertEquals("id,label,probability_COLD,probability_NONE,probability_WARM", submission.getFirst());
        for (int row = 0; row < mean.length; row++) {
            String[] cells = submission.get(row + 1).split(",");
            assertEquals("row-" + (200 + row), cells[0]);
            assertEquals(Colours.LABELS.get(Probabilities.argmax(mean[row])), cells[1]);
            assertEquals(Probabilities.softmax(mean[row])[2], Float.parseFloat(cells[4]), 1e-5f);
        }
        double accuracy = PairClassification.evaluate(mean, TEST).metrics().accuracy();
        assertEquals(accuracy, scores.test().orElseThrow().metrics().accuracy());
        assertEquals(
                accuracy,
                Json.read(output.resolve("metrics.json")).object("test").number("accuracy"));
    }

    @Test
    void foldsOfAnOlderRunAreNotTaken() throws IOException {
        train(TRAINING, false, new Stop(), event -> {}).orElseThrow();
        List<String> older = Files.readAllLines(output.resolve("oof.csv"));
        TrainingSettings other = TRAINING.learningRate(1e-3);
        Stop stop = new Stop();
        train(other, false, stop, event -> {
            if (event instanceof TrainEvent.RunEnd) stop.request(); // after the first fold's last step
        });
        SettingsException e =
                assertThrows(SettingsException.class, () -> train(TRAINING, true, new Stop(), event -> {}));
        assertTrue(e.getMessage().contains("was saved with \"learning_rate\": 0.001"), e.getMessage());
        int[] starts = {0};
        train(other, true, new Stop(), event -> {
            if (event instanceof TrainEvent.RunStart) starts[0]++;
        });
        assertEquals(2, starts[0], "the older run's folds 1 and 2 are trained anew");
        assertFalse(older.equals(Files.readAllLines(output.resolve("oof.csv"))));
    }

    @Test
    void nothingToResumeIsSaid() {
        SettingsException e =
                assertThrows(SettingsException.class, () -> train(TRAINING, true, new Stop(), event -> {}));
        assertEquals(
                "resume-from-checkpoint: expected " + output.resolve("folds.json")
                        + " of an earlier run, found none; leave the option out to start anew",
                e.getMessage());
    }

    @Test
    void aFolderWithOtherFilesIsNotWrittenTo() throws IOException {
        Path mine = Files.createDirectories(folder.resolve("output")).resolve("submission.csv");
        Files.writeString(mine, "mine");
        SettingsException e =
                assertThrows(SettingsException.class, () -> train(TRAINING, false, new Stop(), event -> {}));
        assertEquals(
                "output-dir: expected an empty folder or that of an earlier run of folds, found " + mine
                        + "; name another folder",
                e.getMessage());
        assertEquals(List.of("submission.csv"), List.of(output.toFile().list()));
    }

    @Test
    void aTrialLeavesNothing() throws IOException {
        assertTrue(train(TRAINING.trial(Trial.fastDevRun(1)), false, new Stop(), event -> {})
                .isPresent());
        try (Stream<Path> left = Files.walk(output)) {
            assertEquals(List.of(), left.filter(Files::isRegularFile).toList());
        }
    }

    @Test
    void theTimeIsThatOfAllFolds() throws IOException {
        TrainingSettings short_ = TRAINING.pace(TRAINING.pace().maxSeconds(1e-6));
        int[] starts = {0};
        Optional<FoldScores> none = train(short_, false, new Stop(), event -> {
            if (event instanceof TrainEvent.RunStart) starts[0]++;
        });
        assertEquals(Optional.empty(), none);
        assertEquals(1, starts[0], "no second fold begins");
    }
}
