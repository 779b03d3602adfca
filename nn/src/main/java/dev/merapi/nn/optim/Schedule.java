package dev.merapi.nn.optim;

/// The learning rate of each optimizer step, counted from 0.
@FunctionalInterface
public interface Schedule {
    double at(int step);

    static Schedule constant(double rate) {
        return step -> rate;
    }

    /// PyTorch's `LinearLR(start_factor=1/3, total_iters=warmup)`: from a third of the rate to all of it, then
    /// constant.
    static Schedule linearWarmup(double rate, int warmupSteps) {
        return step -> step >= warmupSteps ? rate : rate * (1 / 3.0 + (2 / 3.0) * step / warmupSteps);
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
        return step -> {
            if (step < warmupSteps) return rate * warmup(step, warmupSteps);
            double progress = (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
            return rate * Math.max(0.0, 0.5 * (1 + Math.cos(Math.PI * progress)));
        };
    }

    private static double warmup(int step, int warmupSteps) {
        return step < warmupSteps ? (double) step / Math.max(1, warmupSteps) : 1;
    }
}
