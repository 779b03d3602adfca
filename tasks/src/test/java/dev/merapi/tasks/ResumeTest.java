package dev.merapi.tasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.data.Dataset;
import dev.merapi.engine.Device;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.train.Batching;
import dev.merapi.train.BestBy;
import dev.merapi.train.Optimization;
import dev.merapi.train.OptimizerType;
import dev.merapi.train.Pace;
import dev.merapi.train.Rate;
import dev.merapi.train.SchedulerType;
import dev.merapi.train.SettingsException;
import dev.merapi.train.Stop;
import dev.merapi.train.TrainEvent;
import dev.merapi.train.TrainListener;
import dev.merapi.train.TrainingSettings;
import dev.merapi.train.Trial;
import dev.merapi.train.Tuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Runs that were interrupted, and went on.
class ResumeTest {
    private static final Dataset TRAIN = Colours.dataset("train", 44, 0); // 6 batches, of 8 and of 4: 3 steps an epoch
    private static final Dataset DEV = Colours.dataset("dev", 15, 200);

    @TempDir
    Path folder;

    private Path encoder;

    @BeforeEach
    void makeEncoder() throws IOException {
        encoder = Colours.encoder(folder.resolve("encoder"));
    }

    private static TrainingSettings settings(OptimizerType optimizer, SchedulerType schedule, Pace pace) {
        double rate = optimizer == OptimizerType.SGD ? 0.1 : 5e-3;
        return TrainingSettings.DEFAULT
                .batching(new Batching(8, 8, 2))
                .learningRate(rate)
                .lrSchedulerType(schedule)
                .optimization(Optimization.of(optimizer).weightDecay(0.01, false))
                .tuning(Tuning.DEFAULT.layerwiseLrDecay(0.9).emaDecay(0.5))
                .metricForBestModel(BestBy.LOSS)
                .pace(pace);
    }

    private Trained train(
            String output, TrainingSettings settings, boolean resume, int stopAt, TrainListener listener) {
        Stop stop = new Stop();
        TrainListener stopper = event -> {
            if (event instanceof TrainEvent.StepEnd step && step.step() == stopAt) stop.request();
        };
        return new PairClassification(PairClassification.Settings.DEFAULT)
                .train(new FineTuning(
                        Pretrained.folder(encoder),
                        TRAIN,
                        DEV,
                        settings,
                        folder.resolve(output),
                        resume,
                        Device.best(1 + stopAt % 2),
                        stop,
                        List.of(stopper, listener)));
    }

    private byte[] weights(String output) throws IOException {
        return Files.readAllBytes(folder.resolve(output).resolve("model.safetensors"));
    }

    /// The log without its seconds, which no two runs have in common.
    private List<String> log(String output) throws IOException {
        return Files.readAllLines(folder.resolve(output).resolve("log.csv")).stream()
                .map(line -> {
                    String[] cells = line.split(",", -1);
                    cells[8] = "";
                    return String.join(",", cells);
                })
                .toList();
    }

