package dev.merapi.train;

import dev.merapi.engine.Device;
import dev.merapi.engine.Scope;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.nn.optim.GradScaler;

/// How the passes of training are computed. Evaluations are float32: the weights that are kept are.
///
/// @param precision of matrix products, see [Scope#open(Precision, boolean)]; float16 with dynamic loss
///     scaling, which bfloat16's range makes needless
/// @param gradientCheckpointing whether layers are computed again in the backward pass instead of kept: less
///     memory, more time, the same bits
public record Computation(Precision precision, boolean gradientCheckpointing) {
    public static final Computation DEFAULT = new Computation(Precision.FP32, false);

    Scope open() {
        return Scope.open(precision, gradientCheckpointing);
    }

    /// Null where losses are not scaled.
    GradScaler scaler(Device device) {
        return precision == Precision.FP16 ? new GradScaler(device) : null;
    }
}
