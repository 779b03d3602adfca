package dev.merapi.train;

/// What changes the weights; see [dev.merapi.nn.optim.Optimizer].
public enum OptimizerType {
    ADAMW(0.01),
    ADAM(0),
    SGD(0),
    ADAFACTOR(0),
    LAMB(0.01);

    private final double weightDecay;

    OptimizerType(double weightDecay) {
        this.weightDecay = weightDecay;
    }

    /// The decay where none is asked for, as in PyTorch: some where it is decoupled, none where it would be
    /// added to a gradient whose size the optimizer then divides out.
    public double weightDecay() {
        return weightDecay;
    }
}
