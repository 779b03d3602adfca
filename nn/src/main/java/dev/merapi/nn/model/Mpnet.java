package dev.merapi.nn.model;

import dev.merapi.engine.BiasedAttention;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Gather;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.nn.LayerNorm;
import dev.merapi.nn.Linear;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.Parameters;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// MPNet (Song et al. 2020, arXiv:2004.09297): [Bert] without token types, positions counted as [Roberta]
/// counts them, and scores that know how far apart two tokens are: a bias by head and by the bucket of the
/// distance, the same in all layers, as in T5.
///
///     ids [N] ─Embeddings▶ [N, C] ─Layer × L▶ hidden [N, C]
///                bias [buckets, H] ─▲ to every layer
public final class Mpnet implements Encoder {
    private static final int PADDING_ID = 1; // whatever the config says
    private static final int BUCKETS = 32; // likewise
    private static final int FAR = 128; // from this distance on all share a bucket

    private final EncoderConfig config;
    private final Embeddings embeddings;
    private final List<Layer> layers;
    private final Tensor bias;

    private Mpnet(Parameters at, EncoderConfig config, int buckets) {
        if (buckets < BUCKETS)
            throw new PretrainedException("config.json: relative_attention_num_buckets is " + buckets
                    + ", expected at least " + BUCKETS + ", which MPNet counts with");
        this.config = config;
        this.embeddings = new Embeddings(at.under("embeddings"), config);
        List<Layer> built = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) built.add(new Layer(at.under("encoder.layer." + i), config, i));
        this.layers = List.copyOf(built);
        this.bias = at.add("encoder.relative_attention_bias.weight", Parameter.Initial.NORMAL, buckets, config.heads());
    }

    /// @param at where its parameters are named: `mpnet.` under a head, the root alone
    public static Mpnet of(Parameters at, Json.Obj json) {
        EncoderConfig config = EncoderConfig.of(json.without("classifier_dropout")); // MPNet's head does not know it
        return new Mpnet(
                at,
                config.with(config.maxLength() - PADDING_ID - 1, 0),
                json.integer("relative_attention_num_buckets", 32));
    }

    @Override
    public Tensor forward(Sequences batch, Pass pass, Consumer<Tensor> states) {
        config.requireLength(batch);
        int[] buckets = buckets(batch.longest());
        Tensor x = embeddings.forward(batch, pass); // [N, C]
        states.accept(x);
        for (Layer layer : layers) {
            Tensor input = x;
            x = Scope.checkpoint(() -> layer.forward(input, bias, buckets, batch.starts(), pass)); // [N, C]
            states.accept(x);
        }
        return x;
    }

    /// The bucket of each distance j − i from 1 − T to T − 1 (of 32, in transformers too): 16 for tokens
    /// before, 16 for tokens behind; the eight nearest distances have their own, the rest share on a
    /// logarithmic scale.
    ///
    ///     [2 T − 1]
    static int[] buckets(int longest) {
        int[] buckets = new int[2 * longest - 1];
        for (int distance = 1 - longest; distance < longest; distance++) {
            int n = Math.abs(distance);
            int bucket = n < 8
                    ? n
                    : Math.min(
                            15, 8 + (int) ((float) Math.log(n / 8f) / (float) Math.log(FAR / 8.0) * 8)); // in float32
            buckets[distance + longest - 1] = bucket + (distance > 0 ? 16 : 0);
        }
        return buckets;
    }

    @Override
    public EncoderConfig config() {
        return config;
    }

    @Override
    public Tensor wordEmbeddings() {
        return embeddings.words;
    }

    @Override
    public int dropoutSites() {
        return 1 + 3 * layers.size();
    }

    /// `x = dropout(LayerNorm(word[id] + position[i]))`
    ///
    ///     word [V, C]    position [positions, C]    x [N, C]
    private static final class Embeddings {
        private final EncoderConfig config;
        private final Tensor words;
        private final Tensor positions;
        private final LayerNorm norm;

        Embeddings(Parameters at, EncoderConfig config) {
            int channels = config.hiddenSize();
            this.config = config;
            this.words = at.addTable("word_embeddings.weight", config.vocabularySize(), channels);
            this.positions = at.addTable("position_embeddings.weight", config.maxLength() + PADDING_ID + 1, channels);
            this.norm = new LayerNorm(at.under("LayerNorm"), channels, config.layerNormEps());
        }

        Tensor forward(Sequences batch, Pass pass) {
            int[] places = Roberta.positions(batch, PADDING_ID);
            Tensor sum = Gather.embeddings(words, batch.ids(), positions, places, null, null); // [N, C]
            return Elementwise.dropout(norm.forward(sum), pass.dropout(config.hiddenDropout(), 0));
        }
    }

    /// One transformer layer:
    ///
    ///     a = LayerNorm(x + dropout(Wo·attention(x)))
    ///     y = LayerNorm(a + dropout(W2·gelu(W1·a)))
    ///
    ///     x, a, y [N, C]    W1 [I, C]    W2 [C, I], I the intermediate size
    private static final class Layer {
        private final EncoderConfig config;
        private final int firstSite;
        private final Linear query;
        private final Linear key;
        private final Linear value;
        private final Linear attentionOutput;
        private final LayerNorm attentionNorm;
        private final Linear intermediate;
        private final Linear output;
        private final LayerNorm outputNorm;

        Layer(Parameters at, EncoderConfig config, int index) {
            int channels = config.hiddenSize();
            this.config = config;
            this.firstSite = 1 + 3 * index;
            this.query = new Linear(at.under("attention.attn.q"), channels, channels);
            this.key = new Linear(at.under("attention.attn.k"), channels, channels);
            this.value = new Linear(at.under("attention.attn.v"), channels, channels);
            this.attentionOutput = new Linear(at.under("attention.attn.o"), channels, channels);
            this.attentionNorm = new LayerNorm(at.under("attention.LayerNorm"), channels, config.layerNormEps());
            this.intermediate = new Linear(at.under("intermediate.dense"), channels, config.intermediateSize());
            this.output = new Linear(at.under("output.dense"), config.intermediateSize(), channels);
            this.outputNorm = new LayerNorm(at.under("output.LayerNorm"), channels, config.layerNormEps());
        }

        Tensor forward(Tensor x, Tensor bias, int[] buckets, int[] starts, Pass pass) {
            Tensor context = BiasedAttention.attention( // [N, C]
                    query.forward(x),
                    key.forward(x),
                    value.forward(x),
                    bias,
                    buckets,
                    starts,
                    pass.dropout(config.attentionDropout(), firstSite));
            Tensor a = attentionNorm.forward(
                    attentionOutput.forward(context), pass.dropout(config.hiddenDropout(), firstSite + 1), x); // [N, C]
            Tensor wide = intermediate.forward(a, config.activation()); // [N, I]
            return outputNorm.forward(
                    output.forward(wide), pass.dropout(config.hiddenDropout(), firstSite + 2), a); // [N, C]
        }
    }
}
