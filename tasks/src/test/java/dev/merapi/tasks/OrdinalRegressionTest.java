package dev.merapi.tasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.data.DataException;
import dev.merapi.data.Dataset;
import dev.merapi.data.OrdinalTable;
import dev.merapi.data.TableOptions;
import dev.merapi.engine.Device;
import dev.merapi.metrics.Metric;
import dev.merapi.metrics.Metrics;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.tasks.OrdinalRegression.Method;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.train.Batching;
import dev.merapi.train.Optimization;
import dev.merapi.train.OptimizerType;
import dev.merapi.train.SchedulerType;
import dev.merapi.train.SettingsException;
import dev.merapi.train.Stop;
import dev.merapi.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Cold, neither, warm: three labels in an order.
class OrdinalRegressionTest {
    @TempDir
    Path folder;

    private Path encoder;

    @BeforeEach
    void makeEncoder() throws IOException {
        encoder = Colours.encoder(folder.resolve("encoder"));
    }

    @ParameterizedTest
    @EnumSource
    void learnsAndSavesAModelThatGivesTheSameAnswers(Method method) {
        TrainingSettings training = TrainingSettings.DEFAULT
                .numTrainEpochs(40)
                .batching(new Batching(8, 8, 1))
                .learningRate(5e-3)
                .lrSchedulerType(SchedulerType.LINEAR)
                .seed(3) // the default's new head starts CORN on a plateau
                .optimization(Optimization.of(OptimizerType.ADAM).weightDecay(0, true));
        Dataset dev = Colours.dataset("dev", 30, 200);
        Path output = folder.resolve("output");
        OrdinalRegression.Trained trained = new OrdinalRegression(
                        new OrdinalRegression.Settings(InputSettings.DEFAULT, 0f, false, method))
                .train(new FineTuning(
                        Pretrained.folder(encoder),
                        Colours.dataset("train", 90, 0),
                        dev,
                        training,
                        output,
                        Device.best(2),
                        new Stop(),
                        List.of()));
        Metrics metrics = trained.evaluation().orElseThrow().metrics();
        assertEquals(0, metrics.get(Metric.MAE));
        assertEquals(1, metrics.get(Metric.QUADRATIC_KAPPA));
        assertEquals(2 / 3.0, metrics.get(Metric.BASELINE_MAE), 1e-12); // always NONE, the median
        OrdinalRegressor saved = OrdinalRegressor.fromPretrained(output, Device.best(1));
        assertEquals(metrics, OrdinalRegression.evaluate(saved, dev).metrics());
        assertEquals("WARM", saved.label("the big red car"));
        assertEquals(
                method == Method.CROSS_ENTROPY ? 3 : 2, saved.model().labels().size());
        assertEquals(Optional.empty(), saved.note());
    }

    @Test
    void coralsOutputsShareOneWeightAndItsHeadIsLearnedOn() {
        OrdinalRegression task =
                new OrdinalRegression(new OrdinalRegression.Settings(InputSettings.DEFAULT, 0f, false, Method.CORAL));
        Path first = folder.resolve("first");
        Dataset data = Colours.dataset("train", 30, 0);
        TrainingSettings training =
                TrainingSettings.DEFAULT.numTrainEpochs(3).learningRate(5e-3).lrSchedulerType(SchedulerType.CONSTANT);
        task.train(new FineTuning(
                Pretrained.folder(encoder), data, data, training, first, Device.best(1), new Stop(), List.of()));
        SequenceClassifier saved =
                OrdinalRegressor.fromPretrained(first, Device.scalar()).model();
        float[] weight = parameter(saved, "classifier.weight");
        assertArrayEquals(Arrays.copyOf(weight, 18), Arrays.copyOfRange(weight, 18, 36));
        float[] bias = parameter(saved, "classifier.bias");
        assertTrue(bias[0] > bias[1], Arrays.toString(bias));

        // more training begins with this head, bitwise; without the weight that is shared it would not
        Path second = folder.resolve("second");
        task.train(new FineTuning(
                Pretrained.folder(first),
                data,
                data,
                training.numTrainEpochs(1).learningRate(0),
                second,
                Device.best(1),
                new Stop(),
                List.of()));
        SequenceClassifier again =
                OrdinalRegressor.fromPretrained(second, Device.scalar()).model();
        assertArrayEquals(weight, parameter(again, "classifier.weight"));
        assertArrayEquals(bias, parameter(again, "classifier.bias"));
    }

