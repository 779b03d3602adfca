package dev.merapi.nn.model;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.NarrowMatrix;
import dev.merapi.engine.kernel.Philox;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.pretrained.Checkpoint;
import dev.merapi.nn.pretrained.LoadReport;
import dev.merapi.nn.pretrained.PretrainedException;
import dev.merapi.nn.pretrained.SafetensorsWriter;
import dev.merapi.nn.pretrained.WeightNames;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Fills a model's parameters from a checkpoint, and collects them to be saved.
final class Weights {
    /// Values in float32 at a time of a weight that is held in 16 bits, at least.
    private static final int BLOCK = 1 << 18;

    private Weights() {}

    /// @param isHead whether the parameter of this name belongs to the head, and so may be initialised where
    ///     the checkpoint does not have it in that shape, if the options allow a new head
    /// @param tied names of the checkpoint that are no surprise though nobody reads them
    /// @throws PretrainedException if any other parameter is missing or has another shape
    static LoadReport load(
            List<Parameter> parameters,
            Checkpoint checkpoint,
            String basePrefix,
            Predicate<String> isHead,
            Predicate<String> tied,
            float range,
            LoadOptions options) {
        Map<String, long[]> wanted = new LinkedHashMap<>();
        for (Parameter p : parameters) wanted.put(p.name(), shape(p));
        WeightNames.Match match = WeightNames.match(wanted, checkpoint, basePrefix);
        LoadReport report = new LoadReport(
                match.report().missing(),
                match.report().unexpected().stream().filter(tied.negate()).toList(),
                match.report().mismatched());
        if (!checkpoint.isNew()) refuse(report, checkpoint, isHead, options.newHead());
        Floats block = null;
        for (int i = 0; i < parameters.size(); i++) {
            Parameter p = parameters.get(i);
            String name = match.found().get(p.name());
            if (p.tensor().precision() != Precision.FP32 && name != null) {
                if (block == null) block = Floats.allocate(largest(parameters));
                narrow(p, name, checkpoint, block);
            } else if (p.tensor().precision() != Precision.FP32) {
                Floats values = Floats.allocate(p.tensor().shape().count());
                initialise(p, values, options.seed(), i, range);
                p.tensor().write(0, values);
            } else if (name != null) checkpoint.read(name, p.tensor().data());
            else initialise(p, p.tensor().data(), options.seed(), i, range);
            p.tensor().modified();
        }
        return report;
    }

    /// Some rows after the other, so that no whole tensor lies in float32.
    private static void narrow(Parameter p, String name, Checkpoint checkpoint, Floats block) {
        int rows = p.tensor().shape().size(0), columns = p.tensor().shape().columns(), some = rows(columns);
        try {
            for (int from = 0; from < rows; from += some) {
                Floats part = block.slice(0, Math.min(some, rows - from) * columns);
                checkpoint.read(name, (long) from * columns, part);
                p.tensor().write(from, part);
            }
        } catch (IllegalArgumentException e) {
            throw new PretrainedException(checkpoint.source() + ": \"" + p.name() + "\": " + e.getMessage()
                    + "; load it " + (p.tensor().precision() == Precision.FP16 ? "in BF16 or FP32" : "in FP32"));
        }
    }

    /// How many rows are read at a time.
    private static int rows(int columns) {
        return Math.max(NarrowMatrix.ROWS, BLOCK / columns / NarrowMatrix.ROWS * NarrowMatrix.ROWS);
    }

    /// Values of the largest block.
    private static int largest(List<Parameter> parameters) {
        int most = 0;
        for (Parameter p : parameters)
            if (p.tensor().precision() != Precision.FP32)
                most = Math.max(
                        most,
                        Math.min(
                                        p.tensor().shape().size(0),
                                        rows(p.tensor().shape().columns()))
                                * p.tensor().shape().columns());
        return most;
    }

    private static void refuse(LoadReport report, Checkpoint checkpoint, Predicate<String> isHead, boolean newHead) {
        for (LoadReport.Mismatch m : report.mismatched())
            if (!newHead || !isHead.test(m.name()))
                throw new PretrainedException(
                        checkpoint.source() + ": " + m + "; does config.json belong to these weights?");
        List<String> lost = report.missing().stream()
                .filter(name -> !newHead || !isHead.test(name))
                .toList();
        if (lost.isEmpty()) return;
        throw new PretrainedException(checkpoint.source() + ": " + lost.size() + " weights are missing, among them "
                + lost.stream().limit(3).sorted().collect(Collectors.joining(", "))
                + "; expected a checkpoint of this model"
                + (lost.stream().allMatch(isHead)
                        ? " with its head; fine-tune it first (ask for a new head, or name its labels, to train one)"
                        : ""));
    }

    private static void initialise(Parameter p, Floats values, long seed, int stream, float range) {
        switch (p.initial()) {
            case NORMAL -> Philox.normal(values, seed, stream, 0f, range);
            case ZEROS -> p.tensor().device().kernels().fill(values.length, 0f, values);
            case ONES -> p.tensor().device().kernels().fill(values.length, 1f, values);
            case DESCENDING -> {
                for (int i = 0; i < values.length; i++) values.set(i, (values.length - i) / (float) values.length);
            }
        }
    }

    static List<SafetensorsWriter.Weight> toSave(List<Parameter> parameters) {
        List<SafetensorsWriter.Weight> weights = new ArrayList<>();
        for (Parameter p : parameters)
            weights.add(
                    new SafetensorsWriter.Weight(p.name(), shape(p), p.tensor().data()));
        return weights;
    }

    private static long[] shape(Parameter p) {
        long[] shape = new long[p.tensor().shape().rank()];
        for (int i = 0; i < shape.length; i++) shape[i] = p.tensor().shape().size(i);
        return shape;
    }
}
