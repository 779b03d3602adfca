package dev.merapi.nn.model;

import dev.merapi.engine.Tensor;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.pretrained.Checkpoint;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import java.nio.file.Path;
import java.util.List;

/// K outputs a sequence, from its first token, as transformers' `…ForSequenceClassification`; see
/// [ProblemType] for what they mean and `SequenceHead` for the formula.
///
///     hidden [N, C]    logits [B, K]
public final class SequenceClassifier extends Model {
    /// The config member, transformers has none like it, that makes all outputs share one weight,
    /// [dev.merapi.nn.SharedLinear].
    public static final String SHARED_WEIGHT = "shared_output_weight";

    private final SequenceHead head;
    private final List<String> labels;
    private final ProblemType problemType;

    private SequenceClassifier(Json.Obj json, Checkpoint checkpoint, LoadOptions options) {
        super(json, options);
        this.labels = labels(json, options);
        this.problemType = options.problemType() != null ? options.problemType() : problemType(json, labels.size());
        if (problemType == ProblemType.SINGLE_LABEL_CLASSIFICATION && labels.size() == 1)
            throw new PretrainedException(json.where() + "problem_type is single_label_classification with the label "
                    + labels + " alone, expected at least two; name another, or ask for a regression");
        this.head = SequenceHead.of(type(), root(), encoder(), effective(json, options), labels.size());
        load(checkpoint, options, _ -> false);
    }

    /// Loads a Hugging Face folder: `config.json` and its weights.
    ///
    /// @throws PretrainedException if a file is missing, damaged or does not fit; the message names file,
    ///     tensor and remedy
    public static SequenceClassifier fromPretrained(Path folder, LoadOptions options) {
        Json.Obj config = readConfig(folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return of(config, checkpoint, options);
        }
    }

    /// From a config and weights that come from elsewhere: a jar's resource, say.
    public static SequenceClassifier of(Json.Obj config, Checkpoint checkpoint, LoadOptions options) {
        return new SequenceClassifier(config, checkpoint, options);
    }

    @Override
    public Tensor head(Tensor hidden, Sequences batch, Pass pass) {
        return head.forward(hidden, batch, pass); // [B, K]
    }

    /// What the last linear layer sees: the first token's hidden state behind the head's dense layer.
    ///
    ///     hidden [N, C]    pooled [B, C]
    public Tensor pooled(Tensor hidden, Sequences batch, Pass pass) {
        return head.pooled(hidden, batch, pass);
    }

    /// Names of the outputs, in order.
    public List<String> labels() {
        return labels;
    }

    public ProblemType problemType() {
        return problemType;
    }

    @Override
    void beforeSave() {
        head.beforeSave();
    }

    @Override
    String architecture() {
        return "ForSequenceClassification";
    }

    @Override
    Json.Obj configToSave(Json.Obj config) {
        return withLabels(config, labels).with("problem_type", problemType.configName());
    }

    private static ProblemType problemType(Json.Obj json, int outputs) {
        String name = json.string("problem_type", "");
        for (ProblemType type : ProblemType.values()) if (type.configName().equals(name)) return type;
        if (!name.isEmpty())
            throw new PretrainedException(json.where() + "problem_type is \"" + name
                    + "\", expected single_label_classification, multi_label_classification or regression");
        return outputs == 1 ? ProblemType.REGRESSION : ProblemType.SINGLE_LABEL_CLASSIFICATION;
    }
}
