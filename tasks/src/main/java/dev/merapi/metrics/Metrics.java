package dev.merapi.metrics;

import java.util.LinkedHashMap;
import java.util.Map;

/// What an evaluation says in a line.
///
/// @param rows how many examples were evaluated
/// @param loss the mean loss, without class weights and label smoothing
/// @param accuracy the share of rows that are right; with several labels a row, right in all of them
/// @param microF1 F1 over all decisions together; with one label a row it equals the accuracy
/// @param macroF1 the mean of the classes' F1
/// @param weightedF1 the mean of the classes' F1, weighted by how often each occurs
public record Metrics(int rows, double loss, double accuracy, double microF1, double macroF1, double weightedF1) {

    /// Name and value of each, in a fixed order: `loss`, `accuracy`, `micro_f1`, `macro_f1`, `weighted_f1`.
    public Map<String, Double> values() {
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("loss", loss);
        values.put("accuracy", accuracy);
        values.put("micro_f1", microF1);
        values.put("macro_f1", macroF1);
        values.put("weighted_f1", weightedF1);
        return values;
    }
}
