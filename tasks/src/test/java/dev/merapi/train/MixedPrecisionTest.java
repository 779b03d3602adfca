package dev.merapi.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.data.Encoded;
import dev.merapi.engine.Device;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Loss;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.metrics.Metric;
import dev.merapi.metrics.Metrics;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.loss.CrossEntropy;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.tasks.Colours;
import dev.merapi.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Training in bfloat16, in float16 with loss scaling, and with layers computed twice.
class MixedPrecisionTest {
    private static final TrainingSettings SETTINGS = TrainingSettings.DEFAULT
            .numTrainEpochs(2)
            .perDeviceTrainBatchSize(8)
            .learningRate(1e-3)
            .lrSchedulerType(SchedulerType.LINEAR)
            .warmupSteps(4)
            .metricForBestModel(BestBy.ACCURACY);

    /// So large that its gradients in float16 overflow with the first scales.
    private static final Objective LARGE =
            (logits, batch) -> Elementwise.scale(CrossEntropy.of().of(logits, batch.labels()), 16);

    private static final Objective USUAL = (logits, batch) -> CrossEntropy.of().of(logits, batch.labels());

    @TempDir
    Path folder;

    private SequenceClassifier model;
    private Encoded train;
    private final List<TrainEvent> events = new ArrayList<>();

    @BeforeEach
    void loadModel() throws IOException {
        Colours.encoder(folder.resolve("encoder"));
        train = Encoded.of(
                Colours.dataset("train", 32, 0).examples(),
                Tokenizer.fromPretrained(folder.resolve("encoder")),
                24,
                UnaryOperator.identity());
    }

    private static TrainingSettings with(Precision precision, boolean checkpointing) {
        return SETTINGS.computation(new Computation(precision, checkpointing));
    }

    private TrainingState state(boolean resume) {
        return new TrainingState(
                new Checkpoints(folder.resolve("states"), 0),
                resume,
                Json.Obj.empty("settings"),
                new CsvLog(List.of(Metric.ACCURACY)));
    }

