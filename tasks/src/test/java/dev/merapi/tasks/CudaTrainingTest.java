package dev.merapi.tasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.merapi.data.Dataset;
import dev.merapi.data.Example;
import dev.merapi.engine.Device;
import dev.merapi.engine.cuda.CudaKernels;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.metrics.Metric;
import dev.merapi.metrics.Metrics;
import dev.merapi.metrics.Probabilities;
import dev.merapi.metrics.Thresholds;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.train.Batching;
import dev.merapi.train.BestBy;
import dev.merapi.train.Computation;
import dev.merapi.train.SchedulerType;
import dev.merapi.train.Stop;
import dev.merapi.train.TrainEvent;
import dev.merapi.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Fine-tunings on CUDA with dropout beside the same on the CPU: all losses, what the models find on the
/// development data, checkpoints that one device saves and the other goes on from.
class CudaTrainingTest {
    private static final Supplier<Device> CPU = () -> Device.best(2), CUDA = Device::cuda;

    /// As claims with their evidence, and as texts with any number of emotions.
    private enum Task {
        PAIRS,
        LABELS;

        Dataset data(String source, int rows, int from) {
            if (this == LABELS) return Colours.multilabel(source, rows, from);
            Dataset texts = Colours.dataset(source, rows, from), others = Colours.dataset(source, rows, from + 1);
            List<Example> pairs = new ArrayList<>();
            for (int i = 0; i < rows; i++) {
                Example text = texts.examples().get(i),
                        other = others.examples().get(i);
                pairs.add(new Example(text.id(), text.text(), other.text(), text.target()));
            }
            return new Dataset(source, Colours.LABELS, pairs);
        }

        Trained train(FineTuning run, PositiveWeights weights) {
            return this == PAIRS
                    ? new PairClassification(PairClassification.Settings.DEFAULT).train(run)
                    : new MultilabelClassification(new MultilabelClassification.Settings(
                                    InputSettings.DEFAULT, null, false, 0.5f, weights))
                            .train(run);
        }
    }

    private static final TrainingSettings SETTINGS = TrainingSettings.DEFAULT
            .numTrainEpochs(6) // of 4 steps
            .batching(new Batching(8, 8, 1))
            .learningRate(1e-2)
            .lrSchedulerType(SchedulerType.LINEAR)
            .metricForBestModel(BestBy.LOSS);

    @TempDir
    Path folder;

    private Path encoder;
    private PositiveWeights weights = PositiveWeights.EQUAL;

    @BeforeEach
    void makeEncoder() throws IOException {
        assumeTrue(CudaDevice.missing().isEmpty(), () -> CudaDevice.missing().orElseThrow());
        encoder = Colours.encoder(folder.resolve("encoder"));
    }

    /// @param from the step that it went on from    @param losses, scales of the steps after it
    /// @param logits of the development data    @param graphs that ran
    private record Run(
            int from,
            double[] losses,
            List<TrainEvent.LossScaled> scales,
            Metrics metrics,
            float[][] logits,
            long graphs) {}

    private Run train(Task task, Supplier<Device> where, TrainingSettings settings, String output) {
        return train(task, where, settings, output, false, 0);
    }

    private Run train(
            Task task, Supplier<Device> where, TrainingSettings settings, String output, boolean resume, int stopAt) {
        Stop stop = new Stop();
        List<Double> losses = new ArrayList<>();
        List<TrainEvent.LossScaled> scales = new ArrayList<>();
        int[] from = new int[1];
        Dataset dev = task.data("dev", 24, 200);
        try (Device device = where.get()) {
            Trained trained = task.train(
                    new FineTuning(
                            Pretrained.folder(encoder),
                            task.data("train", 32, 0),
                            dev,
                            settings,
                            folder.resolve(output),
                            resume,
                            device,
                            stop,
                            List.of(event -> {
                                if (event instanceof TrainEvent.Resumed resumed) from[0] = resumed.step();
                                if (event instanceof TrainEvent.LossScaled scaled) scales.add(scaled);
                                if (!(event instanceof TrainEvent.StepEnd step)) return;
                                losses.add(step.loss());
                                if (step.step() == stopAt) stop.request();
                            })),
                    weights);
            return new Run(
                    from[0],
                    losses.stream().mapToDouble(x -> x).toArray(),
                    scales,
                    trained.evaluation().map(e -> e.metrics()).orElse(null),
                    trained.classifier().logits(dev.examples()),
                    device.kernels() instanceof CudaKernels cuda
                            ? cuda.launches().graphs()
                            : 0);
        }
    }

