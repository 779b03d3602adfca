package dev.merapi.nn.optim;

import java.util.Locale;

/// The learning rate of each optimizer step, counted from 0.
///
/// The names are those of transformers' `lr_scheduler_type` and of PyTorch's `lr_scheduler` classes. A schedule
/// that listens to a metric is a [MetricSchedule].
@FunctionalInterface
public interface Schedule {
    double at(int step);

    static Schedule constant(double rate) {
        return step -> rate;
    }

    /// PyTorch's `LinearLR(start_factor=1/3, total_iters=warmup)`: from a third of the rate to all of it, then
    /// constant.
    static Schedule linearWarmup(double rate, int warmupSteps) {
        return linearLr(rate, 1 / 3.0, 1, warmupSteps);
    }

    /// PyTorch's `LinearLR`: from a share of the rate to another one, then constant.
    static Schedule linearLr(double rate, double startFactor, double endFactor, int steps) {
        return step ->
                step >= steps ? rate * endFactor : rate * (startFactor + (endFactor - startFactor) * step / steps);
    }

    /// PyTorch's `StepLR`: times γ after every `stepSize` steps.
    static Schedule step(double rate, int stepSize, double gamma) {
        return step -> rate * Math.pow(gamma, step / stepSize);
    }

    /// PyTorch's `OneCycleLR` with two phases along a cosine (Smith & Topin 2017, arXiv:1708.07120): from `rate
    /// / divFactor` up to the rate in `pctStart` of the steps, then down to `rate / divFactor /
    /// finalDivFactor`. The momentum stays as it is.
    static Schedule oneCycle(double rate, int totalSteps, double pctStart, double divFactor, double finalDivFactor) {
        double initial = rate / divFactor;
        double peak = pctStart * totalSteps - 1;
        double last = totalSteps - 1;
        return step -> step <= peak
                ? halfCosine(initial, rate, step / peak)
                : halfCosine(rate, initial / finalDivFactor, (step - peak) / (last - peak));
    }

    private static double halfCosine(double from, double to, double progress) {
        return to + (from - to) / 2 * (1 + Math.cos(Math.PI * progress));
    }

    /// transformers' `constant_with_warmup`: from 0 to the rate, then constant.
    static Schedule constantWithWarmup(double rate, int warmupSteps) {
        return step -> rate * warmup(step, warmupSteps);
    }

