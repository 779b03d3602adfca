package dev.merapi.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.data.Encoded;
import dev.merapi.engine.Device;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Memory;
import dev.merapi.engine.kernel.ScalarKernels;
import dev.merapi.engine.kernel.Slabs;
import dev.merapi.metrics.Metrics;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.ProblemType;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.tasks.Colours;
import dev.merapi.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
    private static final Path KEPT = Path.of("kept");

    @TempDir
    Path folder;

    private SequenceClassifier model;
    private Encoded train;
    private final List<Integer> kept = new ArrayList<>();
    private final List<TrainEvent> events = new ArrayList<>();

    @BeforeEach
    void loadModel() throws IOException {
        load(Device.best(1));
    }

    private void load(Device device) throws IOException {
        Colours.encoder(folder);
        LoadOptions options = LoadOptions.labels(Colours.LABELS);
        model = SequenceClassifier.fromPretrained(folder, options.dropout(0).device(device));
        train = Encoded.of(
                Colours.dataset("train", 32, 0).examples(),
                Tokenizer.fromPretrained(folder),
                24,
                UnaryOperator.identity());
    }

    private static TrainingSettings settings(
            int epochs, int maxSteps, int batch, int accumulate, double rate, int patience) {
        return TrainingSettings.DEFAULT
                .numTrainEpochs(epochs)
                .maxSteps(maxSteps)
                .batching(new Batching(batch, 8, accumulate))
                .rate(new Rate(rate, SchedulerType.LINEAR_WARMUP, 0, 3))
                .metricForBestModel(BestBy.ACCURACY)
                .patience(patience);
    }

    /// Trains with evaluations that say what they are told to say.
    private TrainEvent.Outcome fit(TrainingSettings settings, double... accuracies) {
        Iterator<Double> next = DoubleStream.of(accuracies).iterator();
        CrossEntropy loss = CrossEntropy.of();
        Trainer trainer = new Trainer(
                model,
                train,
                (logits, batch) -> loss.of(logits, batch.labels()),
                () -> metrics(next.next()),
                (epoch, _) -> {
                    kept.add(epoch);
                    return KEPT;
                },
                settings,
                TrainingState.NONE,
                new Stop(),
                List.of(events::add));
        return trainer.fit();
    }

    private static Metrics metrics(double accuracy) {
        return new Metrics(10, 1, accuracy, accuracy, accuracy, accuracy);
    }

    private List<TrainEvent.StepEnd> steps() {
        return events.stream()
                .filter(TrainEvent.StepEnd.class::isInstance)
                .map(TrainEvent.StepEnd.class::cast)
                .toList();
    }

    @Test
    void bestEpochsAreKept() {
        TrainEvent.Outcome outcome = fit(settings(4, 0, 8, 1, 1e-3, 0), 0.5, 0.9, 0.9, 0.7);
        assertEquals(List.of(1, 2), kept);
        assertEquals(2, outcome.bestEpoch());
        assertEquals(Optional.of(metrics(0.9)), outcome.best());
        assertEquals(TrainEvent.End.COMPLETED, outcome.end());
        assertEquals(16, outcome.steps());
    }

    @Test
    void patienceEndsARunThatGetsNoBetter() {
        TrainEvent.Outcome outcome = fit(settings(9, 0, 8, 1, 1e-3, 2), 0.5, 0.6, 0.6, 0.4, 0.9);
        assertEquals(TrainEvent.End.NO_IMPROVEMENT, outcome.end());
        assertEquals(4, outcome.epochs());
        assertEquals(2, outcome.bestEpoch());
    }

    @Test
    void maxStepsEndsTheRunInsideAnEpoch() {
        TrainEvent.Outcome outcome = fit(settings(3, 6, 8, 1, 1e-3, 0), 0.5);
        assertEquals(6, outcome.steps());
        assertEquals(1, outcome.epochs());
        assertEquals(TrainEvent.End.COMPLETED, outcome.end());
    }

    @Test
    void eventsComeInOrder() {
        fit(settings(1, 0, 16, 1, 1e-3, 0), 0.5);
        List<String> names =
                events.stream().map(event -> event.getClass().getSimpleName()).toList();
        assertEquals(
                List.of("RunStart", "StepEnd", "StepEnd", "EpochEnd", "Evaluated", "CheckpointSaved", "RunEnd"), names);
        assertEquals(new TrainEvent.CheckpointSaved(1, KEPT), events.get(5));
        assertEquals(32, steps().stream().mapToInt(TrainEvent.StepEnd::rows).sum());
        assertEquals(
                train.tokens(),
                steps().stream().mapToInt(TrainEvent.StepEnd::tokens).sum());
    }

    @Test
    void aListenerCanStopTheRun() {
        Stop stop = new Stop();
        Trainer trainer = new Trainer(
                model,
                train,
                (logits, batch) -> CrossEntropy.of().of(logits, batch.labels()),
                () -> metrics(0.5),
                (_, _) -> KEPT,
                settings(3, 0, 8, 1, 1e-3, 0),
                TrainingState.NONE,
                stop,
                List.of(event -> {
                    if (event instanceof TrainEvent.StepEnd step && step.loss() < 10) stop.request();
                }));
        TrainEvent.Outcome outcome = trainer.fit();
        assertEquals(TrainEvent.End.STOPPED, outcome.end());
        assertEquals(1, outcome.steps());
    }

    /// Scalar kernels that may say that they run behind the host, as those of a GPU.
    private static Device device(boolean behind) {
        Kernels scalar = new ScalarKernels();
        Memory heap = new Slabs();
        Memory dense = new Memory() {
            @Override
            public Floats take(int length) {
                return heap.take(length);
            }

            @Override
            public void give(Floats taken) {
                heap.give(taken);
            }

            @Override
            public Floats allocate(int length) {
                return heap.allocate(length);
            }

            @Override
            public long bytes() {
                return heap.bytes();
            }

            @Override
            public boolean prefersSparseRows() {
                return false;
            }
        };
        return Device.of((Kernels) Proxy.newProxyInstance(
                Kernels.class.getClassLoader(),
                new Class<?>[] {Kernels.class},
                (_, method, arguments) -> switch (method.getName()) {
                    case "runBehind" -> behind;
                    case "memory" -> dense;
                    default -> method.invoke(scalar, arguments);
                }));
    }

    /// The numbers of a step come when the next one was asked for, or something follows that needs them;
    /// weights and numbers are those of waiting for each, the norm rounded to a float.
    @Test
    void aRunBehindTheHostHasTheSameBitsAndEvents() throws IOException {
        List<List<TrainEvent>> runs = new ArrayList<>();
        List<float[]> weights = new ArrayList<>();
        for (boolean behind : new boolean[] {false, true}) {
            load(device(behind));
            events.clear();
            fit(settings(2, 0, 8, 1, 3e-2, 0), 0.5, 0.6);
            runs.add(List.copyOf(events));
            weights.add(model.parameters().get(3).tensor().toArray());
        }
        assertArrayEquals(weights.get(0), weights.get(1));
        assertEquals(runs.get(0).size(), runs.get(1).size());
        for (int i = 0; i < runs.get(0).size(); i++) {
            assertEquals(runs.get(0).get(i).getClass(), runs.get(1).get(i).getClass());
            if (!(runs.get(0).get(i) instanceof TrainEvent.StepEnd step)) continue;
            TrainEvent.StepEnd later = (TrainEvent.StepEnd) runs.get(1).get(i);
            assertEquals(step.step(), later.step());
            assertEquals(step.loss(), later.loss());
            assertEquals(step.learningRate(), later.learningRate());
            assertEquals((float) step.gradientNorm(), later.gradientNorm());
        }
    }

    /// By then the next step was asked for.
    @Test
    void aRunBehindTheHostStopsOneStepLater() throws IOException {
        load(device(true));
        Stop stop = new Stop();
        Trainer trainer = new Trainer(
                model,
                train,
                (logits, batch) -> CrossEntropy.of().of(logits, batch.labels()),
                () -> metrics(0.5),
                (_, _) -> KEPT,
                settings(3, 0, 8, 1, 1e-3, 0),
                TrainingState.NONE,
                stop,
                List.of(events::add, event -> {
                    if (event instanceof TrainEvent.StepEnd) stop.request();
                }));
        TrainEvent.Outcome outcome = trainer.fit();
        assertEquals(TrainEvent.End.STOPPED, outcome.end());
        assertEquals(2, outcome.steps());
        assertEquals(2, steps().size());
    }

    @Test
    void aRunBehindTheHostThatDivergesStops() throws IOException {
        load(device(true));
        model.parameters().get(7).tensor().data().set(0, Float.NaN);
        TrainingException e = assertThrows(TrainingException.class, () -> fit(settings(1, 0, 8, 1, 1e-3, 0), 0.5));
        assertEquals(
                "training: the loss is NaN in step 1, expected a finite number; the model that was kept last is not"
                        + " touched by it: lower --learning-rate, or --max-grad-norm; --detect-anomaly names the"
                        + " operation",
                e.getMessage());
    }

    @Test
    void anAnomalyIsNamedWithItsOperationAndParameter() {
        Parameter bias = model.parameters().stream()
                .filter(p -> p.name().endsWith("layer.1.output.dense.bias"))
                .findFirst()
                .orElseThrow();
        bias.tensor().data().set(3, Float.NaN);
        TrainingSettings settings = settings(1, 0, 8, 1, 1e-3, 0).trial(new Trial(0, 0, true));
        TrainingException e = assertThrows(TrainingException.class, () -> fit(settings, 0.5));
        assertTrue(
                e.getMessage()
                        .matches("detect-anomaly: step 1, forward: [A-Z]\\w+\\.\\w+, called by [A-Z][\\w.]+, gives a"
                                + " result \\[\\d+, 18\\] that is NaN at \\d+; the first bad parameter is"
                                + " bert.encoder.layer.1.output.dense.bias; the weights are those of the step"
                                + " before"),
                e.getMessage());
    }

    @Test
    void rDropIsRefusedWhereNothingIsClassified() {
        TrainingSettings plain = settings(1, 0, 8, 1, 1e-3, 0);
        SequenceClassifier regression = SequenceClassifier.fromPretrained(
                folder,
                LoadOptions.labels("score")
                        .problemType(ProblemType.REGRESSION)
                        .dropout(0f)
                        .device(Device.best(1))
                        .seed(1));
        model = regression;
        SettingsException e =
                assertThrows(SettingsException.class, () -> fit(plain.tuning(Tuning.DEFAULT.rDropAlpha(1)), 0.5));
        assertEquals(
                "r-drop-alpha: expected a model that classifies texts, got a REGRESSION; leave it out", e.getMessage());
    }

    @Test
    void learningRateFollowsTheSchedule() {
        fit(settings(1, 0, 8, 1, 3e-3, 0), 0.5);
        double[] rates =
                steps().stream().mapToDouble(TrainEvent.StepEnd::learningRate).toArray();
        assertArrayEquals(new double[] {1e-3, 5e-3 / 3, 7e-3 / 3, 3e-3}, rates, 1e-15); // from a third, three steps
    }

    @Test
    void accumulatedBatchesEqualOneLargeBatch() throws IOException {
        fit(settings(1, 0, 32, 1, 1e-3, 0), 0.5);
        loadModel();
        fit(settings(1, 0, 8, 4, 1e-3, 0), 0.5);
        TrainEvent.StepEnd large = steps().get(0);
        TrainEvent.StepEnd accumulated = steps().get(1);
        assertEquals(2, steps().size());
        assertEquals(32, accumulated.rows());
        assertEquals(large.loss(), accumulated.loss(), 1e-6 * large.loss());
        assertEquals(large.gradientNorm(), accumulated.gradientNorm(), 1e-5 * large.gradientNorm());
    }

    @Test
    void badParameterIsNamed() {
        Parameter bad = model.parameters().get(7);
        bad.tensor().data().set(0, Float.NaN);
        bad.tensor().modified();
        TrainingException e = assertThrows(TrainingException.class, () -> fit(settings(1, 0, 8, 1, 1e-3, 0), 0.5));
        assertEquals(
                "training: the loss is NaN in step 1, expected a finite number; the first bad parameter is "
                        + bad.name()
                        + "; the weights are those of the step before: lower --learning-rate, or --max-grad-norm",
                e.getMessage());
        assertEquals(List.of(), kept);
        assertEquals(1, events.size());
    }

    @Test
    void divergingRunStops() {
        TrainingException e =
                assertThrows(TrainingException.class, () -> fit(settings(9, 0, 8, 1, 1e30, 0), 0.5, 0.5, 0.5));
        assertTrue(e.getMessage().startsWith("training: the loss is NaN in step "), e.getMessage());
    }
}
