package dev.merapi.nn.model;

import dev.merapi.engine.Convolution;
import dev.merapi.engine.DisentangledAttention;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Gather;
import dev.merapi.engine.Matmul;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.nn.LayerNorm;
import dev.merapi.nn.Linear;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.Parameters;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// DeBERTa-v2 and -v3 (He et al. 2021, arXiv:2006.03654 and arXiv:2111.09543): [Bert], but attention looks at
/// content and relative position apart.
///
///     ids [N] ─Embeddings▶ x0 [N, C] ─Layer▶ [N, C] ─LocalContext(x0)▶ [N, C] ─Layer × (L − 1)▶ hidden [N, C]
///                           table [2·span, C] ─rows that occur, LayerNorm▶ positions [P, C] ─▲ to every layer
///
/// - Positions are not added to the embeddings (unless the config says so); a table of relative positions that
///   all layers share is projected by each of them as the tokens are. Nothing then limits a sequence's length.
/// - LocalContext, a convolution beside the first layer, is a part of v2's large models.
/// - What transformers' masks do is done here by packing: tokens of other sequences do not exist.
public final class DebertaV2 implements Encoder {
    private final DebertaV2Config config;
    private final Embeddings embeddings;
    private final List<Layer> layers;
    private final Tensor positions; // null without relative attention
    private final LayerNorm positionNorm; // null where positions are taken as they are
    private final LocalContext localContext; // null without a convolution

    /// @param at where its parameters are named: `deberta.` under a head, the root alone
    public DebertaV2(Parameters at, DebertaV2Config config) {
        EncoderConfig sizes = config.encoder();
        Parameters encoder = at.under("encoder");
        this.config = config;
        this.embeddings = new Embeddings(at.under("embeddings"), config);
        List<Layer> built = new ArrayList<>();
        for (int i = 0; i < sizes.layers(); i++) built.add(new Layer(encoder.under("layer." + i), config, i));
        this.layers = List.copyOf(built);
        this.positions = config.relativeAttention()
                ? encoder.addTable("rel_embeddings.weight", 2 * config.buckets().span(), sizes.hiddenSize())
                : null;
        this.positionNorm = config.normalizedPositions()
                ? new LayerNorm(encoder.under("LayerNorm"), sizes.hiddenSize(), sizes.layerNormEps())
                : null;
        this.localContext = config.convolution() == null ? null : new LocalContext(encoder.under("conv"), config);
    }

    @Override
    public Tensor forward(Sequences batch, Pass pass, Consumer<Tensor> states) {
        config.encoder().requireLength(batch);
        Tensor embedded = embeddings.forward(batch, pass); // [N, C]
        RelativeBuckets.Rows rows = config.buckets().rows(batch.longest());
        Tensor relative = relative(rows.table()); // [P, C]
        states.accept(embedded);
        Tensor x = embedded;
        for (Layer layer : layers) {
            Tensor input = x;
            boolean convolves = layer == layers.getFirst() && localContext != null;
            x = Scope.checkpoint(() -> {
                Tensor y = layer.forward(input, relative, rows.of(), batch.starts(), pass); // [N, C]
                return convolves ? localContext.forward(embedded, y, batch.starts(), pass) : y;
            });
            states.accept(x);
        }
        return x;
    }

    /// The positions that occur in the batch, normalised: [P, C]; null where no layer looks at them.
    private Tensor relative(int[] rows) {
        if (positions == null || !config.contentToPosition() && !config.positionToContent()) return null;
        Tensor table = Gather.rows(positions, rows);
        return positionNorm == null ? table : positionNorm.forward(table);
    }

    @Override
    public EncoderConfig config() {
        return config.encoder();
    }

    @Override
    public Tensor wordEmbeddings() {
        return embeddings.words;
    }

    /// Embeddings 0, LocalContext 1, four of each layer.
    @Override
    public int dropoutSites() {
        return 2 + 4 * layers.size();
    }

    /// `x = dropout(LayerNorm((word[id] + position[i] + type[typeId])·Wᵀ))`; positions, types and W where the
    /// config has them.
    ///
    ///     word [V, E]    position [positions, E]    type [types, E]    W [C, E] if E ≠ C    x [N, C]
    private static final class Embeddings {
        private final float dropout;
        private final Tensor words;
        private final Tensor places;
        private final Tensor types;
        private final Tensor projection;
        private final LayerNorm norm;

        Embeddings(Parameters at, DebertaV2Config config) {
            EncoderConfig sizes = config.encoder();
            int width = config.embeddingSize();
            dropout = sizes.hiddenDropout();
            words = at.addTable("word_embeddings.weight", sizes.vocabularySize(), width);
            places = config.absolutePositions()
                    ? at.addTable("position_embeddings.weight", sizes.maxLength(), width)
                    : null;
            types = sizes.typeVocabularySize() > 0
                    ? at.addTable("token_type_embeddings.weight", sizes.typeVocabularySize(), width)
                    : null;
            projection =
                    width == sizes.hiddenSize() ? null : at.addWeight("embed_proj.weight", sizes.hiddenSize(), width);
            norm = new LayerNorm(at.under("LayerNorm"), sizes.hiddenSize(), sizes.layerNormEps());
        }

