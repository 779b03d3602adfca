package dev.merapi.nn.model;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Philox;
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
    private Weights() {}

    /// @param mayBeNew whether a parameter of this name may be initialised where the checkpoint does not have
    ///     it in that shape
    /// @throws PretrainedException if any other parameter is missing or has another shape
    static LoadReport load(
            List<Parameter> parameters,
            Checkpoint checkpoint,
            String basePrefix,
            Predicate<String> mayBeNew,
            float range,
            long seed) {
        Map<String, long[]> wanted = new LinkedHashMap<>();
        for (Parameter p : parameters) wanted.put(p.name(), shape(p));
        WeightNames.Match match = WeightNames.match(wanted, checkpoint, basePrefix);
        LoadReport report = match.report();
        refuse(report, checkpoint, mayBeNew);
        for (int i = 0; i < parameters.size(); i++) {
            Parameter p = parameters.get(i);
            String name = match.found().get(p.name());
            if (name != null) checkpoint.read(name, p.tensor().data());
            else initialise(p, seed, i, range);
            p.tensor().modified();
        }
        return report;
    }

    private static void refuse(LoadReport report, Checkpoint checkpoint, Predicate<String> mayBeNew) {
        for (LoadReport.Mismatch m : report.mismatched())
            if (!mayBeNew.test(m.name()))
                throw new PretrainedException(
                        checkpoint.source() + ": " + m + "; does config.json belong to these weights?");
        List<String> lost = report.missing().stream().filter(mayBeNew.negate()).toList();
        if (lost.isEmpty()) return;
        throw new PretrainedException(checkpoint.source() + ": " + lost.size() + " weights are missing, among them "
                + lost.stream().limit(3).sorted().collect(Collectors.joining(", "))
                + "; expected a checkpoint of this model"
                + (lost.stream().allMatch(n -> n.startsWith("classifier.") || n.contains("pooler."))
                        ? " with its classification head; fine-tune it first (name labels to train a new head)"
                        : ""));
    }

    private static void initialise(Parameter p, long seed, int stream, float range) {
        Floats values = p.tensor().data();
        switch (p.initial()) {
            case NORMAL -> Philox.normal(values, seed, stream, 0f, range);
            case ZEROS -> java.util.Arrays.fill(values.array, values.offset, values.offset + values.length, 0f);
            case ONES -> java.util.Arrays.fill(values.array, values.offset, values.offset + values.length, 1f);
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
