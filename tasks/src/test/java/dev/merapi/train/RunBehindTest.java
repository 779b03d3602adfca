package dev.merapi.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.data.Encoded;
import dev.merapi.engine.Device;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Loss;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Memory;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.engine.kernel.ScalarKernels;
import dev.merapi.metrics.Metric;
import dev.merapi.metrics.Metrics;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.tasks.Colours;
import dev.merapi.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Where kernels run behind, as on a GPU, a step's numbers are read when the passes of the next one were asked
/// for; what the host does not know the device decides: the same weights, numbers and events as with a wait a
/// step.
class RunBehindTest {
    /// Its gradients overflow float16 with the first scales.
    private static final Objective LARGE =
            (logits, batch) -> Elementwise.scale(CrossEntropy.of().of(logits, batch.labels()), 16);

    @TempDir
    Path folder;

    private Encoded train;
    private final List<TrainEvent> events = new ArrayList<>();
    private final List<String> asked = new ArrayList<>(); // of the kernels: norms that somebody waits for

    @BeforeEach
    void loadData() throws IOException {
        Colours.encoder(folder.resolve("encoder"));
        train = Encoded.of(
                Colours.dataset("train", 32, 0).examples(),
                Tokenizer.fromPretrained(folder.resolve("encoder")),
                24,
                UnaryOperator.identity());
    }

    /// The plain kernels with a GPU's dense gradients of tables.
    ///
    /// @param behind what they say of themselves
    private Device device(boolean behind) {
        Kernels scalar = new ScalarKernels();
        Memory heap = scalar.memory();
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
                Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class}, (_, method, arguments) -> {
                    if (method.getName().equals("sumOfSquares")) asked.add("a norm");
                    try {
                        return switch (method.getName()) {
                            case "runBehind" -> behind;
                            case "memory" -> dense;
                            default -> method.invoke(scalar, arguments);
                        };
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    private static TrainingSettings settings(Precision precision) {
        return TrainingSettings.DEFAULT
                .numTrainEpochs(3)
                .perDeviceTrainBatchSize(8)
                .learningRate(1e-3)
                .lrSchedulerType(SchedulerType.LINEAR)
                .warmupSteps(4)
                .metricForBestModel(BestBy.ACCURACY)
                .tuning(Tuning.DEFAULT.emaDecay(0.5))
                .computation(new Computation(precision, false));
    }

    /// The weights after twelve steps, or after `stopAt`.
    private List<float[]> fit(
            boolean behind, TrainingSettings settings, Objective objective, TrainingState state, int stopAt) {
        events.clear();
        asked.clear();
        Stop stop = new Stop();
        var model = SequenceClassifier.fromPretrained(
                folder.resolve("encoder"),
                LoadOptions.labels(Colours.LABELS).dropout(0.1f).device(device(behind)));
        new Trainer(
                        model,
                        train,
                        objective,
                        () -> new Metrics(10, 1, 0.5, 0.5, 0.5, 0.5),
                        (_, _) -> folder,
                        settings,
                        state,
                        stop,
                        List.of(events::add, event -> {
                            if (event instanceof TrainEvent.StepEnd step && step.step() == stopAt) stop.request();
                        }))
                .fit();
        return model.parameters().stream().map(p -> p.tensor().toArray()).toList();
    }

    private TrainingState state(boolean resume) {
        return new TrainingState(
                new Checkpoints(folder.resolve("states"), 0),
                resume,
                Json.Obj.empty("settings"),
                new CsvLog(List.of(Metric.ACCURACY)));
    }

    private static void assertSame(List<float[]> expected, List<float[]> actual) {
        for (int i = 0; i < expected.size(); i++) assertArrayEquals(expected.get(i), actual.get(i), "parameter " + i);
    }

    private List<Object> steps() {
        List<Object> steps = new ArrayList<>();
        for (TrainEvent event : events)
            if (event instanceof TrainEvent.StepEnd e)
                steps.add(List.of(e.step(), e.loss(), e.learningRate(), (float) e.gradientNorm()));
            else if (event instanceof TrainEvent.LossScaled scaled) steps.add(scaled);
        return steps;
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"FP32", "FP16"})
    void theHostWaitsForNoNormAndTheBitsAreTheSame(Precision precision) {
        List<float[]> expected = fit(false, settings(precision), LARGE, TrainingState.NONE, 0);
        List<Object> steps = steps();
        assertEquals(12, asked.size());
        assertSame(expected, fit(true, settings(precision), LARGE, TrainingState.NONE, 0));
        assertEquals(steps, steps());
        assertEquals(List.of(), asked);
        long scaled =
                steps.stream().filter(TrainEvent.LossScaled.class::isInstance).count();
        assertTrue(precision == Precision.FP32 ? scaled == 0 : scaled > 2, scaled + " steps were skipped");
    }

    @Test
    void aRunThatIsInterruptedGoesOnWithItsScale() {
        List<float[]> whole = fit(false, settings(Precision.FP16), LARGE, TrainingState.NONE, 0);
        List<Object> steps = steps(), parts = new ArrayList<>();
        for (int stopAt : new int[] {1, 3, 5, 9}) { // and the step behind it, whose passes were asked for
            fit(true, settings(Precision.FP16), LARGE, state(stopAt > 1), stopAt);
            parts.addAll(steps());
        }
        assertSame(whole, fit(true, settings(Precision.FP16), LARGE, state(true), 0));
        parts.addAll(steps());
        assertEquals(steps, parts);
    }

    @Test
    void aLossThatIsNoNumberEndsTheRun() {
        Objective bad = (logits, _) -> Loss.of((_, _) -> Double.NaN, logits);
        TrainingException e = assertThrows(
                TrainingException.class, () -> fit(true, settings(Precision.FP16), bad, TrainingState.NONE, 0));
        assertEquals(
                "training: the loss is NaN in step 1, expected a finite number; the model that was kept last is not"
                        + " touched by it: lower --learning-rate, or --max-grad-norm, or use --bf16 in place of --fp16;"
                        + " --detect-anomaly names the operation",
                e.getMessage());
    }

    @Test
    void gradientsThatNoScaleMakesFiniteEndTheRun() {
        Objective hopeless = (logits, _) -> Loss.of(
                (_, gradients) -> {
                    if (gradients != null) Arrays.fill(gradients[0].array, Float.POSITIVE_INFINITY);
                    return 1;
                },
                logits);
        TrainingException e = assertThrows(
                TrainingException.class,
                () -> fit(true, settings(Precision.FP16).numTrainEpochs(20), hopeless, TrainingState.NONE, 0));
        assertEquals(
                "training: the loss scale is down to 6.1035156E-5 in step 30, expected gradients that are finite in"
                        + " float16 with a scale of at least 1.0E-4; the weights are those of the last step that was"
                        + " not skipped: use --bf16",
                e.getMessage());
    }
}
