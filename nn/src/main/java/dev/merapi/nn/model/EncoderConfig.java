package dev.merapi.nn.model;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;

/// The numbers that all encoders have, by BERT's names in `config.json`; an architecture's own are beside it.
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
/// @param maxLength        the longest sequence; [Integer#MAX_VALUE] where nothing limits it
/// @param typeVocabularySize type_vocab_size; 0 where the model ignores type ids
/// @param layerNormEps     ε of every layer norm
/// @param initializerRange standard deviation of new weights
public record EncoderConfig(
        int vocabularySize,
        int hiddenSize,
        int layers,
        int heads,
        int intermediateSize,
        Activation activation,
        float hiddenDropout,
        float attentionDropout,
        float classifierDropout,
        int maxLength,
        int typeVocabularySize,
        float layerNormEps,
        float initializerRange) {

    public EncoderConfig {
        if (heads < 1 || hiddenSize % heads != 0)
            throw new PretrainedException(
                    "config.json: hidden_size " + hiddenSize + " is not a multiple of num_attention_heads " + heads
                            + "; each head gets hidden_size / num_attention_heads channels");
        if (layers < 1 || vocabularySize < 1 || intermediateSize < 1 || maxLength < 1 || typeVocabularySize < 0)
            throw new PretrainedException(
                    "config.json: num_hidden_layers, vocab_size, intermediate_size and the positions must be at least"
                            + " 1 and type_vocab_size not negative, got " + layers + ", " + vocabularySize + ", "
                            + intermediateSize + ", " + maxLength + ", " + typeVocabularySize);
    }

    /// Reads a transformers config with BERT's names; what it leaves out has the defaults of transformers.
    ///
    /// @throws PretrainedException if it describes a variant that this one is not
    public static EncoderConfig of(Json.Obj json) {
        String positions = json.string("position_embedding_type", "absolute");
        if (!positions.equals("absolute"))
            throw new PretrainedException(
                    json.where() + "position_embedding_type is \"" + positions + "\", expected \"absolute\"");
        for (String decoder : new String[] {"is_decoder", "add_cross_attention"})
            if (json.bool(decoder, false))
                throw new PretrainedException(json.where() + decoder + " is true, expected an encoder");
        float hiddenDropout = (float) json.number("hidden_dropout_prob", 0.1);
        return new EncoderConfig(
                json.integer("vocab_size"),
                json.integer("hidden_size"),
                json.integer("num_hidden_layers"),
                json.integer("num_attention_heads"),
                json.integer("intermediate_size"),
                activation(json, "hidden_act"),
                hiddenDropout,
                (float) json.number("attention_probs_dropout_prob", 0.1),
                (float) json.number("classifier_dropout", hiddenDropout),
                json.integer("max_position_embeddings", 512),
                json.integer("type_vocab_size", 2),
                (float) json.number("layer_norm_eps", 1e-12),
                (float) json.number("initializer_range", 0.02));
    }

    /// The activation that a config's member names; gelu where it has none.
    static Activation activation(Json.Obj json, String member) {
        String name = json.string(member, "gelu");
        return switch (name) {
            case "gelu", "gelu_python" -> Activation.GELU;
            case "gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_fast", "gelu_accurate" ->
                Activation.GELU_TANH;
            case "relu" -> Activation.RELU;
            case "tanh" -> Activation.TANH;
            default ->
                throw new PretrainedException(json.where() + member + " is \"" + name
                        + "\", expected gelu, gelu_new, gelu_pytorch_tanh, relu or tanh");
        };
    }

    /// The same numbers but for two: where positions are counted otherwise, or there are no types.
    EncoderConfig with(int maxLength, int typeVocabularySize) {
        return new EncoderConfig(
                vocabularySize,
                hiddenSize,
                layers,
                heads,
                intermediateSize,
                activation,
                hiddenDropout,
                attentionDropout,
                classifierDropout,
                maxLength,
                typeVocabularySize,
                layerNormEps,
                initializerRange);
    }

    /// @throws IllegalArgumentException if a sequence has more tokens than the model has positions
    void requireLength(Sequences batch) {
        if (batch.longest() > maxLength)
            throw new IllegalArgumentException("encoder: a sequence of " + batch.longest()
                    + " tokens is longer than the " + maxLength + " that the model reads; truncate it (max length "
                    + maxLength + ")");
    }
}
