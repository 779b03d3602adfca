package dev.merapi.nn.model;

import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Gather;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.nn.LayerNorm;
import dev.merapi.nn.Linear;
import dev.merapi.nn.Parameters;
import dev.merapi.nn.Pass;
import dev.merapi.nn.SelfAttention;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.pretrained.PretrainedException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// BERT (Devlin et al. 2019, arXiv:1810.04805): a bidirectional encoder of post-norm transformer layers.
///
///     ids [N] ─Embeddings▶ [N, C] ─Layer × L▶ hidden [N, C]
///
/// Everything but attention treats a token alone, so a batch is one matrix of its N tokens, without padding;
/// attention looks at `starts`. BERT's pooler is a part of the head, [SequenceHead].
public final class Bert implements Encoder {
    private final EncoderConfig config;
    private final Embeddings embeddings;
    private final List<Layer> layers;

    /// @param at where its parameters are named: `bert.` under a head, the root alone
    public Bert(Parameters at, EncoderConfig config) {
        this.config = config;
        this.embeddings = new Embeddings(at.under("embeddings"), config, config.hiddenSize(), config.maxLength());
        this.layers = layers(at, config);
    }

    /// The layers of a stack, with dropout sites 1 … 3 L.
    static List<Layer> layers(Parameters at, EncoderConfig config) {
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) layers.add(new Layer(at.under("encoder.layer." + i), config, i));
        return List.copyOf(layers);
    }

    @Override
    public Tensor forward(Sequences batch, Pass pass, Consumer<Tensor> states) {
        config.requireLength(batch);
        Tensor x = embeddings.forward(batch.ids(), batch.typeIds(), batch.positions(), pass); // [N, C]
        return forward(x, layers, batch, pass, states);
    }

    /// x [N, C] through one layer after the other.
    static Tensor forward(Tensor x, List<Layer> layers, Sequences batch, Pass pass, Consumer<Tensor> states) {
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
        return 1 + 3 * layers.size();
    }

    /// `x = dropout(LayerNorm(word[id] + type[typeId] + position[i]))`
    ///
    ///     word [V, E]    type [types, E]    position [positions, E]    x [N, E], E = C but in ELECTRA
    static final class Embeddings {
        private final EncoderConfig config;
        private final Tensor words;
        private final Tensor positions;
        private final Tensor types;
        private final LayerNorm norm;

        Embeddings(Parameters at, EncoderConfig config, int width, int rows) {
            if (config.typeVocabularySize() < 1)
                throw new PretrainedException(
                        "config.json: type_vocab_size must be at least 1, got " + config.typeVocabularySize());
            this.config = config;
            this.words = at.addTable("word_embeddings.weight", config.vocabularySize(), width);
            this.positions = at.addTable("position_embeddings.weight", rows, width);
            this.types = at.addTable("token_type_embeddings.weight", config.typeVocabularySize(), width);
            this.norm = new LayerNorm(at.under("LayerNorm"), width, config.layerNormEps());
        }

        Tensor words() {
            return words;
        }

        /// ids, typeIds, places [N]
        Tensor forward(int[] ids, int[] typeIds, int[] places, Pass pass) {
            Tensor sum = Gather.embeddings(words, ids, types, typeIds, positions, places); // as transformers adds
            return Elementwise.dropout(norm.forward(sum), pass.dropout(config.hiddenDropout(), 0));
        }
    }

    /// One transformer layer, each sublayer followed by dropout, residual and layer norm:
    ///
    ///     a = LayerNorm(x + dropout(Wo·attention(x)))
    ///     y = LayerNorm(a + dropout(W2·gelu(W1·a)))
    ///
    ///     x, a, y [N, C]    W1 [I, C]    W2 [C, I], I the intermediate size
    static final class Layer {
        private final EncoderConfig config;
        private final int firstSite;
        private final SelfAttention attention;
        private final Linear attentionOutput;
        private final LayerNorm attentionNorm;
        private final Linear intermediate;
        private final Linear output;
        private final LayerNorm outputNorm;

        Layer(Parameters at, EncoderConfig config, int index) {
            int channels = config.hiddenSize();
            this.config = config;
            this.firstSite = 1 + 3 * index;
            this.attention = new SelfAttention(at.under("attention.self"), channels, config.heads());
            this.attentionOutput = new Linear(at.under("attention.output.dense"), channels, channels);
            this.attentionNorm = new LayerNorm(at.under("attention.output.LayerNorm"), channels, config.layerNormEps());
            this.intermediate = new Linear(at.under("intermediate.dense"), channels, config.intermediateSize());
            this.output = new Linear(at.under("output.dense"), config.intermediateSize(), channels);
            this.outputNorm = new LayerNorm(at.under("output.LayerNorm"), channels, config.layerNormEps());
        }

        Tensor forward(Tensor x, int[] starts, Pass pass) {
            Tensor context = attention.forward(x, starts, pass.dropout(config.attentionDropout(), firstSite)); // [N, C]
            Tensor a = attentionNorm.forward(
                    attentionOutput.forward(context), pass.dropout(config.hiddenDropout(), firstSite + 1), x); // [N, C]
            Tensor wide = intermediate.forward(a, config.activation()); // [N, I]
            return outputNorm.forward(
                    output.forward(wide), pass.dropout(config.hiddenDropout(), firstSite + 2), a); // [N, C]
        }
    }
}
