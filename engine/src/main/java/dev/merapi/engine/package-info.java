/// Tensors with reverse-mode automatic differentiation.
///
/// Read in this order: [Tensor] (a value and how its gradient comes), [Elementwise] and [Matmul] (what an op
/// looks like: forward, then its backward step beside it), [Scope] (where memory comes from, in which precision
/// products compute, what is computed twice rather than kept), [Normalize],
/// [Attention], [Gather], [Loss], [Reduce]; then [Device], which joins them to the kernels of
/// `dev.merapi.engine.kernel`. `RowGroups`, `Heads` and `NarrowWeight`
/// (weights of 16 bits) are internal.
package dev.merapi.engine;
