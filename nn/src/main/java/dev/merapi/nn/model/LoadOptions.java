package dev.merapi.nn.model;

import dev.merapi.engine.Device;
import dev.merapi.engine.kernel.Precision;
import java.util.List;

/// How a pretrained folder becomes a model.
///
/// @param labels      names of the outputs of a head to fine-tune, in order; null to take the head that was
///     saved
/// @param problemType what the outputs mean; null to take what was saved
/// @param dropout     overrides every dropout of the config; null to leave them
/// @param device      where the parameters live; null for [Device#best]
/// @param seed        of weights that the checkpoint does not have
/// @param newHead     whether a head may be initialised where the checkpoint has none that fits
/// @param dtype       how the weights of linear layers and the tables of embeddings are held: FP32, or BF16 or
///     FP16 for inference, half of the memory and of what a short text has to read
public record LoadOptions(
        List<String> labels,
        ProblemType problemType,
        Float dropout,
        Device device,
        long seed,
        boolean newHead,
        Precision dtype) {
    private static final LoadOptions PRETRAINED = new LoadOptions(null, null, null, null, 42, false, Precision.FP32);

    public LoadOptions {
        if (labels != null) {
            labels = List.copyOf(labels);
            if (labels.isEmpty()) throw new IllegalArgumentException("load: a head needs at least one label");
        }
        if (dropout != null && !(dropout >= 0 && dropout < 1))
            throw new IllegalArgumentException("load: dropout must be in [0, 1), got " + dropout);
        if (dtype.results() != dtype)
            throw new IllegalArgumentException("load: weights are held in FP32, BF16 or FP16, got " + dtype);
    }

    /// As it was saved, for inference: a missing head is an error.
    public static LoadOptions pretrained() {
        return PRETRAINED;
    }

    /// With a head for these labels, for training: freshly initialised unless the checkpoint has one of that
    /// size.
    public static LoadOptions labels(String... labels) {
        return labels(List.of(labels));
    }

    public static LoadOptions labels(List<String> labels) {
        return new LoadOptions(labels, null, null, null, PRETRAINED.seed, true, Precision.FP32);
    }

    /// With a head to train, of the outputs that the config names: freshly initialised unless the checkpoint
    /// has one of that size.
    public static LoadOptions training() {
        return new LoadOptions(null, null, null, null, PRETRAINED.seed, true, Precision.FP32);
    }

    public LoadOptions problemType(ProblemType problemType) {
        return new LoadOptions(labels, problemType, dropout, device, seed, newHead, dtype);
    }

    public LoadOptions dropout(float dropout) {
        return new LoadOptions(labels, problemType, dropout, device, seed, newHead, dtype);
    }

    public LoadOptions device(Device device) {
        return new LoadOptions(labels, problemType, dropout, device, seed, newHead, dtype);
    }

    public LoadOptions seed(long seed) {
        return new LoadOptions(labels, problemType, dropout, device, seed, newHead, dtype);
    }

    /// In BF16 or FP16 for inference: rounded while they are read, multiplied and added in float32. Such a
    /// model is neither trained nor saved, and lives on a CPU.
    public LoadOptions dtype(Precision dtype) {
        return new LoadOptions(labels, problemType, dropout, device, seed, newHead, dtype);
    }

    Device deviceOrBest() {
        return device == null ? Device.best() : device;
    }
}
