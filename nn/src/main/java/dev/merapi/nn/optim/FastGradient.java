package dev.merapi.nn.optim;

import dev.merapi.engine.SparseRows;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.nn.Parameter;
import java.util.List;
import java.util.Optional;

/// The fast gradient method on word embeddings (Miyato et al. 2017, arXiv:1605.07725): after a backward pass
/// the table E is moved to where the loss grows fastest, `E + ε·g / ‖g‖₂` with its gradient g; a second pass
/// there adds its gradients to those of the first, and the table is put back, bit for bit.
public final class FastGradient {
    private static final String TABLE = "word_embeddings.weight";

    private final Tensor table;
    private final double epsilon;
    private Floats saved; // the table as it was; null: it is as it was

    private FastGradient(Tensor table, double epsilon) {
        this.table = table;
        this.epsilon = epsilon;
    }

    /// Of a model's word embeddings; empty where they are not trained.
    ///
    /// @param epsilon ε > 0, the L2 norm of the move
    public static Optional<FastGradient> of(List<Parameter> parameters, double epsilon) {
        return parameters.stream()
                .filter(p -> p.name().endsWith(TABLE) && p.trainable())
                .findFirst()
                .map(p -> new FastGradient(p.tensor(), epsilon));
    }

    /// Moves the table; does nothing where its gradient is 0 or no number.
    ///
    /// @return whether it was moved
    public boolean perturb() {
        double norm = Gradients.norm(table);
        if (norm == 0 || !Double.isFinite(norm)) return false;
        Floats values = table.data();
        saved = Floats.of(values.toArray());
        float scale = (float) (epsilon / norm);
        Kernels k = table.device().kernels();
        SparseRows sparse = table.sparseGradient();
        if (sparse == null) k.scale(values.length, scale, table.gradient(), values, true);
        else
            for (int i = 0; i < sparse.count(); i++)
                k.scale(
                        sparse.columns(),
                        scale,
                        sparse.values().slice(i * sparse.columns(), sparse.columns()),
                        values.slice(sparse.rows()[i] * sparse.columns(), sparse.columns()),
                        true);
        table.modified();
        return true;
    }

    /// Puts the table back.
    public void restore() {
        Floats values = table.data();
        System.arraycopy(saved.readable(), saved.offset, values.writable(), values.offset, values.length);
        table.modified();
        saved = null;
    }
}
