package dev.merapi.train;

import dev.merapi.data.PackedBatch;
import dev.merapi.engine.AnomalyException;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Scope;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.Pass;
import dev.merapi.nn.loss.RDrop;
import dev.merapi.nn.model.Model;
import dev.merapi.nn.model.ProblemType;
import dev.merapi.nn.model.SequenceClassifier;
import dev.merapi.nn.optim.FastGradient;
import dev.merapi.nn.optim.GradScaler;
import dev.merapi.nn.optim.Gradients;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;

/// The way of batches through the model and back, which adds their gradients to those that there are.
final class Passes {
    private final Model model;
    private final List<Parameter> parameters;
    private final Objective objective;
    private final TrainingSettings settings;
    private final GradScaler scaler; // null: losses are not scaled
    private final RDrop rDrop; // null: none
    private final FastGradient adversary; // null: none
    private int count; // passes through the model: each has its own dropout
    private boolean overflowed;

    /// @param parameters those that are trained
    Passes(Model model, List<Parameter> parameters, Objective objective, TrainingSettings settings, GradScaler scaler) {
        this.model = model;
        this.parameters = parameters;
        this.objective = objective;
        this.settings = settings;
        this.scaler = scaler;
        this.rDrop = rDrop();
        this.adversary = adversary();
    }

    /// Of one label a row, or of labels that hold each by itself.
    private RDrop rDrop() {
        if (settings.tuning().rDropAlpha() == 0) return null;
        if (!(model instanceof SequenceClassifier classifier) || classifier.problemType() == ProblemType.REGRESSION)
            throw new SettingsException("r-drop-alpha: expected a model that classifies texts, got a "
                    + (model instanceof SequenceClassifier c
                            ? c.problemType()
                            : model.getClass().getSimpleName())
                    + "; leave it out");
        return new RDrop(classifier.problemType() == ProblemType.MULTI_LABEL_CLASSIFICATION);
    }

    private FastGradient adversary() {
        double epsilon = settings.tuning().fgmEpsilon();
        if (epsilon == 0) return null;
        return FastGradient.of(parameters, epsilon)
                .orElseThrow(() -> new SettingsException(
                        "fgm-epsilon: expected word embeddings that are trained, found none; leave it out"));
    }

    /// How many there were.
    int count() {
        return count;
    }

    /// Goes on where another run was.
    void count(int passes) {
        count = passes;
    }

    /// The batches of one step; each counts the same.
    ///
    /// @param step from 1, for messages
    /// @return their mean loss, for which a GPU is not waited for until it is read
    DoubleSupplier step(List<PackedBatch> batches, int step) {
        overflowed = false;
        float share = 1f / batches.size();
        List<DoubleSupplier> losses = new ArrayList<>();
        for (PackedBatch batch : batches) {
            losses.add(backward(batch, share, step));
            if (adversary == null || overflowed || !adversary.perturb()) continue;
            try {
                backward(batch, share, step);
            } finally {
                adversary.restore();
            }
        }
        return () -> {
            double mean = 0;
            for (DoubleSupplier loss : losses) mean += loss.getAsDouble() / losses.size();
            return mean;
        };
    }

    /// Whether the last step's gradients were given up since they overflow float16, and are not those of the
    /// step.
    boolean overflowed() {
        return overflowed;
    }

    private DoubleSupplier backward(PackedBatch batch, float share, int step) {
        if (!settings.trial().detectAnomaly()) {
            try (Scope _ = settings.computation().open()) {
                Tensor mean = loss(batch);
                backward(mean, share);
                return mean.laterItem();
            }
        }
        try {
            double loss = checked(batch, share);
            return () -> loss;
        } catch (AnomalyException e) {
            throw FiniteCheck.anomaly(e, step, parameters);
        }
    }

    private void backward(Tensor mean, float share) {
        if (scaler == null) mean.backward(share);
        else scaler.backward(mean, share);
    }

    /// With a look at every operation. A gradient that float16 cannot hold at this scale of the loss is no
    /// anomaly where float32 can: the scaler skips the step and takes a smaller scale.
    private double checked(PackedBatch batch, float share) {
        int first = count;
        double loss;
        try (Scope scope = settings.computation().open()) {
            scope.detectAnomalies();
            Tensor mean = loss(batch);
            loss = mean.item();
            try {
                backward(mean, share);
                return loss;
            } catch (AnomalyException e) {
                if (settings.computation().precision() != Precision.FP16) throw e;
            }
        }
        Gradients.clear(parameters); // of what overflowed, so that a message names what does not
        count = first; // the same dropout
        try (Scope scope = Scope.open(Precision.FP32, settings.computation().gradientCheckpointing())) {
            scope.detectAnomalies();
            loss(batch).backward(1f);
        }
        overflowed = true;
        return loss;
    }

    /// The mean loss of a batch, a scalar.
    private Tensor loss(PackedBatch batch) {
        Tensor logits = model.forward(batch.tokens(), pass()); // [B, K]
        Tensor mean = objective.loss(logits, batch);
        double alpha = settings.tuning().rDropAlpha();
        if (alpha == 0) return mean;
        Tensor again = model.forward(batch.tokens(), pass());
        Tensor both = Elementwise.scale(Elementwise.add(mean, objective.loss(again, batch)), 0.5f);
        return Elementwise.add(both, Elementwise.scale(rDrop.of(logits, again), (float) alpha));
    }

    private Pass pass() {
        return Pass.training(settings.seed(), count++);
    }
}
