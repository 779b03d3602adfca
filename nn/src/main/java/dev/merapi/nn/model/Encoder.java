package dev.merapi.nn.model;

import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// What turns tokens into hidden states, whatever its architecture; heads are built on it.
///
///     ids [N] ─Encoder▶ hidden [N, C]
///
/// Read [Bert] first: the others say how they differ from it.
public sealed interface Encoder permits Bert, Roberta, DistilBert, Electra, Mpnet, DebertaV2 {
    EncoderConfig config();

    /// The last layer's output [N, C].
    ///
    /// @param states is shown the embeddings' output, then each layer's, [N, C]
    /// @throws IllegalArgumentException if a sequence is longer than the model can read
    Tensor forward(Sequences batch, Pass pass, Consumer<Tensor> states);

    /// The same, and nothing else is kept.
    default Tensor forward(Sequences batch, Pass pass) {
        return Scope.keepOnly(() -> forward(batch, pass, _ -> {}));
    }

    /// The embeddings' output, then each layer's: L + 1 tensors [N, C].
    default List<Tensor> hiddenStates(Sequences batch, Pass pass) {
        List<Tensor> states = new ArrayList<>();
        forward(batch, pass, states::add);
        return states;
    }

    /// The table of token embeddings [V, E], to which the decoder of a masked language model is tied.
    Tensor wordEmbeddings();

    /// The number of dropouts: sites 0 … count − 1 are taken, a head's begin there.
    int dropoutSites();
}
