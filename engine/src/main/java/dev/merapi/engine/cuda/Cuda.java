package dev.merapi.engine.cuda;

import java.util.concurrent.locks.ReentrantLock;

/// What the calls of the kernels share.
///
/// @param lock of the call at hand: what one thread's call has put into place for its launches, another's may
///     replace
record Cuda(Driver driver, CudaMemory memory, Modules modules, Numbers numbers, ReentrantLock lock) {
    static Cuda on(Driver driver) {
        CudaMemory memory = new CudaMemory(driver);
        return new Cuda(driver, memory, new Modules(driver), new Numbers(memory), new ReentrantLock());
    }
}
