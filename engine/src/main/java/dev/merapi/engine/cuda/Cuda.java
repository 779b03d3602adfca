package dev.merapi.engine.cuda;

import java.util.concurrent.locks.ReentrantLock;

/// What the calls of the kernels share.
///
/// @param lock of the call at hand: what one thread's call has put into place for its launches, another's may
///     replace
record Cuda(Driver driver, Graphs graphs, CudaMemory memory, Numbers numbers, ReentrantLock lock) {
    /// @param checked whether memory is filled with NaN before it is used, and looked at behind its end after
    static Cuda on(Driver driver, boolean checked) {
        Graphs graphs = new Graphs(driver);
        CudaMemory memory = new CudaMemory(driver, graphs, checked);
        return new Cuda(driver, graphs, memory, new Numbers(graphs, memory.staging()), new ReentrantLock());
    }
}
