package dev.merapi.nn.model;

import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Gather;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Activation;
import dev.merapi.nn.Linear;
import dev.merapi.nn.Parameters;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.SharedLinear;
import dev.merapi.nn.pretrained.Json;

/// The head of sequence classification, on the first token's hidden state:
///
///     pooled = f(Wd·dropout(first) + bd)       logits = W·dropout(pooled) + b
///
///     hidden [N, C]    first, pooled [B, C]    logits [B, K]
///
/// The architectures differ in f, in the two dropouts and in the names.
final class SequenceHead {
    private final float dropoutBefore;
    private final Linear dense;
    private final Activation activation;
    private final float dropoutAfter;
    private final Linear classifier; // null where the outputs share one weight
    private final SharedLinear shared;
    private final int firstSite;

    private SequenceHead(
            float dropoutBefore,
            Linear dense,
            Activation activation,
            float dropoutAfter,
            Outputs outputs,
            int firstSite) {
        this.dropoutBefore = dropoutBefore;
        this.dense = dense;
        this.activation = activation;
        this.dropoutAfter = dropoutAfter;
        this.classifier = outputs.linear();
        this.shared = outputs.shared();
        this.firstSite = firstSite;
    }

    /// @param at where `bert` and `classifier` are named
    /// @param json    the config, for what only some architectures have
    /// @param outputs K
    static SequenceHead of(ModelType type, Parameters at, Encoder encoder, Json.Obj json, int outputs) {
        int c = encoder.config().hiddenSize();
        int site = encoder.dropoutSites();
        float p = encoder.config().classifierDropout();
        return switch (type) {
            case BERT -> // the dense layer is BERT's pooler
                new SequenceHead(
                        0,
                        new Linear(at.under("bert.pooler.dense"), c, c),
                        Activation.TANH,
                        p,
                        Outputs.of(at.under("classifier"), json, c, outputs),
                        site);
            case ROBERTA, XLM_ROBERTA, CAMEMBERT, MPNET ->
                new SequenceHead(
                        p,
                        new Linear(at.under("classifier.dense"), c, c),
                        Activation.TANH,
                        p,
                        Outputs.of(at.under("classifier.out_proj"), json, c, outputs),
                        site);
            case ELECTRA ->
                new SequenceHead(
                        p,
                        new Linear(at.under("classifier.dense"), c, c),
                        Activation.GELU,
                        p,
                        Outputs.of(at.under("classifier.out_proj"), json, c, outputs),
                        site);
            case DEBERTA_V2 -> // the dense layer is the ContextPooler, beside the encoder in names
                new SequenceHead(
                        (float) json.number("pooler_dropout", 0),
                        new Linear(at.under("pooler.dense"), c, c),
                        EncoderConfig.activation(json, "pooler_hidden_act"),
                        p,
                        Outputs.of(at.under("classifier"), json, c, outputs),
                        site);
            case DISTILBERT ->
                new SequenceHead(
                        0,
                        new Linear(at.under("pre_classifier"), c, c),
                        Activation.RELU,
                        p,
                        Outputs.of(at.under("classifier"), json, c, outputs),
                        site);
        };
    }

    /// hidden [N, C] → [B, C]
    Tensor pooled(Tensor hidden, Sequences batch, Pass pass) {
        Tensor first = Gather.rows(hidden, batch.firstTokens()); // [B, C]
        return dense.forward(Elementwise.dropout(first, pass.dropout(dropoutBefore, firstSite + 1)), activation);
    }

    /// hidden [N, C] → [B, K]
    Tensor forward(Tensor hidden, Sequences batch, Pass pass) {
        Tensor pooled = pooled(hidden, batch, pass); // [B, C]
        Tensor dropped = Elementwise.dropout(pooled, pass.dropout(dropoutAfter, firstSite));
        return shared == null ? classifier.forward(dropped) : shared.forward(dropped);
    }

    /// Repeats a weight that all outputs share for each of them.
    void beforeSave() {
        if (shared != null) shared.repeat();
    }

    /// The last layer: one of both.
    private record Outputs(Linear linear, SharedLinear shared) {
        static Outputs of(Parameters at, Json.Obj json, int inputs, int outputs) {
            return json.bool(SequenceClassifier.SHARED_WEIGHT, false)
                    ? new Outputs(null, new SharedLinear(at, inputs, outputs))
                    : new Outputs(new Linear(at, inputs, outputs), null);
        }
    }
}
