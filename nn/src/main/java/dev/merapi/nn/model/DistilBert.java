package dev.merapi.nn.model;

import dev.merapi.engine.Attention;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Gather;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.nn.LayerNorm;
import dev.merapi.nn.Linear;
import dev.merapi.nn.Parameters;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.pretrained.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// DistilBERT (Sanh et al. 2019, arXiv:1910.01108): half of BERT's layers under other names, without token
/// types and without a dropout after the attention's output. Its config has names of its own too.
///
///     ids [N] ─Embeddings▶ [N, C] ─Layer × L▶ hidden [N, C]
public final class DistilBert implements Encoder {
    private static final float EPS = 1e-12f; // no config says so

    private final EncoderConfig config;
    private final Embeddings embeddings;
    private final List<Layer> layers;

    private DistilBert(Parameters at, EncoderConfig config) {
        this.config = config;
        this.embeddings = new Embeddings(at.under("embeddings"), config);
        List<Layer> built = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) built.add(new Layer(at.under("transformer.layer." + i), config, i));
        this.layers = List.copyOf(built);
    }

    /// @param at where its parameters are named: `distilbert.` under a head, the root alone
    public static DistilBert of(Parameters at, Json.Obj json) {
        return new DistilBert(at, config(json));
    }

    private static EncoderConfig config(Json.Obj json) {
        return new EncoderConfig(
                json.integer("vocab_size"),
                json.integer("dim"),
                json.integer("n_layers"),
                json.integer("n_heads"),
                json.integer("hidden_dim"),
                EncoderConfig.activation(json, "activation"),
                (float) json.number("dropout", 0.1),
                (float) json.number("attention_dropout", 0.1),
                (float) json.number("seq_classif_dropout", 0.2),
                json.integer("max_position_embeddings", 512),
                0,
                EPS,
                (float) json.number("initializer_range", 0.02));
    }

    @Override
    public Tensor forward(Sequences batch, Pass pass, Consumer<Tensor> states) {
        config.requireLength(batch);
        Tensor x = embeddings.forward(batch, pass); // [N, C]
        states.accept(x);
        for (Layer layer : layers) {
            Tensor input = x;
            x = Scope.checkpoint(() -> layer.forward(input, batch.starts(), pass)); // [N, C]
            states.accept(x);
        }
        return x;
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
        return 1 + 2 * layers.size();
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
            this.positions = at.addTable("position_embeddings.weight", config.maxLength(), channels);
            this.norm = new LayerNorm(at.under("LayerNorm"), channels, EPS);
        }

        Tensor forward(Sequences batch, Pass pass) {
            Tensor sum = Gather.embeddings(words, batch.ids(), positions, batch.positions(), null, null); // [N, C]
            return Elementwise.dropout(norm.forward(sum), pass.dropout(config.hiddenDropout(), 0));
        }
    }

    /// One transformer layer:
    ///
    ///     a = LayerNorm(x + Wo·attention(x))
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
            this.firstSite = 1 + 2 * index;
            this.query = new Linear(at.under("attention.q_lin"), channels, channels);
            this.key = new Linear(at.under("attention.k_lin"), channels, channels);
            this.value = new Linear(at.under("attention.v_lin"), channels, channels);
            this.attentionOutput = new Linear(at.under("attention.out_lin"), channels, channels);
            this.attentionNorm = new LayerNorm(at.under("sa_layer_norm"), channels, EPS);
            this.intermediate = new Linear(at.under("ffn.lin1"), channels, config.intermediateSize());
            this.output = new Linear(at.under("ffn.lin2"), config.intermediateSize(), channels);
            this.outputNorm = new LayerNorm(at.under("output_layer_norm"), channels, EPS);
        }

        Tensor forward(Tensor x, int[] starts, Pass pass) {
            Tensor context = Attention.attention( // [N, C]
                    query.forward(x),
                    key.forward(x),
                    value.forward(x),
                    config.heads(),
                    starts,
                    pass.dropout(config.attentionDropout(), firstSite));
            Tensor a = attentionNorm.forward(attentionOutput.forward(context), Dropout.NONE, x); // [N, C]
            Tensor wide = intermediate.forward(a, config.activation()); // [N, I]
            return outputNorm.forward(
                    output.forward(wide), pass.dropout(config.hiddenDropout(), firstSite + 1), a); // [N, C]
        }
    }
}
