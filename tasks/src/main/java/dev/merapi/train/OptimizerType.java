package dev.merapi.train;

/// What changes the weights; see [dev.merapi.nn.optim.Optimizer].
public enum OptimizerType {
    ADAMW,
    ADAM,
    SGD,
    ADAFACTOR,
    LAMB
}
