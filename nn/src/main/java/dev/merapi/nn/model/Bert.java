package dev.merapi.nn.model;

import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Gather;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Activation;
import dev.merapi.nn.LayerNorm;
import dev.merapi.nn.Linear;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.Parameters;
import dev.merapi.nn.Pass;
import dev.merapi.nn.SelfAttention;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.pretrained.Checkpoint;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// BERT (Devlin et al. 2019, arXiv:1810.04805): a bidirectional encoder of post-norm transformer layers.
///
///     ids [N] ─Embeddings▶ [N, C] ─Layer × L▶ hidden [N, C] ─Pooler▶ pooled [B, C]
///
/// Everything but attention treats a token alone, so a batch is one matrix of its N tokens, without padding;
/// attention looks at `starts`.
public final class Bert {
    private final BertConfig config;
    private final Embeddings embeddings;
    private final List<Layer> layers;
    private final Pooler pooler; // null where neither the checkpoint nor a head has use for it

    /// @param at     where its parameters are named: `bert.` under a head, the root alone
    /// @param pooler whether there is one
    public Bert(Parameters at, BertConfig config, boolean pooler) {
        this.config = config;
        this.embeddings = new Embeddings(at.under("embeddings"), config);
        List<Layer> built = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) built.add(new Layer(at.under("encoder.layer." + i), config, i));
        this.layers = List.copyOf(built);
        this.pooler = pooler ? new Pooler(at.under("pooler"), config) : null;
    }

    /// Loads the encoder of a Hugging Face folder, without any head; with its pooler if the checkpoint has one.
    ///
    /// @throws PretrainedException if a file is missing, damaged or does not fit
    public static Bert fromPretrained(Path folder, LoadOptions options) {
        Json.Obj config = SequenceClassifier.readConfig(folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return of(config, checkpoint, options);
        }
    }

    /// The encoder from a config and weights that come from elsewhere.
    public static Bert of(Json.Obj json, Checkpoint checkpoint, LoadOptions options) {
        BertConfig config = BertConfig.of(json);
        Parameters parameters = new Parameters(options.deviceOrBest());
        boolean pooler = checkpoint.names().stream().anyMatch(name -> name.endsWith("pooler.dense.weight"));
        Bert bert = new Bert(parameters, config, pooler);
        Weights.load(parameters.all(), checkpoint, "bert.", name -> false, config.initializerRange(), options.seed());
        return bert;
    }

    /// @param hidden the last layer's output [N, C]
    /// @param pooled [B, C], null without a pooler
    public record Output(Tensor hidden, Tensor pooled) {}

    public Output forward(Sequences batch, Pass pass) {
        Tensor x = embeddings.forward(batch, pass); // [N, C]
        for (Layer layer : layers) {
            Tensor input = x;
            x = Scope.keepOnly(() -> layer.forward(input, batch.starts(), pass)); // [N, C]
        }
        return new Output(x, pooler == null ? null : pooler.forward(x, batch)); // [B, C]
    }

    public BertConfig config() {
        return config;
    }

    public Embeddings embeddings() {
        return embeddings;
    }

    public List<Layer> layers() {
        return layers;
    }

    /// The number of dropouts: sites 0 … count − 1 are taken, a head's begin there.
    int dropoutSites() {
        return 1 + 3 * layers.size();
    }

    /// `x = dropout(LayerNorm(word[id] + type[typeId] + position[i]))`
    ///
    ///     word [V, C]    type [2, C]    position [maxPositions, C]    x [N, C]
    public static final class Embeddings {
        private final BertConfig config;
        private final Tensor[] tables; // word, type, position: the order in which transformers adds them
        private final LayerNorm norm;

        Embeddings(Parameters at, BertConfig config) {
            int channels = config.hiddenSize();
            Tensor words =
                    at.add("word_embeddings.weight", Parameter.Initial.NORMAL, config.vocabularySize(), channels);
            Tensor positions =
                    at.add("position_embeddings.weight", Parameter.Initial.NORMAL, config.maxPositions(), channels);
            Tensor types = at.add(
                    "token_type_embeddings.weight", Parameter.Initial.NORMAL, config.typeVocabularySize(), channels);
            this.config = config;
            this.tables = new Tensor[] {words, types, positions};
            this.norm = new LayerNorm(at.under("LayerNorm"), channels, config.layerNormEps());
        }

        public Tensor forward(Sequences batch, Pass pass) {
            if (batch.longest() > config.maxPositions())
                throw new IllegalArgumentException("bert: a sequence of " + batch.longest()
                        + " tokens is longer than the model's " + config.maxPositions()
                        + " positions; truncate it (max length " + config.maxPositions() + ")");
            Tensor sum =
                    Gather.embeddings(tables, new int[][] {batch.ids(), batch.typeIds(), batch.positions()}); // [N, C]
            return Elementwise.dropout(norm.forward(sum), pass.dropout(config.hiddenDropout(), 0));
        }
    }

    /// One transformer layer, each sublayer followed by dropout, residual and layer norm:
    ///
    ///     a = LayerNorm(x + dropout(Wo·attention(x)))
    ///     y = LayerNorm(a + dropout(W2·gelu(W1·a)))
    ///
    ///     x, a, y [N, C]    W1 [I, C]    W2 [C, I], I the intermediate size
    public static final class Layer {
        private final BertConfig config;
        private final int firstSite;
        private final SelfAttention attention;
        private final Linear attentionOutput;
        private final LayerNorm attentionNorm;
        private final Linear intermediate;
        private final Linear output;
        private final LayerNorm outputNorm;

        Layer(Parameters at, BertConfig config, int index) {
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

        public Tensor forward(Tensor x, int[] starts, Pass pass) {
            Tensor context = attention.forward(x, starts, pass.dropout(config.attentionDropout(), firstSite)); // [N, C]
            Tensor a = attentionNorm.forward(
                    attentionOutput.forward(context), pass.dropout(config.hiddenDropout(), firstSite + 1), x); // [N, C]
            Tensor wide = Elementwise.activation(config.activation(), intermediate.forward(a)); // [N, I]
            return outputNorm.forward(
                    output.forward(wide), pass.dropout(config.hiddenDropout(), firstSite + 2), a); // [N, C]
        }
    }

    /// `pooled = tanh(W·hidden[first token] + b)`, one row a sequence.
    ///
    ///     hidden [N, C]    pooled [B, C]
    static final class Pooler {
        private final Linear dense;

        Pooler(Parameters at, BertConfig config) {
            this.dense = new Linear(at.under("dense"), config.hiddenSize(), config.hiddenSize());
        }

        Tensor forward(Tensor hidden, Sequences batch) {
            Tensor first = Gather.rows(hidden, batch.firstTokens()); // [B, C]
            return Elementwise.activation(Activation.TANH, dense.forward(first));
        }
    }
}
