/// From gradients to better weights.
///
/// Reading order: [Gradients] (norm, clipping), [GradScaler] (losses scaled for float16), [Schedule],
/// [PlateauSchedule] and [GreedySchedule] (the learning rate), [Optimizer] (what all have in common), [AdamW],
/// [Adam], [Sgd], [Lamb], [Adafactor]; [LayerwiseDecay] gives lower layers lower rates, [WeightAverage]
/// averages weights over steps.
package dev.merapi.nn.optim;
