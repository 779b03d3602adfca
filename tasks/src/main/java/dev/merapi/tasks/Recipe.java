package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.Target;
import dev.merapi.metrics.Evaluation;
import dev.merapi.nn.model.ProblemType;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.train.Objective;
import java.util.function.UnaryOperator;

/// What makes one classification task different from another; [ClassificationRun] does what they have in common.
///
/// @param problemType what the model's outputs mean
/// @param target what every example must come with
/// @param input how text becomes tokens
/// @param dropout of the whole model instead of its config's; null for the config's
/// @param freezeEncoder trains the pooler and head alone
/// @param objective the loss
/// @param scoring how good predictions are
/// @param record adds the task's own settings to `settings.json`
record Recipe(
        ProblemType problemType,
        Class<? extends Target> target,
        InputSettings input,
        Float dropout,
        boolean freezeEncoder,
        Objective objective,
        Scoring scoring,
        UnaryOperator<Json.Obj> record) {

    /// How good outputs are.
    @FunctionalInterface
    interface Scoring {
        /// @param logits [rows][K], in the order of the examples
        /// @param data examples that all have the task's target
        Evaluation score(float[][] logits, Dataset data);
    }
}
