/// The kernels on an NVIDIA GPU, through the CUDA driver.
///
/// Read in this order: [CudaKernels] (the flat interface as launches), [Call] (how operands get to the device
/// and back), [CudaMemory] (the caching pool, the copies and their count), [Graphs] (launches that come again),
/// [Modules] (the PTX that the kernels of `src/main/cuda` are compiled to), [Driver] (the few calls of the CUDA
/// driver that all of it needs) and [JCudaBinding], the one class that JCuda, an optional dependency, is needed
/// for.
package dev.merapi.engine.cuda;
