/// The kernels: what the engine asks of a machine. Read [Kernels] first (what is computed), then
/// `ScalarKernels` (how, in plain loops), then [Workers] (who does it), then the package
/// `dev.merapi.engine.simd` (how it becomes fast).
package dev.merapi.engine.kernel;
