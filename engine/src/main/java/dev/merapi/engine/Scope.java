package dev.merapi.engine;

import java.util.ArrayList;

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
    private final boolean records;
    private final ArrayList<Borrowed> borrowed = new ArrayList<>();
    private final ArrayList<Tensor> tape = new ArrayList<>();
    private boolean closed;

    private Scope(boolean records) {
        this.parent = CURRENT.get();
        this.records = records;
        CURRENT.set(this);
    }

    /// A scope that records operations on tracked tensors, for training.
    public static Scope open() {
        return new Scope(true);
    }

    /// A scope that only recycles memory.
    public static Scope inference() {
        return new Scope(false);
    }

    /// Runs a part of a network and keeps nothing but its result: its other tensors are recycled at once,
    /// unless the current scope records (then the backward pass needs them) or there is none. This is how a
    /// deep encoder runs in the memory of one layer.
    public static Tensor keepOnly(java.util.function.Supplier<Tensor> part) {
        Scope outer = CURRENT.get();
        if (outer == null || outer.records) return part.get();
        try (Scope inner = inference()) {
            Tensor result = part.get();
            inner.release(result, outer);
            return result;
        }
    }

    static Scope current() {
        return CURRENT.get();
    }

    boolean records() {
        return records;
    }

    boolean isClosed() {
        return closed;
    }

    float[] borrow(Device device, int count) {
        float[] array = device.slabs().take(count);
        borrowed.add(new Borrowed(device, array));
        return array;
    }

    /// Gives one array back before the scope closes: a gradient that the backward pass has used up.
    void giveBack(Device device, float[] array) {
        for (int i = borrowed.size() - 1; i >= 0; i--) {
            if (borrowed.get(i).array == array) {
                borrowed.remove(i);
                device.slabs().give(array);
                return;
            }
        }
    }

    void record(Tensor result) {
        tape.add(result);
    }

    /// The recorded results in the order of their making; [Tensor#backward] walks it from the end.
    ArrayList<Tensor> tape() {
        return tape;
    }

    private void release(Tensor tensor, Scope to) {
        float[] array = tensor.data().array;
        for (int i = borrowed.size() - 1; i >= 0; i--) {
            if (borrowed.get(i).array == array) {
                to.borrowed.add(borrowed.remove(i));
                tensor.moveTo(to);
                return;
            }
        }
    }

    @Override
    public void close() {
        if (closed) return;
        if (CURRENT.get() != this)
            throw new IllegalStateException(
                    "scope: closed out of order or by another thread; scopes must be closed innermost first (use try-with-resources)");
        closed = true;
        CURRENT.set(parent);
        for (Borrowed slab : borrowed) slab.device.slabs().give(slab.array);
        borrowed.clear();
        tape.clear();
    }

    private record Borrowed(Device device, float[] array) {}
}
