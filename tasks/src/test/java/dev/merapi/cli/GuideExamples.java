package dev.merapi.cli;

// guide imports begin
import dev.merapi.data.*;
import dev.merapi.engine.Device;
import dev.merapi.tasks.*;
import dev.merapi.train.*;
import java.nio.file.Path;
import java.util.List;
// guide imports end

/// The Java of tasks/README.md.
class GuideExamples {
    // pair-classification begins
    static List<Label> pairClassification(Path pretrained, Path train, Path dev, Path output) {
        Dataset learn = LabelledPairs.read(train); // columns text, pair and label
        Dataset check = LabelledPairs.read(dev, learn.labels());
        var training = TrainingSettings.DEFAULT.numTrainEpochs(3).learningRate(5e-5);
        try (Device device = Device.best();
                Stop stop = new Stop()) {
            var start = Pretrained.folder(pretrained);
            var run = new FineTuning(start, learn, check, training, output, device, stop, List.of());
            var done = new PairClassification(PairClassification.Settings.DEFAULT).train(run);
            return done.classifier().classify("a claim", "its evidence"); // [SUPPORTS 0.83, REFUTES 0.11, …]
        }
    }
    // pair-classification ends

    // span-extraction begins
    static String spanExtraction(Path pretrained, Path train, Path dev, Path output) {
        Dataset learn = SpanTable.read(train, "sentiment"); // columns text, selected_text and sentiment
        Dataset check = SpanTable.read(dev, "sentiment");
        var training = TrainingSettings.DEFAULT.patience(3).pace(Pace.DEFAULT.evalsPerEpoch(4));
        try (Device device = Device.best();
                Stop stop = new Stop()) {
            var start = Pretrained.folder(pretrained);
            var run = new FineTuning(start, learn, check, training, output, device, stop, List.of());
            var done = new SpanExtraction(SpanExtraction.Settings.DEFAULT).train(run);
            return done.extractor().extract("negative", "my boss is bullying me..."); // bullying me
        }
    }
    // span-extraction ends

    // ordinal begins
    static String ordinal(Path pretrained, Path reviews, Path output) {
        Dataset all = OrdinalTable.read(reviews); // columns Review and Rating, say: whole numbers in an order
        List<int[]> parts = Split.of(all.size(), 42, 0.8, 0.2);
        var learn = all.rows("train", parts.get(0));
        var check = all.rows("dev", parts.get(1));
        try (Device device = Device.best();
                Stop stop = new Stop()) {
            var start = Pretrained.folder(pretrained);
            var run = new FineTuning(start, learn, check, TrainingSettings.DEFAULT, output, device, stop, List.of());
            var done = new OrdinalRegression(OrdinalRegression.Settings.DEFAULT).train(run);
            return done.regressor().label("The room was clean and the staff friendly."); // 5
        }
    }
    // ordinal ends

    // multilabel begins
    static MultilabelFolds.Result multilabel(Path pretrained, Path train, Path unseen, Path output) {
        List<String> labels = List.of("anger", "fear", "joy"); // columns of 0 and 1 beside a column of texts
        Dataset learn = MultilabelTable.read(train, labels);
        Dataset test = MultilabelTable.read(unseen, labels); // becomes submission.csv
        var training = TrainingSettings.DEFAULT.learningRate(1e-4).perDeviceTrainBatchSize(16);
        try (Device device = Device.best();
                Stop stop = new Stop()) {
            var start = Pretrained.folder(pretrained);
            var run = new FineTuning(start, learn, learn, training, output, device, stop, List.of());
            var folds = new MultilabelFolds(MultilabelClassification.Settings.DEFAULT, 5);
            return folds.train(run, test).orElseThrow();
        }
    }
    // multilabel ends
}
