package dev.merapi.nn.model;

import dev.merapi.engine.Tensor;
import dev.merapi.nn.Parameters;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.pretrained.Json;
import java.util.List;
import java.util.function.Consumer;

/// RoBERTa (Liu et al. 2019, arXiv:1907.11692), and XLM-R, CamemBERT and DistilRoBERTa, which are RoBERTas of
/// other sizes: [Bert] with two differences.
///
/// - Positions are counted from `pad_token_id + 1` on, and 514 of them read 512 tokens.
/// - There is one token type, 0, whatever the batch says; pairs are told apart by `</s></s>` alone.
public final class Roberta implements Encoder {
    private final EncoderConfig config;
    private final int paddingId;
    private final Bert.Embeddings embeddings;
    private final List<Bert.Layer> layers;

    private Roberta(Parameters at, EncoderConfig config, int paddingId) {
        this.config = config;
        this.paddingId = paddingId;
        this.embeddings = new Bert.Embeddings(
                at.under("embeddings"), config, config.hiddenSize(), config.maxLength() + paddingId + 1);
        this.layers = Bert.layers(at, config);
    }

    /// @param at where its parameters are named: `roberta.` under a head, the root alone
    public static Roberta of(Parameters at, Json.Obj json) {
        int paddingId = json.integer("pad_token_id", 1);
        EncoderConfig config = EncoderConfig.of(json);
        return new Roberta(at, config.with(config.maxLength() - paddingId - 1, config.typeVocabularySize()), paddingId);
    }

    @Override
    public Tensor forward(Sequences batch, Pass pass, Consumer<Tensor> states) {
        config.requireLength(batch);
        int[] types = config.typeVocabularySize() > 1 ? batch.typeIds() : new int[batch.tokens()];
        Tensor x = embeddings.forward(batch.ids(), types, positions(batch, paddingId), pass); // [N, C]
        return Bert.forward(x, layers, batch, pass, states);
    }

    /// `pad + 1, pad + 2, …` inside of each sequence; a padding token among them, which no tokenizer puts
    /// there, is not counted and stands at `pad`, as in fairseq.
    static int[] positions(Sequences batch, int paddingId) {
        int[] positions = new int[batch.tokens()];
        for (int b = 0; b < batch.count(); b++) {
            int last = paddingId;
            for (int i = batch.starts()[b]; i < batch.starts()[b + 1]; i++)
                positions[i] = batch.ids()[i] == paddingId ? paddingId : ++last;
        }
        return positions;
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