    private List<String> checkpoints(String output) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve(output + "-run"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("checkpoint"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRunThatIsInterruptedAtEveryStepEndsWithTheSameBits(OptimizerType optimizer) throws IOException {
        TrainingSettings settings =
                settings(optimizer, SchedulerType.REDUCE_LR_ON_PLATEAU, Pace.DEFAULT.evalsPerEpoch(2));
        Trained whole = train("whole", settings, false, 0, event -> {});
        assertEquals(9, whole.outcome().steps());
        for (int step = 1; step <= 8; step++) {
            Trained part = train("parts", settings, step > 1, step, event -> {});
            assertEquals(TrainEvent.End.STOPPED, part.outcome().end());
            assertEquals("checkpoint-" + step, checkpoints("parts").getLast());
            assertEquals(Math.min(step, 2), checkpoints("parts").size());
        }
        Trained last = train("parts", settings, true, 0, event -> {});
        assertEquals(whole.outcome().best(), last.outcome().best());
        assertEquals(whole.outcome().bestEpoch(), last.outcome().bestEpoch());
        assertEquals(
                whole.evaluation().orElseThrow().metrics(),
                last.evaluation().orElseThrow().metrics());
        assertArrayEquals(weights("whole"), weights("parts"));
        assertEquals(log("whole"), log("parts"));
        assertEquals(
                Json.read(folder.resolve("whole/settings.json")).pretty(),
                Json.read(folder.resolve("parts/settings.json")).pretty());
    }

    @Test
    void secondPassesAreResumedToo() throws IOException {
        TrainingSettings settings = settings(OptimizerType.ADAMW, SchedulerType.COSINE, Pace.DEFAULT)
                .tuning(Tuning.DEFAULT.rDropAlpha(0.7).fgmEpsilon(0.5));
        train("whole", settings, false, 0, event -> {});
        train("parts", settings, false, 4, event -> {});
        train("parts", settings, true, 0, event -> {});
        assertArrayEquals(weights("whole"), weights("parts"));
        train("plain", settings.tuning(Tuning.DEFAULT), false, 0, event -> {});
        assertTrue(!Arrays.equals(weights("whole"), weights("plain")), "they change what is learned");
    }

    @Test
    void checkpointsAreSavedAndLimitedAndTheNewestWholeOneCounts() throws IOException {
        TrainingSettings settings = settings(OptimizerType.ADAMW, SchedulerType.COSINE, Pace.DEFAULT.saveSteps(2));
        List<Integer> saved = new ArrayList<>();
        Trained whole = train("whole", settings, false, 0, event -> {
            if (event instanceof TrainEvent.StateSaved state) saved.add(state.step());
        });
        assertEquals(List.of(2, 4, 6, 8), saved);
        assertEquals(List.of("checkpoint-6", "checkpoint-8"), checkpoints("whole"));
        byte[] weights = weights("whole");

        Path damaged = folder.resolve("whole-run/checkpoint-8/weights.safetensors");
        byte[] bytes = Files.readAllBytes(damaged);
        bytes[bytes.length / 2] ^= 1;
        Files.write(damaged, bytes);
        List<Integer> resumed = new ArrayList<>();
        Trained again = train("whole", settings, true, 0, event -> {
            if (event instanceof TrainEvent.Resumed from) resumed.add(from.step());
        });
        assertEquals(List.of(6), resumed);
        assertArrayEquals(weights, weights("whole"));
        assertEquals(whole.outcome().best(), again.outcome().best());
    }

    @Test
    void aNewRunDoesNotGoOnFromAnOldOne() throws IOException {
        TrainingSettings settings = settings(OptimizerType.ADAMW, SchedulerType.COSINE, Pace.DEFAULT.saveSteps(4));
        train("output", settings, false, 0, event -> {});
        train("output", settings, false, 1, event -> {});
        assertEquals(List.of("checkpoint-1"), checkpoints("output"));
    }

    @Test
    void otherSettingsAreNamed() {
        train("output", settings(OptimizerType.ADAMW, SchedulerType.COSINE, Pace.DEFAULT), false, 2, event -> {});
        TrainingSettings other = settings(OptimizerType.ADAMW, SchedulerType.LINEAR, Pace.DEFAULT);
        SettingsException e = assertThrows(SettingsException.class, () -> train("output", other, true, 0, event -> {}));
        assertTrue(
                e.getMessage()
                        .endsWith("checkpoint-2 was saved with \"lr_scheduler_type\": \"cosine\", but this run has"
                                + " \"lr_scheduler_type\": \"linear\",; resume with the same settings and data,"
                                + " or start anew"),
                e.getMessage());
        SettingsException none =
                assertThrows(SettingsException.class, () -> train("nowhere", other, true, 0, event -> {}));
        assertTrue(none.getMessage().contains("found none that is whole"), none.getMessage());
    }

    @Test
    void trialsWriteNothing() throws IOException {
        Trained tried = train(
                "trial",
                settings(OptimizerType.ADAMW, SchedulerType.COSINE, Pace.DEFAULT)
                        .trial(Trial.fastDevRun(1)),
                false,
                0,
                event -> {});
        assertEquals(1, tried.outcome().steps());
        assertEquals(8, tried.evaluation().orElseThrow().metrics().rows());
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(encoder), files.toList());
        }
    }

    @Test
    void overfittingLearnsTheFirstBatchesByHeart() {
        TrainingSettings settings = TrainingSettings.DEFAULT
                .numTrainEpochs(60)
                .batching(new Batching(8, 8, 1))
                .rate(new Rate(5e-3, SchedulerType.CONSTANT, 0, 0))
                .optimization(Optimization.DEFAULT.weightDecay(0, true))
                .metricForBestModel(BestBy.ACCURACY)
                .trial(Trial.overfitBatches(1));
        Trained trained = train("output", settings, false, 0, event -> {});
        assertEquals(8, trained.evaluation().orElseThrow().metrics().rows());
        assertEquals(1.0, trained.evaluation().orElseThrow().metrics().accuracy());
    }

    @Test
    void timeThatIsOverEndsTheRunAsAStopDoes() throws IOException {
        Pace pace = Pace.DEFAULT.maxSeconds(1e-9);
        Trained trained =
                train("output", settings(OptimizerType.ADAMW, SchedulerType.COSINE, pace), false, 0, event -> {});
        assertEquals(TrainEvent.End.TIME_OVER, trained.outcome().end());
        assertEquals(0, trained.outcome().steps());
    }

    @Test
    void evaluationsInsideAnEpochCountForPatience() {
        TrainingSettings settings = TrainingSettings.DEFAULT
                .batching(new Batching(8, 8, 1))
                .rate(new Rate(1e-30, SchedulerType.CONSTANT, 0, 0))
                .optimization(Optimization.DEFAULT.weightDecay(0, true))
                .metricForBestModel(BestBy.ACCURACY)
                .patience(3)
                .pace(Pace.DEFAULT.evalsPerEpoch(3));
        List<Integer> at = new ArrayList<>();
        Trained trained = train("output", settings, false, 0, event -> {
            if (event instanceof TrainEvent.Evaluated evaluated) at.add(evaluated.step());
        });
        assertEquals(List.of(2, 4, 6, 8), at); // 6 steps an epoch; the first is the best, then three are no better
        assertEquals(TrainEvent.End.NO_IMPROVEMENT, trained.outcome().end());
    }
}
