package dev.merapi.nn.model;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;

/// The numbers that make a BERT, as `config.json` names them.
///
/// @param vocabularySize   vocab_size
/// @param hiddenSize       C
/// @param layers           num_hidden_layers
/// @param heads            num_attention_heads, a divisor of C
/// @param intermediateSize width of the feed-forward layer
/// @param activation       hidden_act
/// @param hiddenDropout    hidden_dropout_prob, after embeddings and sublayers
/// @param attentionDropout attention_probs_dropout_prob
/// @param classifierDropout classifier_dropout, or hiddenDropout where the config has none
/// @param maxPositions     max_position_embeddings: no sequence may be longer
/// @param typeVocabularySize type_vocab_size
/// @param layerNormEps     ε of every layer norm
/// @param initializerRange standard deviation of new weights
public record BertConfig(
        int vocabularySize,
        int hiddenSize,
        int layers,
        int heads,
        int intermediateSize,
        Activation activation,
        float hiddenDropout,
        float attentionDropout,
        float classifierDropout,
        int maxPositions,
        int typeVocabularySize,
        float layerNormEps,
        float initializerRange) {

    public BertConfig {
        if (heads < 1 || hiddenSize % heads != 0)
            throw new PretrainedException(
                    "config.json: hidden_size " + hiddenSize + " is not a multiple of num_attention_heads " + heads
                            + "; each head gets hidden_size / num_attention_heads channels");
        if (layers < 1 || vocabularySize < 1 || intermediateSize < 1 || maxPositions < 1 || typeVocabularySize < 1)
            throw new PretrainedException(
                    "config.json: num_hidden_layers, vocab_size, intermediate_size, max_position_embeddings and type_vocab_size "
                            + "must be at least 1, got " + layers + ", " + vocabularySize + ", " + intermediateSize
                            + ", " + maxPositions + ", " + typeVocabularySize);
    }

    /// Reads a transformers config; what it leaves out has the defaults of transformers.
    ///
    /// @throws PretrainedException if it describes another architecture or a variant that this one is not
    public static BertConfig of(Json.Obj json) {
        String type = json.string("model_type", "bert");
        if (!type.equals("bert"))
            throw new PretrainedException(json.where() + "model_type is \"" + type
                    + "\", expected \"bert\"; other architectures are not supported yet");
        String positions = json.string("position_embedding_type", "absolute");
        if (!positions.equals("absolute"))
            throw new PretrainedException(
                    json.where() + "position_embedding_type is \"" + positions + "\", expected \"absolute\"");
        if (json.bool("is_decoder", false))
            throw new PretrainedException(json.where() + "is_decoder is true, expected an encoder");
        float hiddenDropout = (float) json.number("hidden_dropout_prob", 0.1);
        return new BertConfig(
                json.integer("vocab_size"),
                json.integer("hidden_size"),
                json.integer("num_hidden_layers"),
                json.integer("num_attention_heads"),
                json.integer("intermediate_size"),
                activation(json.string("hidden_act", "gelu"), json.where()),
                hiddenDropout,
                (float) json.number("attention_probs_dropout_prob", 0.1),
                (float) json.number("classifier_dropout", hiddenDropout),
                json.integer("max_position_embeddings", 512),
                json.integer("type_vocab_size", 2),
                (float) json.number("layer_norm_eps", 1e-12),
                (float) json.number("initializer_range", 0.02));
    }

    private static Activation activation(String name, String where) {
        return switch (name) {
            case "gelu" -> Activation.GELU;
            case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Activation.GELU_TANH;
            case "relu" -> Activation.RELU;
            case "tanh" -> Activation.TANH;
            default ->
                throw new PretrainedException(where + "hidden_act is \"" + name
                        + "\", expected gelu, gelu_new, gelu_pytorch_tanh, relu or tanh");
        };
    }

    /// The same network with every dropout at p.
    public BertConfig withDropout(float p) {
        return new BertConfig(
                vocabularySize,
                hiddenSize,
                layers,
                heads,
                intermediateSize,
                activation,
                p,
                p,
                p,
                maxPositions,
                typeVocabularySize,
                layerNormEps,
                initializerRange);
    }
}