    /// Equal within float32's noise.
    private static void assertNear(Run expected, Run actual) {
        double[] losses = Arrays.copyOfRange(expected.losses, actual.from, expected.losses.length);
        assertArrayEquals(losses, actual.losses, 2e-6);
        for (Metric metric : List.of(Metric.ACCURACY, Metric.MICRO_F1, Metric.MACRO_F1, Metric.WEIGHTED_F1))
            assertEquals(expected.metrics.get(metric), actual.metrics.get(metric), metric.toString());
        assertEquals(expected.metrics.get(Metric.LOSS), actual.metrics.get(Metric.LOSS), 2e-6);
        for (int row = 0; row < expected.logits.length; row++)
            assertArrayEquals(expected.logits[row], actual.logits[row], 5e-6f, "logits of row " + row);
    }

    @ParameterizedTest
    @EnumSource
    void lossesAndMetricsAreThoseOfTheCpu(Task task) {
        Run cpu = train(task, CPU, SETTINGS, "cpu"), cuda = train(task, CUDA, SETTINGS, "cuda");
        assertEquals(24, cuda.losses.length);
        assertNear(cpu, cuda);
        assertTrue(CudaKernels.class.desiredAssertionStatus() || cuda.graphs > 24, cuda.graphs + " graphs");
        if (task == Task.LABELS) assertArrayEquals(thresholds(cpu.logits), thresholds(cuda.logits));
    }

    private static double[] thresholds(float[][] logits) {
        boolean[][] holds = Task.LABELS.data("dev", 24, 200).examples().stream()
                .map(example -> MultilabelClassification.holds(example.target()))
                .toArray(boolean[][]::new);
        return Thresholds.tune(Stream.of(logits).map(Probabilities::sigmoid).toArray(float[][]::new), holds);
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "FP16"})
    void lowPrecisionGoesAsItsEmulationOnTheCpu(Precision precision) {
        if (precision == Precision.FP16) weights = PositiveWeights.of(20f, 15f); // gradients that overflow
        TrainingSettings low = SETTINGS.numTrainEpochs(2).computation(new Computation(precision, false));
        Run cpu = train(Task.LABELS, CPU, low, "cpu"), cuda = train(Task.LABELS, CUDA, low, "cuda");
        for (int i = 0; i < 8; i++)
            assertEquals(cpu.losses[i], cuda.losses[i], 2e-3 * cpu.losses[i], "loss of step " + (i + 1));
        assertEquals(cpu.scales, cuda.scales);
        if (precision == Precision.FP16)
            assertTrue(cpu.scales.size() > 0 && cpu.scales.size() < 7, cpu.scales.toString());
    }

    @Test
    void aRunThatIsInterruptedOnCudaEndsWithTheBitsOfAWholeOne() {
        TrainingSettings settings = SETTINGS.numTrainEpochs(2);
        Run whole = train(Task.PAIRS, CUDA, settings, "whole");
        train(Task.PAIRS, CUDA, settings, "parts", false, 3);
        Run parts = train(Task.PAIRS, CUDA, settings, "parts", true, 0);
        assertArrayEquals(whole.logits, parts.logits);
        assertSameWeights(load("whole"), load("parts"));
    }

    private SequenceClassifier load(String output) {
        return SequenceClassifier.fromPretrained(
                folder.resolve(output), LoadOptions.pretrained().device(Device.scalar()));
    }

    private static void assertSameWeights(SequenceClassifier expected, SequenceClassifier actual) {
        for (int i = 0; i < expected.parameters().size(); i++) {
            Parameter p = expected.parameters().get(i);
            assertArrayEquals(
                    p.tensor().toArray(), actual.parameters().get(i).tensor().toArray(), p.name());
        }
    }

    @Test
    void aCheckpointOfOneDeviceGoesOnOnTheOther() {
        TrainingSettings settings = SETTINGS.numTrainEpochs(2);
        Run whole = train(Task.PAIRS, CPU, settings, "whole");
        for (Supplier<Device> first : List.of(CPU, CUDA)) {
            String output = first == CPU ? "cpu-cuda" : "cuda-cpu";
            train(Task.PAIRS, first, settings, output, false, 5);
            Run rest = train(Task.PAIRS, first == CPU ? CUDA : CPU, settings, output, true, 0);
            assertEquals(first == CPU ? 5 : 6, rest.from); // CUDA was asked for one more before its numbers came
            assertNear(whole, rest);
        }
    }
}
