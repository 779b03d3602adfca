package dev.merapi.nn.model;

import dev.merapi.engine.Matmul;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Activation;
import dev.merapi.nn.LayerNorm;
import dev.merapi.nn.Linear;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.Parameters;
import dev.merapi.nn.pretrained.Json;

/// The head of masked language modelling: which token stands here?
///
///     logits = E·LayerNorm(f(W·hidden + b)) + bias
///
///     hidden [N, C]    W [E, C]    E [V, E], the encoder's table of token embeddings    logits [N, V]
///
/// The decoder is tied to the embeddings, so the table gets gradients of both ends. The architectures differ in
/// the names alone.
final class MaskedLanguageHead {
    private final Linear dense;
    private final Activation activation;
    private final LayerNorm norm;
    private final Tensor table;
    private final Tensor bias;

    private MaskedLanguageHead(Linear dense, Activation activation, LayerNorm norm, Tensor table, Tensor bias) {
        this.dense = dense;
        this.activation = activation;
        this.norm = norm;
        this.table = table;
        this.bias = bias;
    }

    static MaskedLanguageHead of(ModelType type, Parameters at, Encoder encoder, Json.Obj json) {
        Names names = Names.of(type, json);
        EncoderConfig config = encoder.config();
        Tensor table = encoder.wordEmbeddings();
        int width = table.shape().columns();
        boolean configured = switch (type) {
            case BERT, DISTILBERT, DEBERTA_V2 -> true;
            case ROBERTA, XLM_ROBERTA, CAMEMBERT, ELECTRA, MPNET -> false; // erf-gelu whatever the config says
        };
        return new MaskedLanguageHead(
                new Linear(at.under(names.dense), config.hiddenSize(), width),
                configured ? config.activation() : Activation.GELU,
                new LayerNorm(at.under(names.norm), width, config.layerNormEps()),
                table,
                at.add(names.bias, Parameter.Initial.ZEROS, config.vocabularySize()));
    }

    /// Copies of tied weights under these names may lie in a checkpoint.
    static boolean isTied(ModelType type, Json.Obj json, String name) {
        Names names = Names.of(type, json);
        return name.startsWith(names.decoder + ".") && !name.equals(names.bias);
    }

    /// hidden [M, C] → [M, V]
    Tensor forward(Tensor hidden) {
        Tensor x = norm.forward(dense.forward(hidden, activation)); // [M, E]
        return Matmul.linear(x, table, bias);
    }

    /// @param decoder the linear layer whose weight is tied to the embeddings
    private record Names(String dense, String norm, String bias, String decoder) {
        private static final Names BERT = new Names(
                "cls.predictions.transform.dense",
                "cls.predictions.transform.LayerNorm",
                "cls.predictions.bias",
                "cls.predictions.decoder");

        static Names of(ModelType type, Json.Obj json) {
            return switch (type) {
                case BERT -> BERT;
                case DEBERTA_V2 -> // what Microsoft's checkpoints hold, or what transformers made of it
                    json.bool("legacy", true)
                            ? BERT
                            : new Names(
                                    "lm_predictions.lm_head.dense",
                                    "lm_predictions.lm_head.LayerNorm",
                                    "lm_predictions.lm_head.bias",
                                    "lm_predictions.lm_head.decoder");
                case ROBERTA, XLM_ROBERTA, CAMEMBERT, MPNET ->
                    new Names("lm_head.dense", "lm_head.layer_norm", "lm_head.bias", "lm_head.decoder");
                case DISTILBERT ->
                    new Names("vocab_transform", "vocab_layer_norm", "vocab_projector.bias", "vocab_projector");
                case ELECTRA ->
                    new Names(
                            "generator_predictions.dense",
                            "generator_predictions.LayerNorm",
                            "generator_lm_head.bias",
                            "generator_lm_head");
            };
        }
    }
}
