package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.Target;
import dev.merapi.metrics.FoldScores;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Ordinal regression by K models, each trained on all folds but one; new texts get the label of the mean of
/// their logits.
///
/// The output folder holds a model a fold (`fold-0`, …), `oof.csv` (each text's label by the model that did not
/// learn from it), `metrics.json`, `report.html` and, with test data, `submission.csv`.
///
/// @param settings of every fold
/// @param folds K, stratified by the label and shuffled by the run's seed
public record OrdinalFolds(OrdinalRegression.Settings settings, int folds) {

    /// @param run its development data are not used
    /// @param test to be predicted, and scored where it is labelled; null for none
    /// @return empty if the run was stopped
    public Optional<FoldScores> train(FineTuning run, Dataset test) {
        var plan = new FoldPlan<>(run, folds, test, new OrdinalRegression(settings)::recipe, FoldPlan::mean);
        return FoldRuns.train(plan).map(runs -> {
            plan.csv("oof.csv", outOfFold(plan.run().train(), runs));
            if (plan.test() != null) plan.csv("submission.csv", submission(plan.test(), runs.test()));
            return plan.report(runs);
        });
    }

    private List<List<String>> outOfFold(Dataset data, FoldRuns runs) {
        List<List<String>> rows = new ArrayList<>(List.of(List.of("id", "fold", "expected", "label")));
        for (int i = 0; i < data.size(); i++) {
            Target.OneOf expected = (Target.OneOf) data.examples().get(i).target();
            rows.add(List.of(
                    data.examples().get(i).id(),
                    Integer.toString(runs.division().fold()[i]),
                    data.labels().get(expected.label()),
                    label(runs.outOfFold()[i], data.labels())));
        }
        return rows;
    }

    private List<List<String>> submission(Dataset test, float[][] logits) {
        List<List<String>> rows = new ArrayList<>(List.of(List.of("id", "label")));
        for (int i = 0; i < logits.length; i++)
            rows.add(List.of(test.examples().get(i).id(), label(logits[i], test.labels())));
        return rows;
    }

    private String label(float[] logits, List<String> labels) {
        return labels.get(OrdinalRegression.label(logits, settings.method(), labels.size()));
    }
}
