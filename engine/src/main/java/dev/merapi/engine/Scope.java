package dev.merapi.engine;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Precision;
import java.util.function.Supplier;

/// The lifetime of the tensors that ops make: memory is borrowed when an op runs and given back when the scope
/// closes.
///
/// ```java
/// try (var step = Scope.open()) {
///     loss.of(model.forward(batch, pass), labels).backward();
///     …
/// }                                  // every activation of the step is recycled here
/// ```
///
/// [#open] records the operations for [Tensor#backward]; [#inference] records nothing. Outside of any scope ops
/// record nothing either, and their results belong to the garbage collector. Scopes nest and belong to the
/// thread that opened them. A tensor used after its scope closed is an error, never a wrong number;
/// [Tensor#toArray] copies values out.
public final class Scope implements AutoCloseable {
    private static final ThreadLocal<Scope> CURRENT = new ThreadLocal<>();

    private final Scope parent;
    private final Mode mode;
    private final Precision precision;
    private final boolean checkpoints;
    private Borrowed borrowed; // the last; each piece knows the one before it
    private Tensor recorded; // the last, the end of the tape; each knows the one before it
    private Anomalies anomalies; // null: nothing is checked
    private boolean touched; // whether an op met a tracked operand
    private boolean closed;

    private Scope(Mode mode, Precision precision, boolean checkpoints) {
        this.parent = CURRENT.get();
        this.anomalies = parent == null ? null : parent.anomalies;
        this.mode = mode;
        this.precision = precision;
        this.checkpoints = checkpoints;
        CURRENT.set(this);
    }

    /// What a scope does for a backward pass.
    private enum Mode {
        RECORDS,
        /// Nothing now; what it computes will be computed again for the backward pass.
        COMES_AGAIN,
        INFERS
    }

    /// A scope that records operations on tracked tensors, for training.
    public static Scope open() {
        return open(Precision.FP32, false);
    }

    /// A scope for training that may save memory and, where the device is fast at it, time.
    ///
    /// @param precision of matrix products. As under PyTorch's autocast the operands and results of [Matmul],
    ///     of [Convolution] and of the products inside attention are rounded to it, and so are the gradients of
    ///     all these; they are summed in float32. Everything else stays float32: weights and their gradients,
    ///     normalizations, softmax, losses
    /// @param checkpoints whether parts of a network that ask for it ([#checkpoint]) are computed again in the
    ///     backward pass instead of kept
    public static Scope open(Precision precision, boolean checkpoints) {
        return new Scope(Mode.RECORDS, precision, checkpoints);
    }

    /// Checks the result and the gradients of every recorded operation from now on: the first that is not
    /// finite is an [AnomalyException] that names the operation. Several times slower.
    public Scope detectAnomalies() {
        anomalies = new Anomalies();
        return this;
    }

    /// A scope that only recycles memory.
    public static Scope inference() {
        return inference(Precision.FP32);
    }

    /// The same with matrix products of this precision.
    public static Scope inference(Precision precision) {
        return new Scope(Mode.INFERS, precision, false);
    }

    /// Runs a part of a network and keeps nothing but its result: its other tensors are recycled at once,
    /// unless the current scope records (then the backward pass needs them) or there is none. This is how a
    /// deep encoder runs in the memory of one layer.
    public static Tensor keepOnly(Supplier<Tensor> part) {
        Scope outer = CURRENT.get();
        if (outer == null || outer.records()) return part.get();
        try (Scope inner = new Scope(outer.mode, outer.precision, false)) {
            Tensor result = part.get();
            inner.release(result, outer);
            return result;
        }
    }

    /// As [#keepOnly], and a scope that was opened with `checkpoints` keeps nothing but the result either
    /// (gradient checkpointing, Chen et al. 2016, arXiv:1604.06174): when the backward pass comes to it, the
    /// part is computed again, this time recorded. The gradients are the same bits, for a part computes the
    /// same bits each time: its randomness is a function of counters.
    ///
    /// @param part may be run twice; what it reads must still be there in the backward pass
    public static Tensor checkpoint(Supplier<Tensor> part) {
        Scope outer = CURRENT.get();
        if (outer == null || !outer.checkpoints) return keepOnly(part);
        try (Scope inner = new Scope(Mode.COMES_AGAIN, outer.precision, false)) {
            Tensor result = part.get();
            if (!inner.release(result, outer) || !inner.touched) return result;
            return result.onBackward(() -> {
                try (Scope _ = open(outer.precision, false)) {
                    part.get().backward(result.gradient());
                }
            });
        }
    }

    static Scope current() {
        return CURRENT.get();
    }

    /// In which precision matrix products compute.
    static Precision precision() {
        Scope scope = CURRENT.get();
        return scope == null ? Precision.FP32 : scope.precision;
    }

    boolean records() {
        return mode == Mode.RECORDS;
    }

    /// Whether a backward pass will come to what is computed here.
    boolean learns() {
        return mode != Mode.INFERS;
    }

    void touched() {
        touched = true;
    }

    /// Of a scope that checks; else null.
    Anomalies anomalies() {
        return anomalies;
    }

    boolean isClosed() {
        return closed;
    }

    Floats borrow(Device device, int count) {
        Floats memory = device.memory().take(count);
        borrowed = new Borrowed(device, memory, borrowed);
        return memory;
    }

    /// Gives one piece of memory back before the scope closes: a gradient that the backward pass has used up.
    void giveBack(Device device, Floats memory) {
        Borrowed piece = remove(memory);
        if (piece != null) device.memory().give(piece.memory);
    }

    /// Takes the piece that this memory is of out of what is borrowed; null if it is another scope's.
    private Borrowed remove(Floats memory) {
        Borrowed after = null;
        for (Borrowed piece = borrowed; piece != null; after = piece, piece = piece.before) {
            if (!piece.memory.sharesMemoryWith(memory)) continue;
            if (after == null) borrowed = piece.before;
            else after.before = piece.before;
            return piece;
        }
        return null;
    }

    /// Puts a result at the end of the tape, and gives the one before it.
    Tensor record(Tensor result) {
        Tensor before = recorded;
        recorded = result;
        return before;
    }

    /// The end of the tape, from which [Tensor#backward] walks it; null if it is empty.
    Tensor lastRecorded() {
        return recorded;
    }

    void forgetTape() {
        while (recorded != null) recorded = recorded.offTape();
    }

    /// Whether the tensor was this scope's.
    private boolean release(Tensor tensor, Scope to) {
        Borrowed piece = remove(tensor.data());
        if (piece == null) return false;
        piece.before = to.borrowed;
        to.borrowed = piece;
        tensor.moveTo(to);
        return true;
    }

    @Override
    public void close() {
        if (closed) return;
        if (CURRENT.get() != this)
            throw new IllegalStateException(
                    "scope: closed out of order or by another thread; scopes must be closed innermost first (use"
                            + " try-with-resources)");
        closed = true;
        CURRENT.set(parent);
        if (parent != null) parent.touched |= touched;
        for (; borrowed != null; borrowed = borrowed.before)
            borrowed.device.memory().give(borrowed.memory);
        forgetTape();
    }

    /// A piece of memory, and the one that was borrowed before it.
    private static final class Borrowed {
        final Device device;
        final Floats memory;
        Borrowed before;

        Borrowed(Device device, Floats memory, Borrowed before) {
            this.device = device;
            this.memory = memory;
            this.before = before;
        }
    }
}
