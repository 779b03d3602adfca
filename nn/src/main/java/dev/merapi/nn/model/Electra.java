package dev.merapi.nn.model;

import dev.merapi.engine.Tensor;
import dev.merapi.nn.Linear;
import dev.merapi.nn.Parameters;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.pretrained.Json;
import java.util.List;
import java.util.function.Consumer;

/// ELECTRA (Clark et al. 2020, arXiv:2003.10555), discriminator or generator: [Bert], but the embeddings have
/// a width E of their own, and where that is not C a linear layer leads from one to the other.
///
///     ids [N] ─Embeddings▶ [N, E] ─projection▶ [N, C] ─Layer × L▶ hidden [N, C]
public final class Electra implements Encoder {
    private final EncoderConfig config;
    private final Bert.Embeddings embeddings;
    private final Linear projection; // null where E = C
    private final List<Bert.Layer> layers;

    private Electra(Parameters at, EncoderConfig config, int width) {
        this.config = config;
        this.embeddings = new Bert.Embeddings(at.under("embeddings"), config, width, config.maxLength());
        this.projection = width == config.hiddenSize()
                ? null
                : new Linear(at.under("embeddings_project"), width, config.hiddenSize());
        this.layers = Bert.layers(at, config);
    }

    /// @param at where its parameters are named: `electra.` under a head, the root alone
    public static Electra of(Parameters at, Json.Obj json) {
        return new Electra(at, EncoderConfig.of(json), json.integer("embedding_size", 128));
    }

    @Override
    public Tensor forward(Sequences batch, Pass pass, Consumer<Tensor> states) {
        config.requireLength(batch);
        Tensor narrow = embeddings.forward(batch.ids(), batch.typeIds(), batch.positions(), pass); // [N, E]
        Tensor x = projection == null ? narrow : projection.forward(narrow); // [N, C]
        return Bert.forward(x, layers, batch, pass, states);
    }

    @Override
    public EncoderConfig config() {
        return config;
    }

    @Override
    public Tensor wordEmbeddings() {
        return embeddings.words();
    }

    @Override
    public int dropoutSites() {
        return 1 + 3 * layers.size();
    }
}
