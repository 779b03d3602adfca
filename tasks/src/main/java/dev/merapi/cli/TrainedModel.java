package dev.merapi.cli;

import dev.merapi.data.Dataset;
import dev.merapi.data.EncodedSpans;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.Probabilities;
import dev.merapi.tasks.MultilabelClassification;
import dev.merapi.tasks.OrdinalRegression;
import dev.merapi.tasks.OrdinalRegressor;
import dev.merapi.tasks.PairClassification;
import dev.merapi.tasks.Prediction;
import dev.merapi.tasks.SpanExtraction;
import dev.merapi.tasks.SpanExtractor;
import dev.merapi.tasks.TextClassifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// A model that was trained for one of the tasks, as the verbs use it.
sealed interface TrainedModel {
    /// In the order of the outputs; empty where there are none.
    List<String> labels();

    /// What people should know of the model.
    default Optional<String> note() {
        return Optional.empty();
    }

    /// How good outputs are for examples whose answers are known.
    ///
    /// @param logits of some of the examples: [#logits] or their means over several models
    Evaluation evaluate(Dataset data, Function<Dataset, float[][]> logits);

    /// How well it does by itself.
    default Evaluation evaluate(Dataset data) {
        return evaluate(data, this::logits);
    }

    /// The outputs [rows][…], in the order of the examples.
    float[][] logits(Dataset data);

    /// What one output of several models becomes.
    default float mean(double[] logits) {
        return (float) Arrays.stream(logits).average().orElseThrow();
    }

    /// Adds what outputs amount to, those of [#logits] or their means over several models, to a file.
    void write(PredictionFile file, Dataset data, float[][] logits);

    /// One label, or any number of them.
    ///
    /// @param thresholds of any number of them; one for all, or one a label
    record Classes(TextClassifier classifier, boolean several, double... thresholds) implements TrainedModel {
        @Override
        public List<String> labels() {
            return classifier.model().labels();
        }

        @Override
        public Evaluation evaluate(Dataset data, Function<Dataset, float[][]> logits) {
            return several
                    ? MultilabelClassification.evaluate(logits.apply(data), data, thresholds)
                    : PairClassification.evaluate(logits.apply(data), data);
        }

        /// With several labels the logit of the mean probability.
        @Override
        public float mean(double[] logits) {
            if (!several) return TrainedModel.super.mean(logits);
            return (float) Probabilities.logitOfMean(logits);
        }

        @Override
        public float[][] logits(Dataset data) {
            return classifier.logits(data.examples());
        }

        @Override
        public void write(PredictionFile file, Dataset data, float[][] logits) {
            List<Prediction> predictions = classifier.predictions(data.examples(), logits, thresholds);
            file.write(labels(), predictions, several);
        }
    }

    /// A part of a text.
    record Spans(SpanExtractor extractor) implements TrainedModel {
        @Override
        public List<String> labels() {
            return List.of();
        }

        @Override
        public Evaluation evaluate(Dataset data, Function<Dataset, float[][]> logits) {
            return SpanExtraction.evaluate(extractor, logits, data);
        }

        @Override
        public float[][] logits(Dataset data) {
            return extractor.logits(extractor.encode(data.examples()));
        }

        @Override
        public void write(PredictionFile file, Dataset data, float[][] logits) {
            EncodedSpans spans = extractor.encode(data.examples());
            List<String> parts = extractor.parts(spans, logits);
            List<List<String>> rows = new ArrayList<>();
            for (int row = 0; row < parts.size(); row++)
                rows.add(List.of(data.examples().get(row).id(), parts.get(row)));
            file.write(List.of("textID", "selected_text"), rows);
        }
    }

    /// One label of an order.
    record Ordered(OrdinalRegressor regressor) implements TrainedModel {
        @Override
        public List<String> labels() {
            return regressor.labels();
        }

        @Override
        public Optional<String> note() {
            return regressor.note();
        }

        @Override
        public Evaluation evaluate(Dataset data, Function<Dataset, float[][]> logits) {
            return OrdinalRegression.evaluate(regressor, logits.apply(data), data);
        }

        @Override
        public float[][] logits(Dataset data) {
            return regressor.logits(data.examples());
        }

        @Override
        public void write(PredictionFile file, Dataset data, float[][] logits) {
            List<String> header = new ArrayList<>(List.of("id", "label"));
            List<String> labels = regressor.labels(logits);
            List<String> outputs = regressor.model().labels();
            if (file.logits()) for (String output : outputs) header.add("logit_" + output);
            List<List<String>> rows = new ArrayList<>();
            for (int i = 0; i < labels.size(); i++) {
                List<String> row =
                        new ArrayList<>(List.of(data.examples().get(i).id(), labels.get(i)));
                if (file.logits()) for (float logit : logits[i]) row.add(Float.toString(logit));
                rows.add(row);
            }
            file.write(header, rows);
        }
    }
}
