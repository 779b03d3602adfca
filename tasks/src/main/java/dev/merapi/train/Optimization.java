package dev.merapi.train;

import dev.merapi.nn.Parameter;
import dev.merapi.nn.optim.Adafactor;
import dev.merapi.nn.optim.Adam;
import dev.merapi.nn.optim.AdamW;
import dev.merapi.nn.optim.Lamb;
import dev.merapi.nn.optim.Optimizer;
import dev.merapi.nn.optim.Sgd;
import java.util.List;

/// What changes the weights, and its numbers.
///
/// @param optim the kind of optimizer
/// @param weightDecay decoupled in AdamW and LAMB, added to the gradient elsewhere
/// @param decayBiasesAndNorms whether biases and layer norms decay too, PyTorch's default; otherwise they are
///     left out, transformers' default
/// @param adamBeta1 decay of the first moment
/// @param adamBeta2 decay of the second moment
/// @param adamEpsilon added to the root of the second moment
/// @param momentum of SGD
public record Optimization(
        OptimizerType optim,
        double weightDecay,
        boolean decayBiasesAndNorms,
        double adamBeta1,
        double adamBeta2,
        double adamEpsilon,
        double momentum) {
    public static final Optimization DEFAULT = of(OptimizerType.ADAMW);

    public Optimization {
        Bounds.between("weight-decay", weightDecay, 0, Double.MAX_VALUE);
        Bounds.between("adam-beta1", adamBeta1, 0, Math.nextDown(1.0));
        Bounds.between("adam-beta2", adamBeta2, 0, Math.nextDown(1.0));
        Bounds.between("adam-epsilon", adamEpsilon, 0, Double.MAX_VALUE);
        Bounds.between("momentum", momentum, 0, Math.nextDown(1.0));
    }

    /// An optimizer with its usual numbers.
    public static Optimization of(OptimizerType optim) {
        return new Optimization(optim, optim.weightDecay(), true, 0.9, 0.999, 1e-8, 0.9);
    }

    /// The same with another decay.
    ///
    /// @param decayBiasesAndNorms whether biases and layer norms decay too
    public Optimization weightDecay(double decay, boolean decayBiasesAndNorms) {
        return new Optimization(optim, decay, decayBiasesAndNorms, adamBeta1, adamBeta2, adamEpsilon, momentum);
    }

    Optimizer optimizer(List<Parameter> parameters) {
        Optimizer optimizer = switch (optim) {
            case ADAMW -> AdamW.of(parameters).betas(adamBeta1, adamBeta2).eps(adamEpsilon);
            case ADAM -> Adam.of(parameters, adamBeta1, adamBeta2, adamEpsilon);
            case SGD -> Sgd.of(parameters, momentum);
            case ADAFACTOR -> Adafactor.of(parameters, false); // as transformers' Trainer has it
            case LAMB -> Lamb.of(parameters, adamBeta1, adamBeta2, adamEpsilon);
        };
        optimizer.weightDecay(weightDecay);
        return decayBiasesAndNorms ? optimizer : optimizer.noDecay(Parameter::isBiasOrNorm);
    }
}
