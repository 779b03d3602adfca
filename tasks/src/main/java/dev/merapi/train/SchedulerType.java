package dev.merapi.train;

/// How the learning rate moves over the steps of a run; see [dev.merapi.nn.optim.Schedule].
public enum SchedulerType {
    /// PyTorch's `LinearLR`: from a third of the learning rate up to it during warm-up, then constant.
    LINEAR_WARMUP,
    /// Up from 0 during warm-up, then down to 0 in a line: transformers' `linear`.
    LINEAR,
    /// Up from 0 during warm-up, then down to 0 along half a cosine: transformers' `cosine`.
    COSINE,
    /// The same rate at every step: transformers' `constant`; warm-up does not apply.
    CONSTANT
}