    /// Eight steps, or those up to `stopAt`, with the model as it was loaded.
    private List<float[]> fit(TrainingSettings settings, Objective objective, TrainingState state, int stopAt) {
        events.clear();
        Stop stop = new Stop();
        model = SequenceClassifier.fromPretrained(
                folder.resolve("encoder"),
                LoadOptions.labels(Colours.LABELS).dropout(0.1f).device(Device.best(1)));
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

    private List<float[]> fit(TrainingSettings settings, Objective objective) {
        return fit(settings, objective, TrainingState.NONE, 0);
    }

    private <E> List<E> events(Class<E> type) {
        return events.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private double[] losses() {
        return events(TrainEvent.StepEnd.class).stream()
                .mapToDouble(TrainEvent.StepEnd::loss)
                .toArray();
    }

    private static void assertSame(List<float[]> expected, List<float[]> actual) {
        for (int i = 0; i < expected.size(); i++) assertArrayEquals(expected.get(i), actual.get(i), "parameter " + i);
    }

    @Test
    void lowPrecisionLearnsAsFloat32DoesButForItsRounding() {
        List<float[]> exact = fit(with(Precision.FP32, false), USUAL);
        double[] losses = losses();
        assertEquals(8, losses.length);
        for (Precision low : List.of(Precision.BF16, Precision.FP16)) {
            List<float[]> rounded = fit(with(low, false), USUAL);
            for (int i = 0; i < losses.length; i++)
                assertEquals(losses[i], losses()[i], 1.6e-2 * losses[i], low + ", step " + i);
            assertFalse(Arrays.equals(exact.getFirst(), rounded.getFirst()), low + " is float32");
            assertTrue(events(TrainEvent.LossScaled.class).isEmpty());
        }
    }

    @Test
    void layersComputedTwiceLearnTheSameBits() {
        for (Precision precision : Precision.values())
            assertSame(fit(with(precision, false), USUAL), fit(with(precision, true), USUAL));
    }

    @Test
    void aStepThatOverflowsFloat16IsSkippedAndTheScheduleWaits() {
        fit(with(Precision.FP16, false), LARGE);
        List<TrainEvent.LossScaled> scaled = events(TrainEvent.LossScaled.class);
        List<TrainEvent.StepEnd> steps = events(TrainEvent.StepEnd.class);
        int skipped = scaled.size();
        assertTrue(skipped > 1 && skipped < 7, skipped + " steps were skipped");
        for (int i = 0; i < skipped; i++) {
            assertEquals(new TrainEvent.LossScaled(i / 4 + 1, i + 1, 65536 / Math.pow(2, i + 1), true), scaled.get(i));
            assertFalse(Double.isFinite(steps.get(i).gradientNorm()));
            assertEquals(0, steps.get(i).learningRate(), "warm-up begins at 0 and waits");
        }
        for (int i = skipped; i < 8; i++) {
            assertTrue(Double.isFinite(steps.get(i).gradientNorm()));
            int made = i - skipped;
            double expected = made <= 4 ? made / 4.0 : (8 - made) / 4.0;
            assertEquals(1e-3 * expected, steps.get(i).learningRate(), 1e-12);
        }
        List<float[]> before = fit(with(Precision.FP16, false).maxSteps(1), LARGE);
        for (int i = 0; i < before.size(); i++) {
            Parameter p = SequenceClassifier.fromPretrained(
                            folder.resolve("encoder"),
                            LoadOptions.labels(Colours.LABELS).device(Device.best(1)))
                    .parameters()
                    .get(i);
            assertArrayEquals(p.tensor().toArray(), before.get(i), p.name() + " after a step that was skipped");
        }
    }

    @Test
    void aRunThatIsInterruptedAtEveryStepEndsWithTheSameBitsAndScale() {
        TrainingSettings settings = with(Precision.FP16, true);
        List<float[]> whole = fit(settings, LARGE);
        List<TrainEvent.LossScaled> scales = new ArrayList<>();
        for (int step = 1; step <= 7; step++) {
            fit(settings, LARGE, state(step > 1), step);
            scales.addAll(events(TrainEvent.LossScaled.class));
        }
        assertSame(whole, fit(settings, LARGE, state(true), 0));
        scales.addAll(events(TrainEvent.LossScaled.class));
        fit(settings, LARGE);
        assertEquals(events(TrainEvent.LossScaled.class), scales);
    }

    private static final Objective HOPELESS = (logits, _) -> Loss.of(
            (_, gradients) -> {
                if (gradients != null) Arrays.fill(gradients[0].array, Float.POSITIVE_INFINITY);
                return 1;
            },
            logits);

    @Test
    void anOverflowThatScalingSkipsIsNoAnomaly() {
        for (boolean checkpointing : new boolean[] {false, true}) {
            TrainingSettings settings = with(Precision.FP16, checkpointing);
            List<float[]> unchecked = fit(settings, LARGE);
            List<TrainEvent.LossScaled> scales = events(TrainEvent.LossScaled.class);
            assertTrue(scales.size() > 1, "steps were skipped");
            assertSame(unchecked, fit(settings.trial(new Trial(0, 0, true)), LARGE));
            assertEquals(scales, events(TrainEvent.LossScaled.class));
        }
    }

    @Test
    void aGradientThatFloat32CannotHoldEitherIsAnAnomaly() {
        TrainingSettings settings = with(Precision.FP16, false).trial(new Trial(0, 0, true));
        TrainingException e = assertThrows(TrainingException.class, () -> fit(settings, HOPELESS));
        assertTrue(e.getMessage().startsWith("detect-anomaly: step 1, "), e.getMessage());
    }

    @Test
    void gradientsThatNoScaleMakesFiniteEndTheRun() {
        TrainingException e = assertThrows(
                TrainingException.class, () -> fit(with(Precision.FP16, false).numTrainEpochs(20), HOPELESS));
        assertTrue(
                e.getMessage()
                        .startsWith("training: the loss scale is down to 6.1035156E-5 in step 30,"
                                + " expected gradients that are finite in float16 with a scale of at least 1.0E-4;"
                                + " all parameters are finite, the first bad gradient is that of "),
                e.getMessage());
        assertTrue(e.getMessage().endsWith("was not skipped: use --bf16"), e.getMessage());
    }

    @Test
    void aLossThatIsNoNumberEndsTheRunInFloat16Too() {
        Objective bad = (logits, _) -> Loss.of((_, _) -> Double.NaN, logits);
        TrainingException e = assertThrows(TrainingException.class, () -> fit(with(Precision.FP16, false), bad));
        assertTrue(e.getMessage().startsWith("training: the loss is NaN in step 1, "), e.getMessage());
        assertTrue(e.getMessage().endsWith(", or use --bf16 in place of --fp16"), e.getMessage());
    }
}
