package dev.merapi.train;

import dev.merapi.nn.optim.GreedySchedule;
import dev.merapi.nn.optim.MetricSchedule;
import dev.merapi.nn.optim.PlateauSchedule;
import dev.merapi.nn.optim.Schedule;
import dev.merapi.nn.optim.Schedule.Ramp;
import java.util.List;
import java.util.Locale;

/// How the learning rate moves over the steps of a run: PyTorch's and transformers' schedules, with their usual
/// settings where [ScheduleOptions] say nothing else; see [Schedule].
public enum SchedulerType {
    /// PyTorch's `LinearLR`: from a third of the learning rate up to it during warm-up, then constant.
    LINEAR_WARMUP("start_factor", "end_factor", "total_iters"),
    /// Up from 0 during warm-up, then down to 0 in a line: transformers' `linear`.
    LINEAR,
    /// Up from 0 during warm-up, then down to 0 along half a cosine: transformers' `cosine`.
    COSINE("num_cycles"),
    /// The same, down to a tenth of the learning rate.
    COSINE_WITH_MIN_LR("num_cycles", "min_lr", "min_lr_rate"),
    /// The same, with a warm-up that begins above 0 and a decay that ends with the last step.
    COSINE_WARMUP_WITH_MIN_LR("num_cycles", "min_lr", "min_lr_rate", "warmup_lr_rate"),
    /// The same, down to 0 once an epoch and up again at once.
    COSINE_WITH_RESTARTS("num_cycles"),
    /// Warm-up, then in a line down to 1e-7: transformers' `polynomial` with power 1.
    POLYNOMIAL("lr_end", "power"),
    /// Warm-up, then by the inverse root of the steps.
    INVERSE_SQRT("timescale"),
    /// Warm-up, constant, and along half a cosine down to 0 over the last tenth of the steps.
    WARMUP_STABLE_DECAY("num_decay_steps", "warmup_type", "decay_type", "min_lr_ratio", "num_cycles"),
    /// The same rate at every step: transformers' `constant`; warm-up does not apply.
    CONSTANT,
    /// Up from 0 during warm-up, then constant.
    CONSTANT_WITH_WARMUP,
    /// PyTorch's `StepLR`: a tenth after each epoch; warm-up does not apply.
    STEP("step_size", "gamma"),
    /// PyTorch's `OneCycleLR`: up during three tenths of the steps, then down along a cosine.
    ONE_CYCLE("pct_start", "div_factor", "final_div_factor"),
    /// A tenth once more than `patience` = 10 evaluations in a row were not better, by the metric that says
    /// which model is the best.
    REDUCE_LR_ON_PLATEAU("factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr", "eps"),
    /// transformers' `greedy`, `GreedyLR`: a twentieth more once more than `patience` = 10 evaluations in a row
    /// were better, a twentieth less once as many were not. As there, it falls to `min_lr` = 0.001 at the
    /// lowest, which most fine-tunings lie below: name another one.
    GREEDY(
            "factor",
            "patience",
            "threshold",
            "threshold_mode",
            "cooldown",
            "warmup",
            "min_lr",
            "max_lr",
            "eps",
            "smooth",
            "window_size",
            "reset_start");

    private static final double MIN_SHARE = 0.1;

    private final List<String> names;

    SchedulerType(String... names) {
        this.names = List.of(names);
    }

    /// @throws SettingsException if there is an option that this schedule does not have
    void check(ScheduleOptions options) {
        for (String name : options.values().keySet())
            if (!names.contains(name))
                throw new SettingsException("lr-scheduler-kwargs: expected "
                        + (names.isEmpty() ? "none" : "some of " + names) + " for "
                        + name().toLowerCase(Locale.ROOT)
                        + ", got " + name);
        schedule(1e-3, 1, 2, 8, true, options); // their values
    }