        Tensor forward(Sequences batch, Pass pass) {
            Tensor sum = Gather.embeddings( // [N, E]
                    words, batch.ids(), places, batch.positions(), types, batch.typeIds());
            Tensor x = projection == null ? sum : Matmul.linear(sum, projection, null); // [N, C]
            return Elementwise.dropout(norm.forward(x), pass.dropout(dropout, 0));
        }
    }

    /// One transformer layer; see [Bert] for what follows attention.
    private static final class Layer {
        private final EncoderConfig sizes;
        private final int firstSite;
        private final Attention attention;
        private final Linear attentionOutput;
        private final LayerNorm attentionNorm;
        private final Linear intermediate;
        private final Linear output;
        private final LayerNorm outputNorm;

        Layer(Parameters at, DebertaV2Config config, int index) {
            sizes = config.encoder();
            int channels = sizes.hiddenSize();
            firstSite = 2 + 4 * index;
            attention = new Attention(at.under("attention.self"), config);
            attentionOutput = new Linear(at.under("attention.output.dense"), channels, channels);
            attentionNorm = new LayerNorm(at.under("attention.output.LayerNorm"), channels, sizes.layerNormEps());
            intermediate = new Linear(at.under("intermediate.dense"), channels, sizes.intermediateSize());
            output = new Linear(at.under("output.dense"), sizes.intermediateSize(), channels);
            outputNorm = new LayerNorm(at.under("output.LayerNorm"), channels, sizes.layerNormEps());
        }

        /// x, y [N, C]    relative [P, C]    rowOf [2·longest − 1]
        Tensor forward(Tensor x, Tensor relative, int[] rowOf, int[] starts, Pass pass) {
            Dropout onPositions = pass.dropout(sizes.hiddenDropout(), firstSite);
            Dropout onWeights = pass.dropout(sizes.attentionDropout(), firstSite + 1);
            Tensor seen = relative == null ? null : Elementwise.dropout(relative, onPositions); // [P, C]
            Tensor context = attention.forward(x, seen, rowOf, starts, onWeights); // [N, C]
            Tensor a = attentionNorm.forward(
                    attentionOutput.forward(context), pass.dropout(sizes.hiddenDropout(), firstSite + 2), x); // [N, C]
            Tensor wide = intermediate.forward(a, sizes.activation()); // [N, I]
            return outputNorm.forward(output.forward(wide), pass.dropout(sizes.hiddenDropout(), firstSite + 3), a);
        }
    }

    /// Disentangled self-attention: positions are projected to keys, which queries meet (c2p), and to queries,
    /// which keys meet (p2c), by the projections of the tokens or by their own.
    private static final class Attention {
        private final DebertaV2Config config;
        private final Linear query;
        private final Linear key;
        private final Linear value;
        private final Linear positionKey; // null where queries do not look at positions
        private final Linear positionQuery; // null where keys do not

        Attention(Parameters at, DebertaV2Config config) {
            int channels = config.encoder().hiddenSize();
            this.config = config;
            query = new Linear(at.under("query_proj"), channels, channels);
            key = new Linear(at.under("key_proj"), channels, channels);
            value = new Linear(at.under("value_proj"), channels, channels);
            boolean own = !config.sharedProjections();
            boolean keys = config.relativeAttention() && config.contentToPosition();
            boolean queries = config.relativeAttention() && config.positionToContent();
            positionKey = !keys ? null : own ? new Linear(at.under("pos_key_proj"), channels, channels) : key;
            positionQuery = !queries ? null : own ? new Linear(at.under("pos_query_proj"), channels, channels) : query;
        }

        /// x, context [N, C]    relative [P, C], or null    rowOf [2·longest − 1], rows of relative
        Tensor forward(Tensor x, Tensor relative, int[] rowOf, int[] starts, Dropout dropout) {
            return DisentangledAttention.attention(
                    query.forward(x),
                    key.forward(x),
                    value.forward(x),
                    positionKey == null ? null : positionKey.forward(relative), // [P, C]
                    positionQuery == null ? null : positionQuery.forward(relative), // [P, C]
                    rowOf,
                    config.scale(),
                    config.encoder().heads(),
                    starts,
                    dropout);
        }
    }

    /// A convolution over the embeddings, added to the first layer's output:
    /// `LayerNorm(y + f(dropout(conv(x0))))`
    ///
    ///     x0, y [N, C]    weight [C, C/groups, taps]    bias [C]
    private static final class LocalContext {
        private final DebertaV2Config config;
        private final Tensor weight;
        private final Tensor bias;
        private final LayerNorm norm;

        LocalContext(Parameters at, DebertaV2Config config) {
            this.config = config;
            int channels = config.encoder().hiddenSize();
            DebertaV2Config.Convolution shape = config.convolution();
            weight = at.add("conv.weight", Parameter.Initial.NORMAL, channels, channels / shape.groups(), shape.taps());
            bias = at.add("conv.bias", Parameter.Initial.ZEROS, channels);
            norm = new LayerNorm(
                    at.under("LayerNorm"), channels, config.encoder().layerNormEps());
        }

        Tensor forward(Tensor x, Tensor y, int[] starts, Pass pass) {
            DebertaV2Config.Convolution shape = config.convolution();
            Tensor near = Convolution.overTokens(x, weight, bias, shape.groups(), starts); // [N, C]
            Tensor kept =
                    Elementwise.dropout(near, pass.dropout(config.encoder().hiddenDropout(), 1));
            return norm.forward(Elementwise.activation(shape.activation(), kept), Dropout.NONE, y);
        }
    }
}
