/// The kernels over the Vector API, fast where [dev.merapi.engine.kernel.ScalarKernels] is plain. The only
/// package that imports `jdk.incubator.vector`; nothing outside of it may name its classes but
/// [dev.merapi.engine.simd.SimdKernels].
///
/// Reading order
/// 1. `SimdKernels`: who computes what
/// 2. `Blocks`: how work is cut, by the problem's sizes alone
/// 3. `SimdElementwise`: the plainest loops, and the form that all the others have
/// 4. `SimdMath`, `SimdActivation`: exp, erf and tanh without a library call, and what is made of them
/// 5. `SimdLayerNorm`, `SimdGather`, `SimdOptimizer`: rows, and reductions in a fixed order
/// 6. `SimdRandom`: Philox in vectors
/// 7. `SimdMatmul`, then `MicroKernels`: where the time goes; `Panels` and `Bfloat16Kernels` for weights of 16
/// bits 8. `SimdAttention`: the products again, with a softmax between them 9. `SimdLoss`: softmax
/// cross-entropy over a vocabulary 10. `ColdStart`, `PlainLoops`: what computes until C2 has compiled all this
///
/// Rules, each of which was paid for
/// - species and constants are `static final`; vectors live in locals, never in fields, arrays or lambdas
/// - a loop is a small static method over arrays and offsets, called from the task: C2 compiles it once and
///   well
/// - a branch inside a loop may store vectors, but not choose between them
/// - lanes are summed in a written order; that of `reduceLanes(ADD)` is open, and changes when C2 has compiled
///   the loop
/// - what a forward pass runs has a plain twin with the same bits, for the first moments of a JVM
/// - tails are scalar or padded to a whole vector: masks are slow before AVX-512
/// - memory that tasks share belongs to a `synchronized` kernel and only grows
package dev.merapi.engine.simd;
