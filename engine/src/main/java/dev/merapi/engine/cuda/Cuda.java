package dev.merapi.engine.cuda;

/// What the calls of the kernels share.
record Cuda(Driver driver, CudaMemory memory, Modules modules, Numbers numbers) {
    static Cuda on(Driver driver) {
        CudaMemory memory = new CudaMemory(driver);
        return new Cuda(driver, memory, new Modules(driver), new Numbers(memory));
    }
}
