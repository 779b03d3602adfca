package dev.merapi.train;

import dev.merapi.engine.AnomalyException;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.optim.Gradients;
import java.util.List;

/// Stops a run before a loss or a gradient that is no number reaches the weights.
final class FiniteCheck {
    private static final float SMALLEST_SCALE = 1e-4f; // fairseq's bound

    private FiniteCheck() {}

    /// @param loss of the step
    /// @param norm of its gradients
    /// @param step from 1
    /// @param float16 whether products are computed in it, which may overflow
    static void require(double loss, double norm, int step, boolean float16, List<Parameter> parameters) {
        if (Double.isFinite(loss) && Double.isFinite(norm)) return;
        throw new TrainingException(found(loss, norm, step) + culprit(parameters)
                + "; the weights are those of the step before: lower --learning-rate, or --max-grad-norm"
                + (float16 ? ", or use --bf16 in place of --fp16" : ""));
    }

    /// The same of a step that a device has made, or skipped, in the meantime: its gradients are gone.
    static void requireBehind(double loss, double norm, int step, boolean float16) {
        if (Double.isFinite(loss) && Double.isFinite(norm)) return;
        throw new TrainingException(found(loss, norm, step)
                + "the model that was kept last is not touched by it: lower --learning-rate, or --max-grad-norm"
                + (float16 ? ", or use --bf16 in place of --fp16" : "") + "; --detect-anomaly names the operation");
    }

    private static String found(double loss, double norm, int step) {
        String found = Double.isFinite(loss) ? "the gradients' norm is " + norm : "the loss is " + loss;
        return "training: " + found + " in step " + step + ", expected a finite number; ";
    }

    /// @param scale of the loss, to which it has just fallen because of this step's gradients, or risen
    static void requireScale(float scale, int step, List<Parameter> parameters) {
        if (scale < SMALLEST_SCALE) throw tooSmall(scale, step, culprit(parameters) + "; ");
    }

    /// The same of a step whose gradients are gone.
    static void requireScaleBehind(float scale, int step) {
        if (scale < SMALLEST_SCALE) throw tooSmall(scale, step, "");
    }

    private static TrainingException tooSmall(float scale, int step, String culprit) {
        return new TrainingException("training: the loss scale is down to " + scale + " in step " + step
                + ", expected gradients that are finite in float16 with a scale of at least " + SMALLEST_SCALE + "; "
                + culprit + "the weights are those of the last step that was not skipped: use --bf16");
    }

    /// What [dev.merapi.engine.Scope#detectAnomalies] found in a step, with the parameter's name where it is
    /// one's gradient.
    static TrainingException anomaly(AnomalyException e, int step, List<Parameter> parameters) {
        String gradient = parameters.stream()
                .filter(p -> p.tensor() == e.variable())
                .findFirst()
                .map(p -> ", which is " + p.name())
                .orElse("; " + culprit(parameters));
        return new TrainingException(
                "detect-anomaly: step " + step + ", " + e.getMessage() + gradient
                        + "; the weights are those of the step before",
                e);
    }

    private static String culprit(List<Parameter> parameters) {
        for (Parameter parameter : parameters) {
            if (!finite(parameter.tensor().toArray())) return "the first bad parameter is " + parameter.name();
        }
        Parameter bad = Gradients.firstNonFinite(parameters);
        return bad == null
                ? "all parameters and gradients are finite"
                : "all parameters are finite, the first bad gradient is that of " + bad.name();
    }

    private static boolean finite(float[] values) {
        for (float value : values) if (!Float.isFinite(value)) return false;
        return true;
    }
}