    /// @param larger whether the metric that a plateau is seen by is better when larger
    Schedule schedule(
            double rate, int warmup, int stepsPerEpoch, int totalSteps, boolean larger, ScheduleOptions options) {
        int epochs = Math.max(1, Math.ceilDiv(totalSteps, stepsPerEpoch));
        double cycles = options.number("num_cycles", 0.5);
        double least =
                options.has("min_lr") ? options.number("min_lr", 0) : rate * options.number("min_lr_rate", MIN_SHARE);
        return switch (this) {
            case LINEAR_WARMUP ->
                Schedule.linearLr(
                        rate,
                        options.number("start_factor", 1 / 3.0),
                        options.number("end_factor", 1),
                        options.integer("total_iters", warmup));
            case LINEAR -> Schedule.linear(rate, warmup, totalSteps);
            case COSINE -> Schedule.cosine(rate, warmup, totalSteps, cycles, 0);
            case COSINE_WITH_MIN_LR -> Schedule.cosine(rate, warmup, totalSteps, cycles, least);
            case COSINE_WARMUP_WITH_MIN_LR ->
                Schedule.cosineWarmup(
                        rate,
                        warmup,
                        totalSteps,
                        cycles,
                        least,
                        options.has("warmup_lr_rate") ? options.number("warmup_lr_rate", 0) : Double.NaN);
            case COSINE_WITH_RESTARTS ->
                Schedule.cosineWithRestarts(rate, warmup, totalSteps, options.integer("num_cycles", epochs));
            case POLYNOMIAL ->
                Schedule.polynomial(
                        rate, warmup, totalSteps, options.number("lr_end", 1e-7), options.number("power", 1));
            case INVERSE_SQRT ->
                Schedule.inverseSqrt(rate, warmup, options.integer("timescale", warmup == 0 ? 10_000 : warmup));
            case WARMUP_STABLE_DECAY ->
                Schedule.warmupStableDecay(
                        rate,
                        warmup,
                        options.integer("num_decay_steps", Math.max(1, totalSteps / 10)),
                        totalSteps,
                        options.choice("warmup_type", Ramp.class, Ramp.LINEAR),
                        options.choice("decay_type", Ramp.class, Ramp.COSINE),
                        options.number("min_lr_ratio", 0),
                        cycles);
            case CONSTANT -> Schedule.constant(rate);
            case CONSTANT_WITH_WARMUP -> Schedule.constantWithWarmup(rate, warmup);
            case STEP ->
                Schedule.step(
                        rate, Math.max(1, options.integer("step_size", stepsPerEpoch)), options.number("gamma", 0.1));
            case ONE_CYCLE ->
                Schedule.oneCycle(
                        rate,
                        totalSteps,
                        options.number("pct_start", 0.3),
                        options.number("div_factor", 25),
                        options.number("final_div_factor", 1e4));
            case REDUCE_LR_ON_PLATEAU ->
                new PlateauSchedule(
                        rate,
                        better(larger, options, 1e-4, Threshold.REL),
                        new PlateauSchedule.Options(
                                options.number("factor", 0.1),
                                options.integer("patience", 10),
                                options.integer("cooldown", 0),
                                options.number("min_lr", 0),
                                options.number("eps", 1e-8)));
            case GREEDY ->
                new GreedySchedule(
                        rate,
                        better(larger, options, 1e-6, Threshold.ABS),
                        new GreedySchedule.Options(
                                options.number("factor", 0.95),
                                options.integer("patience", 10),
                                options.integer("cooldown", 0),
                                options.integer("warmup", 0),
                                options.number("min_lr", 1e-3),
                                options.number("max_lr", 1),
                                options.number("eps", 1e-8),
                                options.flag("smooth") ? options.integer("window_size", 50) : 1,
                                options.integer("reset_start", 500)));
        };
    }

    private static MetricSchedule.Better better(
            boolean larger, ScheduleOptions options, double threshold, Threshold mode) {
        return new MetricSchedule.Better(
                larger,
                options.number("threshold", threshold),
                options.choice("threshold_mode", Threshold.class, mode) == Threshold.REL);
    }

    /// What a threshold is: a share of the best metric, or a difference.
    private enum Threshold {
        REL,
        ABS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
