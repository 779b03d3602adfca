package dev.merapi.tasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.data.Dataset;
import dev.merapi.engine.Device;
import dev.merapi.metrics.Thresholds;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.train.Batching;
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
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FoldsTest {
    private static final TrainingSettings TRAINING = TrainingSettings.DEFAULT
            .numTrainEpochs(16)
            .batching(new Batching(8, 8, 1))
            .learningRate(5e-3)
            .lrSchedulerType(SchedulerType.LINEAR);
    private static final Dataset TRAIN = Colours.multilabel("train", 90, 0);
    private static final Dataset TEST = Colours.multilabel("test", 30, 200);

    @TempDir
    Path folder;

    private Path output;

    private FineTuning run(boolean resume, Stop stop, TrainListener listener) throws IOException {
        output = folder.resolve("output");
        Path encoder = folder.resolve("encoder");
        if (!Files.exists(encoder)) Colours.encoder(encoder);
        return new FineTuning(
                Pretrained.folder(encoder),
                TRAIN,
                TRAIN,
                TRAINING,
                output,
                resume,
                Device.best(2),
                stop,
                List.of(listener));
    }

    private Optional<MultilabelFolds.Result> train(boolean resume, Stop stop, TrainListener listener)
            throws IOException {
        MultilabelClassification.Settings settings =
                new MultilabelClassification.Settings(InputSettings.DEFAULT, 0f, false, 0.5f, PositiveWeights.EQUAL);
        return new MultilabelFolds(settings, 3).train(run(resume, stop, listener), TEST);
    }

    private float[][] outOfFold() throws IOException {
        return Files.readAllLines(output.resolve("oof.csv")).stream()
                .skip(1)
                .map(line -> line.split(","))
                .map(cells -> new float[] {Float.parseFloat(cells[2]), Float.parseFloat(cells[3])})
                .toArray(float[][]::new);
    }

    @Test
    void everyRowIsPredictedByTheModelThatDidNotLearnFromIt() throws IOException {
        MultilabelFolds.Result result = train(false, new Stop(), event -> {}).orElseThrow();
        boolean[][] holds = TRAIN.examples().stream()
                .map(example -> MultilabelClassification.holds(example.target()))
                .toArray(boolean[][]::new);
        assertArrayEquals(Thresholds.tune(outOfFold(), holds), result.thresholds());
        assertTrue(result.macroF1() >= result.macroF1AtHalf(), result.toString());
        assertEquals(1.0, result.macroF1(), 0.1);
        assertEquals(result.macroF1(), Json.read(output.resolve("metrics.json")).number("macro_f1"));
        assertEquals(
                result.thresholds()[1],
                Json.read(output.resolve("thresholds.json")).number("WARM"));

        List<String> submission = Files.readAllLines(output.resolve("submission.csv"));
        assertEquals("id,COLD,WARM", submission.getFirst());
        assertEquals(31, submission.size());
        Set<String> rows = submission.stream()
                .skip(1)
                .map(line -> line.substring(line.indexOf(',')))
                .collect(Collectors.toSet());
        assertTrue(Set.of(",0,0", ",0,1", ",1,0", ",1,1").containsAll(rows), rows::toString);

        List<String> oof = Files.readAllLines(output.resolve("oof.csv"));
        TextClassifier second = TextClassifier.fromPretrained(output.resolve("fold-1"), Device.best(1));
        for (int row = 0; row < 90; row++) {
            String[] cells = oof.get(row + 1).split(",");
            if (!cells[1].equals("1")) continue;
            Prediction prediction =
                    second.predict(List.of(TRAIN.examples().get(row))).getFirst();
            assertEquals(prediction.probabilities().get(0), Float.parseFloat(cells[2]), 1e-6f, cells[0]);
        }
    }

    @Test
    void positivesWeighWhatTheTrainingExamplesSay() {
        Dataset few = Colours.multilabel("few", 7, 0); // COLD in rows 0, 3 and 6, WARM in 2 and 5
        assertArrayEquals(new float[] {4 / 3f, 5 / 2f}, PositiveWeights.BALANCED.of(few));
        assertArrayEquals(
                new float[] {1, 1}, PositiveWeights.BALANCED.of(few.rows("none", new int[] {1, 4})), "neither holds");
        assertArrayEquals(
                new float[] {1, 1}, PositiveWeights.BALANCED.of(few.rows("cold", new int[] {0, 3})), "all or nothing");
        assertArrayEquals(new float[] {3, 0.5f}, PositiveWeights.of(3f, 0.5f).of(few));
        assertNull(PositiveWeights.EQUAL.of(few));
        SettingsException e = assertThrows(
                SettingsException.class, () -> PositiveWeights.of(3f).of(few));
        assertEquals("pos-weight: expected 2 numbers, one for each of [COLD, WARM], got 1, [3.0]", e.getMessage());
        e = assertThrows(SettingsException.class, () -> PositiveWeights.of(3f, 0f));
        assertEquals("pos-weight: expected numbers over 0, got [3.0, 0.0]", e.getMessage());
    }

    @Test
    void anInterruptedRunGoesOnWithTheFoldAtHand() throws IOException {
        train(false, new Stop(), event -> {});
        List<String> whole = Files.readAllLines(output.resolve("oof.csv"));
        Stop stop = new Stop();
        int[] runs = {0};
        Optional<MultilabelFolds.Result> stopped = train(false, stop, event -> {
            if (event instanceof TrainEvent.RunStart) runs[0]++;
            if (event instanceof TrainEvent.StepEnd step && runs[0] == 2 && step.step() == 10) stop.request();
        });
        assertEquals(Optional.empty(), stopped);
        List<Integer> resumedAt = new ArrayList<>();
        runs[0] = 0;
        Files.walk(output.resolve("fold-2"))
                .sorted(java.util.Comparator.reverseOrder())
                .forEach(path -> path.toFile().delete()); // left by the first run
        train(true, new Stop(), event -> {
            if (event instanceof TrainEvent.RunStart) runs[0]++;
            if (event instanceof TrainEvent.Resumed resumed) resumedAt.add(resumed.step());
        });
        assertEquals(2, runs[0], "the first fold was done");
        assertEquals(List.of(10), resumedAt);
        assertEquals(whole, Files.readAllLines(output.resolve("oof.csv")));
    }
}
