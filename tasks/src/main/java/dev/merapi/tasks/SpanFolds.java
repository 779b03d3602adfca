package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.EncodedSpans;
import dev.merapi.metrics.FoldScores;
import dev.merapi.metrics.TextOverlap;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Span extraction by K models, each trained on all folds but one; new texts get the part that the mean of
/// their logits points at.
///
/// The output folder holds a model a fold (`fold-0`, …), `oof.csv` (the out-of-fold parts and their Jaccard),
/// `metrics.json`, `report.html` and, with test data, `submission.csv` with `textID,selected_text`.
///
/// @param settings of every fold
/// @param folds K, stratified by the context and shuffled by the run's seed
public record SpanFolds(SpanExtraction.Settings settings, int folds) {

    /// @param run its development data are not used
    /// @param test to be predicted, and scored where its parts are known; null for none
    /// @return empty if the run was stopped
    public Optional<FoldScores> train(FineTuning run, Dataset test) {
        var plan = new FoldPlan<>(run, folds, test, learned -> new SpanExtraction(settings).recipe(), FoldPlan::mean);
        return FoldRuns.train(plan).map(runs -> {
            plan.csv("oof.csv", outOfFold(plan.run().train(), runs));
            if (plan.test() != null) plan.csv("submission.csv", submission(plan.test(), runs));
            return plan.report(runs);
        });
    }

    private static EncodedSpans spans(Dataset data, FoldRuns runs) {
        return EncodedSpans.of(data.examples(), runs.tokenizer(), runs.input().maxLength());
    }

    private String part(EncodedSpans spans, int row, float[][] logits) {
        return SpanExtractor.part(spans, row, logits[row], settings.wholeText());
    }

    private List<List<String>> outOfFold(Dataset data, FoldRuns runs) {
        EncodedSpans spans = spans(data, runs);
        List<List<String>> rows = new ArrayList<>(List.of(List.of("textID", "fold", "selected_text", "jaccard")));
        for (int row = 0; row < data.size(); row++) {
            String part = part(spans, row, runs.outOfFold());
            rows.add(List.of(
                    data.examples().get(row).id(),
                    Integer.toString(runs.division().fold()[row]),
                    part,
                    Double.toString(TextOverlap.jaccard(spans.expected(row), part))));
        }
        return rows;
    }

    private List<List<String>> submission(Dataset test, FoldRuns runs) {
        EncodedSpans spans = spans(test, runs);
        List<List<String>> rows = new ArrayList<>(List.of(List.of("textID", "selected_text")));
        for (int row = 0; row < test.size(); row++)
            rows.add(List.of(test.examples().get(row).id(), part(spans, row, runs.test())));
        return rows;
    }
}
