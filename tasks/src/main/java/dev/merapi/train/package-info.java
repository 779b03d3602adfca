/// The training loop.
///
/// Reading order: [Trainer] is the loop; [TrainingSettings] says how ([Batching], [Rate],
/// [Optimization], [Tuning], [Computation], [Pace], [Trial]), an [Objective] what for, a [Keeper] keeps
/// the best model. What happens is a [TrainEvent], told to a [TrainListener] such as [CsvLog] or
/// [TensorBoardLog]; [Stop] ends a run early, [Checkpoints] keep its [TrainingState] to go on from. [Inference]
/// runs the model to evaluate it.
///
/// A setting that cannot be met is a [SettingsException], a run that cannot go on a [TrainingException].
package dev.merapi.train;