    /// coral_pytorch's `preinit_bias`: `torch.arange(K - 1, 0, -1) / (K - 1)`.
    @Test
    void coralsBiasesBeginInTheirOrder() {
        Dataset data = Colours.dataset("train", 6, 0);
        Path output = folder.resolve("untrained");
        new OrdinalRegression(new OrdinalRegression.Settings(InputSettings.DEFAULT, 0f, false, Method.CORAL))
                .train(new FineTuning(
                        Pretrained.folder(encoder),
                        data,
                        data,
                        TrainingSettings.DEFAULT.numTrainEpochs(1).learningRate(0),
                        output,
                        Device.best(1),
                        new Stop(),
                        List.of()));
        SequenceClassifier saved =
                OrdinalRegressor.fromPretrained(output, Device.scalar()).model();
        assertArrayEquals(new float[] {1, 0.5f}, parameter(saved, "classifier.bias"));
    }

    private static float[] parameter(SequenceClassifier model, String name) {
        return model.parameters().stream()
                .filter(p -> p.name().equals(name))
                .findFirst()
                .orElseThrow()
                .tensor()
                .toArray();
    }

    @Test
    void aHeadWithOneOutputTooManyIsReadAndSaid() throws IOException {
        SequenceClassifier three = SequenceClassifier.fromPretrained(
                encoder, LoadOptions.labels(Colours.LABELS).device(Device.scalar()));
        Tokenizer tokenizer = Tokenizer.fromPretrained(encoder);
        Path published = folder.resolve("published");
        three.savePretrained(
                published, java.util.Map.of("vocab.txt", Files.readAllBytes(encoder.resolve("vocab.txt"))));
        OrdinalRegressor loaded = OrdinalRegressor.fromPretrained(published, Device.scalar());
        assertEquals(
                Optional.of("the head has 3 outputs, corn uses the first 2 of them; the last is ignored"),
                loaded.note());
        assertEquals(List.of("WARM", "COLD", "NONE"), loaded.labels(new float[][] {{3, 3, -9}, {-1, 9, 9}, {2, -2, 9}
        }));
        assertEquals(List.of("3"), loaded.labels("1", "2", "3").labels(new float[][] {{3, 3, -9}}));
        SettingsException e = assertThrows(SettingsException.class, () -> loaded.labels("1", "2"));
        assertEquals("labels: expected 3 names, in the order of the model's [COLD, NONE, WARM], got 2", e.getMessage());
        e = assertThrows(
                SettingsException.class,
                () -> new OrdinalRegressor(
                        three, tokenizer, InputSettings.DEFAULT, List.of("1", "2", "3", "4", "5"), Method.CORAL, 2));
        assertEquals(
                "ordinal: 5 labels by coral need a model with 4 outputs, got 3; name the labels that it was trained on",
                e.getMessage());
    }

    @Test
    void labelsAreAllNumbersBetweenTheLeastAndTheGreatest() throws IOException {
        Path csv = Files.writeString(folder.resolve("r.csv"), "Review,Rating\ngood,5\nbad,1.0\n\"so,\nso\",3\n");
        Dataset data = OrdinalTable.read(csv);
        assertEquals(List.of("1", "2", "3", "4", "5"), data.labels());
        assertEquals("so,\nso", data.examples().get(2).text());
        Path odd = Files.writeString(folder.resolve("odd.csv"), "TEXT,STERNE\na,1\nb,two\n");
        assertEquals(
                odd + " line 3: STERNE is \"two\", expected a whole number; correct it",
                assertThrows(
                                DataException.class,
                                () -> OrdinalTable.read(odd, new TableOptions("TEXT", "STERNE", false)))
                        .getMessage());
        assertEquals(
                odd + " has none of the columns [label, rating, Rating, stars, score], found [TEXT, STERNE]; rename or"
                        + " name one of these",
                assertThrows(DataException.class, () -> OrdinalTable.read(odd)).getMessage());
        Path one = Files.writeString(folder.resolve("one.csv"), "text,label\na,1\nb,1\n");
        assertEquals(
                one + ": the labels in label go from 1 to 1, expected from 2 to 1000 different ones in a row; name"
                        + " another --label-column",
                assertThrows(DataException.class, () -> OrdinalTable.read(one)).getMessage());
    }
}