    /// transformers' `linear`: from 0 to the rate in the warm-up, then down to 0 at the last step.
    static Schedule linear(double rate, int warmupSteps, int totalSteps) {
        return step -> step < warmupSteps
                ? rate * warmup(step, warmupSteps)
                : rate * Math.max(0.0, (double) (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
    }

    /// transformers' `cosine`: warm-up as above, then half a cosine down to 0.
    static Schedule cosine(double rate, int warmupSteps, int totalSteps) {
        return cosine(rate, warmupSteps, totalSteps, 0.5, 0);
    }

    /// transformers' `cosine` and `cosine_with_min_lr`.
    ///
    /// @param cycles  how many waves: ½ only falls
    /// @param minRate where it ends
    static Schedule cosine(double rate, int warmupSteps, int totalSteps, double cycles, double minRate) {
        double least = minRate / rate;
        return step -> {
            if (step < warmupSteps) return rate * warmup(step, warmupSteps);
            double factor = 0.5 * (1 + Math.cos(Math.PI * cycles * 2 * progress(step, warmupSteps, totalSteps)));
            return rate * Math.max(0.0, factor * (1 - least) + least);
        };
    }

    /// transformers' `cosine_warmup_with_min_lr`: the warm-up reaches the rate with its last step, the cosine
    /// its end with the last step of all.
    ///
    /// @param warmupShare of the rate that the warm-up begins with; NaN for one step of it
    static Schedule cosineWarmup(
            double rate, int warmupSteps, int totalSteps, double cycles, double minRate, double warmupShare) {
        double least = minRate / rate;
        return step -> {
            if (step < warmupSteps && Double.isNaN(warmupShare)) return rate * (step + 1) / warmupSteps;
            if (step < warmupSteps)
                return rate * (warmupShare + (1 - warmupShare) * step / Math.max(1, warmupSteps - 1));
            double progress = (step - warmupSteps + 1) / Math.max(1.0, totalSteps - warmupSteps);
            double factor = 0.5 * (1 + Math.cos(Math.PI * cycles * 2 * progress));
            return rate * Math.max(0.0, factor * (1 - least) + least);
        };
    }

    /// transformers' `cosine_with_restarts`: warm-up, then half a cosine down to 0, `cycles` times.
    static Schedule cosineWithRestarts(double rate, int warmupSteps, int totalSteps, int cycles) {
        return step -> {
            if (step < warmupSteps) return rate * warmup(step, warmupSteps);
            double progress = progress(step, warmupSteps, totalSteps);
            return progress >= 1 ? 0 : rate * Math.max(0.0, 0.5 * (1 + Math.cos(Math.PI * (cycles * progress % 1.0))));
        };
    }

    /// transformers' `polynomial`: warm-up, then `(1 − progress)^power` down to `endRate`, 1e-7 as usual.
    static Schedule polynomial(double rate, int warmupSteps, int totalSteps, double endRate, double power) {
        return step -> {
            if (step < warmupSteps) return rate * warmup(step, warmupSteps);
            if (step > totalSteps) return endRate;
            double remaining = 1 - (double) (step - warmupSteps) / (totalSteps - warmupSteps);
            return (rate - endRate) * Math.pow(remaining, power) + endRate;
        };
    }

    /// transformers' `inverse_sqrt`: warm-up, then with the root of the steps down. Its time scale is the
    /// warm-up, or 10,000 where there is none.
    static Schedule inverseSqrt(double rate, int warmupSteps) {
        return inverseSqrt(rate, warmupSteps, warmupSteps == 0 ? 10_000 : warmupSteps);
    }

    /// @param timescale steps in which the rate falls by the root of 2
    static Schedule inverseSqrt(double rate, int warmupSteps, int timescale) {
        return step -> step < warmupSteps
                ? rate * warmup(step, warmupSteps)
                : rate / Math.sqrt((step + (double) timescale - warmupSteps) / timescale);
    }

    /// The form of a way up or down; `progress` from 0 to 1.
    enum Ramp {
        LINEAR,
        COSINE,
        ONE_MINUS_SQRT;

        double up(double progress) {
            return switch (this) {
                case LINEAR -> progress;
                case COSINE -> 0.5 * (1 - Math.cos(Math.PI * progress));
                case ONE_MINUS_SQRT -> 1 - Math.sqrt(1 - progress);
            };
        }

        double down(double progress, double cycles) {
            return switch (this) {
                case LINEAR -> 1 - progress;
                case COSINE -> 0.5 * (1 + Math.cos(Math.PI * cycles * 2 * progress));
                case ONE_MINUS_SQRT -> 1 - Math.sqrt(progress);
            };
        }

        /// As transformers writes it.
        @Override
        public String toString() {
            return this == ONE_MINUS_SQRT ? "1-sqrt" : name().toLowerCase(Locale.ROOT);
        }
    }

    /// transformers' `warmup_stable_decay`: warm-up, constant, then half a cosine down to 0 over the last
    /// `decaySteps`.
    static Schedule warmupStableDecay(double rate, int warmupSteps, int decaySteps, int totalSteps) {
        return warmupStableDecay(rate, warmupSteps, decaySteps, totalSteps, Ramp.LINEAR, Ramp.COSINE, 0, 0.5);
    }

    /// @param minShare of the rate, where the warm-up begins and the decay ends
    /// @param cycles how many waves a decay along a cosine has: ½ only falls
    static Schedule warmupStableDecay(
            double rate,
            int warmupSteps,
            int decaySteps,
            int totalSteps,
            Ramp warmup,
            Ramp decay,
            double minShare,
            double cycles) {
        int stable = totalSteps - decaySteps;
        return step -> {
            if (step >= warmupSteps && step < stable) return rate;
            if (step >= warmupSteps && step >= totalSteps) return rate * minShare;
            double factor = step < warmupSteps
                    ? warmup.up((double) step / warmupSteps)
                    : decay.down((double) (step - stable) / Math.max(1, decaySteps), cycles);
            return rate * Math.max(0.0, factor * (1 - minShare) + minShare);
        };
    }

    /// `min(10⁻², 1/√t)`, t from 1: what [Adafactor] does without a learning rate (`relative_step`).
    static Schedule relativeStep() {
        return step -> Math.min(1e-2, 1 / Math.sqrt(step + 1.0));
    }

    private static double warmup(int step, int warmupSteps) {
        return step < warmupSteps ? (double) step / Math.max(1, warmupSteps) : 1;
    }

    private static double progress(int step, int warmupSteps, int totalSteps) {
        return (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
    }
}
