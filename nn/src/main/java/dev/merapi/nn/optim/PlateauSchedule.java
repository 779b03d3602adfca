package dev.merapi.nn.optim;

import java.util.LinkedHashMap;
import java.util.Map;

/// A learning rate that falls when a metric stops getting better, as PyTorch's `ReduceLROnPlateau` (and
/// transformers' `reduce_lr_on_plateau`): the rate is multiplied by `factor` once more than `patience`
/// evaluations in a row were not better than the best.
public final class PlateauSchedule implements MetricSchedule {
    private final Better better;
    private final Options options;
    private double rate;
    private double best;
    private int bad; // evaluations in a row that were not better
    private int cooldown; // evaluations that will not be counted

    /// @param factor   in (0, 1)
    /// @param patience evaluations without improvement that are borne
    /// @param cooldown evaluations after a reduction that are not counted
    /// @param minRate  the rate never falls below it
    /// @param eps      a change that is no larger is left out
    public record Options(double factor, int patience, int cooldown, double minRate, double eps) {
        /// PyTorch's: a tenth after ten evaluations.
        public static final Options DEFAULT = new Options(0.1, 10, 0, 0, 1e-8);

        public Options {
            if (!(factor > 0 && factor < 1))
                throw new IllegalArgumentException("plateau: factor must be between 0 and 1, got " + factor);
        }
    }

    /// @param rate at first
    public PlateauSchedule(double rate, Better better, Options options) {
        this.rate = rate;
        this.better = better;
        this.options = options;
        this.best = better.worst();
    }

    @Override
    public double at(int step) {
        return rate;
    }

    @Override
    public void update(double metric) {
        boolean isBetter = better.than(best, metric);
        if (isBetter) best = metric;
        bad = isBetter || cooldown > 0 ? 0 : bad + 1;
        cooldown = Math.max(0, cooldown - 1);
        if (bad <= options.patience()) return;
        double reduced = Math.max(rate * options.factor(), options.minRate());
        if (rate - reduced > options.eps()) rate = reduced;
        bad = 0;
        cooldown = options.cooldown();
    }

    @Override
    public Map<String, Double> state() {
        Map<String, Double> state = new LinkedHashMap<>();
        state.put("rate", rate);
        state.put("best", best);
        state.put("bad", (double) bad);
        state.put("cooldown", (double) cooldown);
        return state;
    }

    @Override
    public void restore(Map<String, Double> state) {
        rate = state.get("rate");
        best = state.get("best");
        bad = state.get("bad").intValue();
        cooldown = state.get("cooldown").intValue();
    }
}
