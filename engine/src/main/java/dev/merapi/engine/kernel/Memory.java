package dev.merapi.engine.kernel;

/// Where the operands of some kernels lie: on the heap ([Slabs]), or in the memory of a device, which copies
/// what host code reads or writes.
public interface Memory {
    /// Memory of `length` values, not initialised, until it is given back.
    Floats take(int length);

    /// Takes back what [#take] gave, for others; nobody may use it afterwards.
    void give(Floats taken);

    /// Memory of `length` zeros that lasts as long as it is reachable: parameters, their gradients and moments.
    Floats allocate(int length);

    /// How many bytes were taken from the system so far; constant once training is in its steady state.
    long bytes();

    /// Whether kernels that treat a few rows of a table are as cheap as they are on a CPU. Where every call
    /// costs a launch, one pass over the whole table is cheaper than a call for each run of rows.
    default boolean prefersSparseRows() {
        return true;
    }
}
