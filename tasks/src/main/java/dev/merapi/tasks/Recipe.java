package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.Encoded;
import dev.merapi.data.Target;
import dev.merapi.engine.Device;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.Metric;
import dev.merapi.nn.model.LoadOptions;
import dev.merapi.nn.model.Model;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.report.Findings;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.train.BestBy;
import dev.merapi.train.Objective;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/// What makes one task different from another; [TaskRun] does what they have in common.
///
/// @param <M> the kind of model
interface Recipe<M extends Model> {
    /// What `settings.json` calls the problem.
    String problemType();

    /// What every example must come with.
    Class<? extends Target> target();

    /// What evaluations say.
    List<Metric> metrics();

    /// Which of them decides, where nobody chooses another.
    BestBy bestBy();

    /// How text becomes tokens.
    InputSettings input();

    /// Dropout of the whole model instead of its config's; null for the config's.
    Float dropout();

    /// Whether the head alone is trained.
    boolean freezeEncoder();

    /// The pretrained encoder under a new head.
    M start(Pretrained start, Dataset train, Float dropout, Device device, long seed);

    /// A model that this task saved.
    M saved(Path folder, LoadOptions options);

    /// Examples as tokens, with their loss and their scores.
    Prepared prepare(Dataset data, Tokenizer tokenizer, InputSettings input);

    /// Adds the task's own settings to `settings.json`.
    Json.Obj record(Json.Obj settings);

    /// @param tokens    of the examples
    /// @param objective their loss, by the rows of a batch
    /// @param scoring   how good outputs are, [rows][…] in the order of the examples
    /// @param findings  what they say row by row
    record Prepared(
            Encoded tokens,
            Objective objective,
            Function<float[][], Evaluation> scoring,
            Function<float[][], Findings> findings) {}
}
