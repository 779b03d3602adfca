package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.Target;
import dev.merapi.metrics.FoldScores;
import dev.merapi.metrics.Probabilities;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Pair classification by K models, each trained on all folds but one; new examples get the label of the mean
/// of their logits.
///
/// The output folder holds a model a fold (`fold-0`, …), `oof.csv` (each example's label by the model that did
/// not learn from it), `metrics.json`, `report.html` and, with test data, `submission.csv`.
///
/// @param settings of every fold
/// @param folds K, stratified by the label and shuffled by the run's seed
public record PairFolds(PairClassification.Settings settings, int folds) {

    /// @param run its development data are not used
    /// @param test to be predicted, and scored where it is labelled; null for none
    /// @return empty if the run was stopped
    public Optional<FoldScores> train(FineTuning run, Dataset test) {
        var plan = new FoldPlan<>(run, folds, test, new PairClassification(settings)::recipe, FoldPlan::mean);
        return FoldRuns.train(plan).map(runs -> {
            plan.csv("oof.csv", outOfFold(plan.run().train(), runs));
            if (plan.test() != null) plan.csv("submission.csv", submission(plan.test(), runs.test()));
            return plan.report(runs);
        });
    }

    private static List<List<String>> outOfFold(Dataset data, FoldRuns runs) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(header(data.labels(), "id", "fold", "expected", "label"));
        for (int i = 0; i < data.size(); i++) {
            Target.OneOf expected = (Target.OneOf) data.examples().get(i).target();
            List<String> row = new ArrayList<>(List.of(
                    data.examples().get(i).id(),
                    Integer.toString(runs.division().fold()[i]),
                    data.labels().get(expected.label())));
            rows.add(row(row, data.labels(), runs.outOfFold()[i]));
        }
        return rows;
    }

    private static List<List<String>> submission(Dataset test, float[][] logits) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(header(test.labels(), "id", "label"));
        for (int i = 0; i < logits.length; i++)
            rows.add(row(new ArrayList<>(List.of(test.examples().get(i).id())), test.labels(), logits[i]));
        return rows;
    }

    private static List<String> header(List<String> labels, String... first) {
        List<String> header = new ArrayList<>(List.of(first));
        for (String label : labels) header.add("probability_" + label);
        return header;
    }

    /// The label, then how probable each one is.
    private static List<String> row(List<String> begin, List<String> labels, float[] logits) {
        begin.add(labels.get(Probabilities.argmax(logits)));
        for (float p : Probabilities.softmax(logits)) begin.add(Float.toString(p));
        return begin;
    }
}
