package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.FoldScores;
import dev.merapi.metrics.Probabilities;
import dev.merapi.metrics.Thresholds;
import dev.merapi.nn.pretrained.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Multi-label classification by K models, each trained on all folds but one: thresholds are tuned on what each
/// model says of the fold that it did not learn from, and new texts get the mean of the K models'
/// probabilities.
///
/// The output folder holds a model a fold (`fold-0`, …), `oof.csv` (the out-of-fold probabilities),
/// `thresholds.json`, `metrics.json`, `report.html` and, with test data, `submission.csv`.
///
/// @param settings of every fold
/// @param folds K, stratified by the combination of labels and shuffled by the run's seed
public record MultilabelFolds(MultilabelClassification.Settings settings, int folds) {
    /// @param thresholds one a label
    /// @param macroF1AtHalf out-of-fold macro F1 with a threshold of 0.5 for all
    /// @param scores out of fold and of the test data with the tuned thresholds; of each fold with that of the
    ///     settings
    public record Result(double[] thresholds, double macroF1AtHalf, FoldScores scores) {
        /// Out of fold, with the tuned thresholds.
        public double macroF1() {
            return scores.outOfFold().metrics().macroF1();
        }
    }

    /// @param run its development data are not used
    /// @param test to be predicted, and scored where it is labelled; null for none
    /// @return empty if the run was stopped
    public Optional<Result> train(FineTuning run, Dataset test) {
        var plan = new FoldPlan<>(
                run, folds, test, new MultilabelClassification(settings)::recipe, Probabilities::logitOfMean);
        return FoldRuns.train(plan).map(runs -> report(plan, runs));
    }

    private Result report(FoldPlan<?> plan, FoldRuns runs) {
        Dataset data = plan.run().train();
        List<String> labels = data.labels();
        boolean[][] holds = data.examples().stream()
                .map(example -> MultilabelClassification.holds(example.target()))
                .toArray(boolean[][]::new);
        float[][] probabilities = probabilities(runs.outOfFold());
        double[] thresholds = Thresholds.tune(probabilities, holds);
        double[] half = new double[labels.size()];
        Arrays.fill(half, 0.5);
        double atHalf = Thresholds.macroF1(probabilities, holds, half);
        Json.Obj tuned = Json.Obj.empty("thresholds.json");
        for (int k = 0; k < thresholds.length; k++) tuned = tuned.with(labels.get(k), thresholds[k]);
        if (!plan.isTrial()) new ResultFiles(plan.run().outputDir()).text("thresholds.json", tuned.pretty() + "\n");
        plan.csv("oof.csv", outOfFold(data, runs, probabilities));
        if (plan.test() != null) plan.csv("submission.csv", submission(plan.test(), runs.test(), thresholds));
        Evaluation outOfFold = MultilabelClassification.evaluate(runs.outOfFold(), data, thresholds);
        FoldScores scores = plan.report(
                runs,
                outOfFold,
                plan.prepare(data, runs).findings().apply(runs.outOfFold()),
                () -> MultilabelClassification.evaluate(runs.test(), plan.test(), thresholds),
                Map.of("macro_f1_at_half", atHalf));
        return new Result(thresholds, atHalf, scores);
    }

    private static float[][] probabilities(float[][] logits) {
        return Arrays.stream(logits).map(Probabilities::sigmoid).toArray(float[][]::new);
    }

    private static List<List<String>> outOfFold(Dataset data, FoldRuns runs, float[][] probabilities) {
        List<List<String>> rows = new ArrayList<>();
        List<String> header = new ArrayList<>(List.of("id", "fold"));
        for (String label : data.labels()) header.add("probability_" + label);
        rows.add(header);
        for (int i = 0; i < probabilities.length; i++) {
            List<String> row = new ArrayList<>(List.of(
                    data.examples().get(i).id(),
                    Integer.toString(runs.division().fold()[i])));
            for (float p : probabilities[i]) row.add(Float.toString(p));
            rows.add(row);
        }
        return rows;
    }

    private static List<List<String>> submission(Dataset test, float[][] logits, double[] thresholds) {
        List<List<String>> rows = new ArrayList<>();
        List<String> header = new ArrayList<>(List.of("id"));
        header.addAll(test.labels());
        rows.add(header);
        for (int i = 0; i < logits.length; i++) {
            List<String> row = new ArrayList<>(List.of(test.examples().get(i).id()));
            for (boolean holds : Thresholds.decide(Probabilities.sigmoid(logits[i]), thresholds))
                row.add(holds ? "1" : "0");
            rows.add(row);
        }
        return rows;
    }
}
