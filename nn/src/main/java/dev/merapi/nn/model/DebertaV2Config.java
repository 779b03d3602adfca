package dev.merapi.nn.model;

import dev.merapi.engine.kernel.Activation;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// What makes a DeBERTa-v2 or -v3 beside the numbers of all encoders.
///
/// @param encoder            the numbers of all encoders
/// @param embeddingSize      E, the width of the tables of tokens; C where the config does not say
/// @param absolutePositions  position_biased_input: whether positions are added to the embeddings
/// @param relativeAttention  relative_attention: whether there is a table of relative positions
/// @param contentToPosition  `c2p` is among pos_att_type
/// @param positionToContent  `p2c` is among pos_att_type
/// @param sharedProjections  share_att_key: positions are projected as tokens are
/// @param buckets            position_buckets and max_relative_positions
/// @param normalizedPositions norm_rel_ebd has `layer_norm`
/// @param convolution        null without one
public record DebertaV2Config(
        EncoderConfig encoder,
        int embeddingSize,
        boolean absolutePositions,
        boolean relativeAttention,
        boolean contentToPosition,
        boolean positionToContent,
        boolean sharedProjections,
        RelativeBuckets buckets,
        boolean normalizedPositions,
        Convolution convolution) {

    /// @param taps       conv_kernel_size, an odd number
    /// @param groups     conv_groups
    /// @param activation conv_act
    public record Convolution(int taps, int groups, Activation activation) {}

    public DebertaV2Config {
        if (relativeAttention && buckets.buckets() == 1)
            throw new PretrainedException("config.json: position_buckets is 1, expected at least 2, or -1 for none");
        if (convolution != null
                && (convolution.taps % 2 == 0
                        || convolution.groups < 1
                        || encoder.hiddenSize() % convolution.groups != 0))
            throw new PretrainedException("config.json: conv_kernel_size " + convolution.taps
                    + " must be odd and conv_groups " + convolution.groups + " divide hidden_size "
                    + encoder.hiddenSize());
    }

    /// Reads a transformers config; what it leaves out has the defaults of transformers.
    ///
    /// @throws PretrainedException if it describes a variant that this one is not
    public static DebertaV2Config of(Json.Obj json) {
        int channels = json.integer("hidden_size", 1536), heads = json.integer("num_attention_heads", 24);
        int maxPositions = json.integer("max_position_embeddings", 512);
        int reach = json.integer("max_relative_positions", -1);
        boolean absolute = json.bool("position_biased_input", true);
        float hiddenDropout = (float) json.number("hidden_dropout_prob", 0.1);
        EncoderConfig encoder = new EncoderConfig(
                json.integer("vocab_size", 128100),
                channels,
                json.integer("num_hidden_layers", 24),
                heads,
                json.integer("intermediate_size", 6144),
                EncoderConfig.activation(json, "hidden_act"),
                hiddenDropout,
                (float) json.number("attention_probs_dropout_prob", 0.1),
                (float) json.number("cls_dropout", hiddenDropout),
                absolute ? maxPositions : Integer.MAX_VALUE,
                json.integer("type_vocab_size", 0),
                (float) json.number("layer_norm_eps", 1e-7),
                (float) json.number("initializer_range", 0.02));
        requireSize(json, "attention_head_size", channels / heads);
        requireSize(json, "pooler_hidden_size", channels);
        List<String> terms = terms(json);
        return new DebertaV2Config(
                encoder,
                json.integer("embedding_size", channels),
                absolute,
                json.bool("relative_attention", false),
                terms.contains("c2p"),
                terms.contains("p2c"),
                json.bool("share_att_key", false),
                new RelativeBuckets(json.integer("position_buckets", -1), reach < 1 ? maxPositions : reach),
                words(json.string("norm_rel_ebd", "none")).contains("layer_norm"),
                convolution(json));
    }

    /// `["c2p", "p2c"]`, or `"c2p|p2c"` as Microsoft's configs have it.
    private static List<String> terms(Json.Obj json) {
        if (!json.has("pos_att_type")) return List.of();
        return json.get("pos_att_type") instanceof Json.Str(String text) ? words(text) : json.strings("pos_att_type");
    }

    /// The parts of `"C2P | p2c"`.
    private static List<String> words(String text) {
        return Arrays.stream(text.toLowerCase(Locale.ROOT).split("\\|"))
                .map(String::strip)
                .toList();
    }

    private static Convolution convolution(Json.Obj json) {
        int taps = json.integer("conv_kernel_size", 0);
        if (taps < 1) return null;
        Activation activation = json.has("conv_act") ? EncoderConfig.activation(json, "conv_act") : Activation.TANH;
        return new Convolution(taps, json.integer("conv_groups", 1), activation);
    }

    private static void requireSize(Json.Obj json, String name, int expected) {
        int got = json.integer(name, expected);
        if (got != expected)
            throw new PretrainedException(json.where() + name + " is " + got + ", expected " + expected
                    + " beside hidden_size and num_attention_heads");
    }

    /// What the scores are multiplied with: `1 / √(D·(1 + [c2p] + [p2c]))`, whether or not there is a table.
    float scale() {
        int depth = encoder.hiddenSize() / encoder.heads();
        return (float) (1 / Math.sqrt(depth * (1 + (contentToPosition ? 1 : 0) + (positionToContent ? 1 : 0))));
    }
}
