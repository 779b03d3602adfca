package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.StratifiedFolds;
import dev.merapi.data.Target;
import dev.merapi.metrics.Probabilities;
import dev.merapi.metrics.Thresholds;
import dev.merapi.nn.pretrained.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Multi-label classification by K models, each trained on all folds but one: thresholds are tuned on what each
/// model says of the fold that it did not learn from, and new texts get the mean of the K models'
/// probabilities.
///
/// The output folder holds a model a fold (`fold-0`, …), `oof.csv` (the out-of-fold probabilities),
/// `thresholds.json`, `metrics.json` and, with test data, `submission.csv`.
///
/// @param settings of every fold
/// @param folds K, stratified by the combination of labels and shuffled by the run's seed
public record MultilabelFolds(MultilabelClassification.Settings settings, int folds) {
    /// @param thresholds one a label
    /// @param macroF1AtHalf out-of-fold macro F1 with a threshold of 0.5 for all
    /// @param macroF1 with the tuned thresholds
    public record Result(double[] thresholds, double macroF1AtHalf, double macroF1) {}

    /// @param run its development data are not used
    /// @param test to be predicted; null for none
    /// @return empty if the run was stopped
    public Optional<Result> train(FineTuning run, Dataset test) {
        run.train().require(Target.AnyOf.class);
        StratifiedFolds division = StratifiedFolds.shuffled(
                combinations(run.train()), folds, run.training().seed());
        FoldRuns.Task task = new FoldRuns.Task() {
            @Override
            public FoldRuns.Outputs train(FineTuning fold) {
                return probabilities(
                        new MultilabelClassification(settings).train(fold).classifier());
            }

            @Override
            public FoldRuns.Outputs saved(Path folder) {
                return probabilities(TextClassifier.fromPretrained(folder, run.device()));
            }
        };
        FoldRuns runs = FoldRuns.train(run, division, test, task);
        if (runs == null) return Optional.empty();
        return Optional.of(report(run, test, division, runs));
    }

    private static FoldRuns.Outputs probabilities(TextClassifier classifier) {
        return data -> Arrays.stream(classifier.logits(data.examples()))
                .map(Probabilities::sigmoid)
                .toArray(float[][]::new);
    }

    private Result report(FineTuning run, Dataset test, StratifiedFolds division, FoldRuns runs) {
        List<String> labels = run.train().labels();
        boolean[][] holds = run.train().examples().stream()
                .map(example -> MultilabelClassification.holds(example.target()))
                .toArray(boolean[][]::new);
        double[] thresholds = Thresholds.tune(runs.outOfFold(), holds);
        double[] half = new double[labels.size()];
        Arrays.fill(half, 0.5);
        Result result = new Result(
                thresholds,
                Thresholds.macroF1(runs.outOfFold(), holds, half),
                Thresholds.macroF1(runs.outOfFold(), holds, thresholds));
        Json.Obj tuned = Json.Obj.empty("thresholds.json");
        for (int k = 0; k < thresholds.length; k++) tuned = tuned.with(labels.get(k), thresholds[k]);
        ResultFiles files = new ResultFiles(run.outputDir());
        files.text("thresholds.json", tuned.pretty() + "\n");
        files.text(
                OutputFolder.METRICS,
                Json.Obj.empty(OutputFolder.METRICS)
                                .with("folds", folds)
                                .with("rows", run.train().size())
                                .with("macro_f1_at_half", result.macroF1AtHalf())
                                .with("macro_f1", result.macroF1())
                                .pretty()
                        + "\n");
        files.csv("oof.csv", outOfFold(run.train(), division, runs.outOfFold()));
        if (test != null) files.csv("submission.csv", submission(test, labels, runs.test(), thresholds));
        return result;
    }

    private static List<List<String>> outOfFold(Dataset data, StratifiedFolds division, float[][] probabilities) {
        List<List<String>> rows = new ArrayList<>();
        List<String> header = new ArrayList<>(List.of("id", "fold"));
        for (String label : data.labels()) header.add("probability_" + label);
        rows.add(header);
        for (int i = 0; i < probabilities.length; i++) {
            List<String> row =
                    new ArrayList<>(List.of(data.examples().get(i).id(), Integer.toString(division.fold()[i])));
            for (float p : probabilities[i]) row.add(Float.toString(p));
            rows.add(row);
        }
        return rows;
    }

    private static List<List<String>> submission(
            Dataset test, List<String> labels, float[][] probabilities, double[] thresholds) {
        List<List<String>> rows = new ArrayList<>();
        List<String> header = new ArrayList<>(List.of("id"));
        header.addAll(labels);
        rows.add(header);
        for (int i = 0; i < probabilities.length; i++) {
            List<String> row = new ArrayList<>(List.of(test.examples().get(i).id()));
            for (boolean holds : Thresholds.decide(probabilities[i], thresholds)) row.add(holds ? "1" : "0");
            rows.add(row);
        }
        return rows;
    }

    /// A number for each combination of labels, in the order in which they first occur.
    private static int[] combinations(Dataset data) {
        Map<Target, Integer> numbers = new HashMap<>();
        int[] strata = new int[data.size()];
        for (int row = 0; row < strata.length; row++) {
            Integer next = numbers.size();
            Integer known = numbers.putIfAbsent(data.examples().get(row).target(), next);
            strata[row] = known == null ? next : known;
        }
        return strata;
    }
}
