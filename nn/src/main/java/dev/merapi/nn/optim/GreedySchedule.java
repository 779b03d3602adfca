package dev.merapi.nn.optim;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;

/// A learning rate that rises while a metric gets better and falls when it does not, transformers' `GreedyLR`
/// (arXiv:2512.14527): divided by `factor` once more than `patience` evaluations in a row were better than the
/// best, multiplied by it once more than that many were not. Having been asked often enough to fall below its
/// least, it begins again with the first rate.
public final class GreedySchedule implements MetricSchedule {
    private final double first;
    private final Better better;
    private final Options options;
    private final ArrayDeque<Double> window = new ArrayDeque<>(); // the metrics that are averaged
    private double sum; // of the window
    private double rate;
    private double best;
    private int good; // evaluations in a row that were better
    private int bad; // that were not
    private int cooldown; // evaluations after a fall that will not be counted
    private int warmup; // after a rise
    private int falls; // more of them at the least rate until it begins again

    /// @param factor     in (0, 1)
    /// @param patience   evaluations of one kind that are borne
    /// @param cooldown   evaluations after a fall that are not counted
    /// @param warmup     evaluations after a rise that are not counted
    /// @param minRate    the rate never falls below it
    /// @param maxRate    the rate never rises above it
    /// @param eps        a change that is no larger is left out
    /// @param window     metrics that are averaged (`smooth`, `window_size`); 1 to take each as it is
    /// @param resetStart so many falls at the least rate, and it begins again
    public record Options(
            double factor,
            int patience,
            int cooldown,
            int warmup,
            double minRate,
            double maxRate,
            double eps,
            int window,
            int resetStart) {
        /// transformers': a twentieth after ten evaluations, between 0.001 and 1.
        public static final Options DEFAULT = new Options(0.95, 10, 0, 0, 1e-3, 1, 1e-8, 1, 500);

        public Options {
            if (!(factor > 0 && factor < 1))
                throw new IllegalArgumentException("greedy: factor must be between 0 and 1, got " + factor);
            if (window < 1) throw new IllegalArgumentException("greedy: the window must be at least 1, got " + window);
        }
    }

    /// @param rate at first
    public GreedySchedule(double rate, Better better, Options options) {
        this.first = rate;
        this.better = better;
        this.options = options;
        begin();
    }

    private void begin() {
        rate = first;
        best = better.worst();
        good = 0;
        bad = 0;
        cooldown = 0;
        warmup = 0;
        falls = options.resetStart();
        window.clear();
        sum = 0;
    }

    @Override
    public double at(int step) {
        return rate;
    }

    @Override
    public void update(double metric) {
        double smooth = smooth(metric);
        if (cooldown > 0 || warmup > 0) {
            if (cooldown > 0) cooldown--;
            else warmup--;
            good = 0;
            bad = 0;
            return;
        }
        boolean isBetter = better.than(best, smooth);
        if (isBetter) best = smooth;
        good = isBetter ? good + 1 : 0;
        bad = isBetter ? 0 : bad + 1;
        if (good > options.patience()) rise();
        else if (bad > options.patience()) fall();
    }

    private double smooth(double metric) {
        window.addLast(metric);
        sum += metric;
        if (window.size() > options.window()) sum -= window.removeFirst();
        return options.window() == 1 ? metric : sum / window.size();
    }

    private void rise() {
        double higher = Math.min(rate / options.factor(), options.maxRate());
        if (higher - rate > options.eps()) rate = higher;
        falls = options.resetStart();
        warmup = options.warmup();
        good = 0;
    }

    private void fall() {
        double lower = Math.max(rate * options.factor(), options.minRate());
        if (rate - lower > options.eps()) rate = lower;
        if (rate <= options.minRate() && --falls <= 0) begin();
        cooldown = options.cooldown();
        bad = 0;
    }

    @Override
    public Map<String, Double> state() {
        Map<String, Double> state = new LinkedHashMap<>();
        state.put("rate", rate);
        state.put("best", best);
        state.put("good", (double) good);
        state.put("bad", (double) bad);
        state.put("cooldown", (double) cooldown);
        state.put("warmup", (double) warmup);
        state.put("falls", (double) falls);
        state.put("sum", sum);
        for (double metric : window) state.put("metric_" + (state.size() - 8), metric);
        return state;
    }

    @Override
    public void restore(Map<String, Double> state) {
        rate = state.get("rate");
        best = state.get("best");
        good = state.get("good").intValue();
        bad = state.get("bad").intValue();
        cooldown = state.get("cooldown").intValue();
        warmup = state.get("warmup").intValue();
        falls = state.get("falls").intValue();
        sum = state.get("sum");
        window.clear();
        for (int i = 0; state.containsKey("metric_" + i); i++) window.addLast(state.get("metric_" + i));
    }
}
