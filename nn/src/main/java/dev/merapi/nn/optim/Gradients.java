package dev.merapi.nn.optim;

import dev.merapi.engine.SparseRows;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.nn.Parameter;
import java.util.ArrayList;
import java.util.List;

/// What is done to all gradients at once.
public final class Gradients {
    private Gradients() {}

    /// The L2 norm of all gradients as one vector: `√Σ g²`, in double. NaN or infinite if any of them is.
    public static double norm(List<Parameter> parameters) {
        List<Floats> gradients = values(parameters);
        if (gradients.isEmpty()) return 0;
        return Math.sqrt(parameters.getFirst().tensor().device().kernels().sumOfSquares(gradients));
    }

    /// Of the parameters that have one.
    static List<Floats> values(List<Parameter> parameters) {
        List<Floats> gradients = new ArrayList<>(parameters.size());
        for (Parameter p : parameters) {
            Floats gradient = gradient(p.tensor());
            if (gradient != null) gradients.add(gradient);
        }
        return gradients;
    }

    /// The L2 norm of one tensor's gradient.
    static double norm(Tensor tensor) {
        return Math.sqrt(sumOfSquares(tensor));
    }

    private static double sumOfSquares(Tensor tensor) {
        Floats gradient = gradient(tensor);
        return gradient == null ? 0 : tensor.device().kernels().sumOfSquares(gradient.length, gradient);
    }

    /// The values of a gradient, of a sparse one its rows; null if there is none.
    private static Floats gradient(Tensor tensor) {
        SparseRows sparse = tensor.sparseGradient();
        return sparse == null ? tensor.gradient() : sparse.values().slice(0, sparse.count() * sparse.columns());
    }

    /// What gradients must be multiplied with so that their norm is at most `maxNorm` (Pascanu et al. 2013,
    /// arXiv:1211.5063), as PyTorch's `clip_grad_norm_`: `min(1, maxNorm / (norm + 1e-6))`. Optimizers apply it
    /// in their own pass, [AdamW#step].
    public static float clipScale(double norm, double maxNorm) {
        return (float) Math.min(1.0, maxNorm / (norm + 1e-6));
    }

    /// Scales all gradients in place so that their norm is at most `maxNorm`, and returns the norm before.
    public static double clipNorm(List<Parameter> parameters, double maxNorm) {
        double norm = norm(parameters);
        float scale = clipScale(norm, maxNorm);
        if (scale == 1f) return norm;
        for (Parameter p : parameters) {
            Kernels k = p.tensor().device().kernels();
            SparseRows sparse = p.tensor().sparseGradient();
            Floats dense = p.tensor().gradient();
            if (sparse != null)
                k.scale(sparse.count() * sparse.columns(), scale, sparse.values(), sparse.values(), false);
            else if (dense != null) k.scale(dense.length, scale, dense, dense, false);
        }
        return norm;
    }

    /// Forgets all gradients; their memory is kept.
    public static void clear(List<Parameter> parameters) {
        for (Parameter p : parameters) p.tensor().clearGradient();
    }

    /// The first parameter whose gradient holds a NaN or an infinity; null if there is none.
    public static Parameter firstNonFinite(List<Parameter> parameters) {
        for (Parameter p : parameters) if (!Double.isFinite(sumOfSquares(p.tensor()))) return p;
        return null;
    }
}
