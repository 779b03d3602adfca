package dev.merapi.train;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.optim.GradScaler;
import dev.merapi.nn.optim.MetricSchedule;
import dev.merapi.nn.optim.Optimizer;
import dev.merapi.nn.optim.Schedule;
import dev.merapi.nn.optim.WeightAverage;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a run must remember to go on bitwise: the trained weights, the optimizer, the average of the weights,
/// the schedule, the loss scale, and counters. Batches and dropout are functions of the seed and the counters,
/// so no generator has a state.
///
/// @param checkpoints where states are; null for a run that saves none
/// @param resume whether to go on from the newest of them
/// @param settings that a state must have been saved with
/// @param log that is saved and restored with it
public record TrainingState(Checkpoints checkpoints, boolean resume, Json.Obj settings, CsvLog log) {
    /// Of a run that cannot be resumed.
    public static final TrainingState NONE = new TrainingState(null, false, null, null);

    private static final String WEIGHT = "weight:";
    private static final String OPTIMIZER = "optimizer:";
    private static final String AVERAGE = "average:";

    /// @param folder whose state was restored
    /// @param passes batches that went through the model
    record Resumed(Path folder, int passes) {}

    Optional<Path> save(
            List<Parameter> parameters,
            Optimizer optimizer,
            WeightAverage average,
            Schedule schedule,
            GradScaler scaler,
            Progress progress,
            int passes) {
        if (checkpoints == null) return Optional.empty();
        Optimizer.State moments = optimizer.state();
        Map<String, Floats> values = new LinkedHashMap<>();
        for (Parameter p : parameters) values.put(WEIGHT + p.name(), p.tensor().data());
        moments.values().forEach((name, value) -> values.put(OPTIMIZER + name, value));
        for (int i = 0; average != null && i < parameters.size(); i++)
            values.put(AVERAGE + parameters.get(i).name(), average.values().get(i));
        List<Json> updates = new ArrayList<>();
        for (int count : moments.updates()) updates.add(Json.Num.of(count));
        Json.Obj state = Json.Obj.empty(Checkpoints.STATE)
                .with("progress", progress.save())
                .with("passes", passes)
                .with("optimizer_steps", moments.steps())
                .with("optimizer_updates", new Json.Arr(updates))
                .with("average_updates", average == null ? 0 : average.updates())
                .with("settings", settings)
                .with("log", log.text());
        if (schedule instanceof MetricSchedule listening) state = state.with("schedule", numbers(listening.state()));
        if (scaler != null)
            state = state.with(
                    "scaler",
                    Json.Obj.empty(Checkpoints.STATE)
                            .with("scale", scaler.state().scale())
                            .with("good_steps", scaler.state().goodSteps()));
        return Optional.of(checkpoints.save(progress.steps(), state, values));
    }

    /// @throws SettingsException if there is nothing to go on from, or it is of a run with other settings
    Optional<Resumed> restore(
            List<Parameter> parameters,
            Optimizer optimizer,
            WeightAverage average,
            Schedule schedule,
            GradScaler scaler,
            Progress progress) {
        if (checkpoints == null || !resume) return Optional.empty();
        Checkpoints.Saved saved = checkpoints
                .newest()
                .orElseThrow(() -> new SettingsException("resume-from-checkpoint: expected a checkpoint in "
                        + checkpoints + ", found none that is whole; leave the option out to start anew"));
        Json.Obj state = saved.state();
        Checkpoints.requireSame(state.object("settings"), settings, saved.folder());
        Map<String, Floats> moments = new LinkedHashMap<>();
        saved.values().forEach((name, value) -> {
            if (name.startsWith(OPTIMIZER)) moments.put(name.substring(OPTIMIZER.length()), value);
        });
        List<Integer> updates = new ArrayList<>();
        for (Json count : state.array("optimizer_updates")) updates.add((int) ((Json.Num) count).asLong());
        List<Floats> averages = new ArrayList<>();
        for (Parameter p : parameters) {
            Floats weights = value(saved, WEIGHT + p.name());
            Floats own = p.tensor().data();
            System.arraycopy(weights.readable(), weights.offset, own.writable(), own.offset, own.length);
            p.tensor().modified();
            if (average != null) averages.add(value(saved, AVERAGE + p.name()));
        }
        optimizer.restore(new Optimizer.State(state.integer("optimizer_steps"), updates, moments));
        if (average != null) average.restore(state.integer("average_updates"), averages);
        if (schedule instanceof MetricSchedule listening) listening.restore(numbers(state.object("schedule")));
        if (scaler != null) {
            Json.Obj kept = state.object("scaler");
            scaler.restore(new GradScaler.State((float) kept.number("scale"), kept.integer("good_steps")));
        }
        progress.restore(state.object("progress"));
        log.restore(state.string("log"));
        return Optional.of(new Resumed(saved.folder(), state.integer("passes")));
    }

    private static Floats value(Checkpoints.Saved saved, String name) {
        Floats value = saved.values().get(name);
        if (value == null)
            throw new PretrainedException(saved.folder() + ": \"" + name
                    + "\" is missing; was it saved by a run that trains the same parameters?");
        return value;
    }

    private static Json.Obj numbers(Map<String, Double> values) {
        Json.Obj json = Json.Obj.empty(Checkpoints.STATE);
        for (Map.Entry<String, Double> value : values.entrySet()) json = json.with(value.getKey(), value.getValue());
        return json;
    }

    private static Map<String, Double> numbers(Json.Obj json) {
        Map<String, Double> values = new LinkedHashMap<>();
        for (String name : json.members().keySet()) values.put(name, json.number(name));
        return values;
    }
}
