package dev.merapi.engine;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.PackedMatrix;
import dev.merapi.engine.kernel.Precision;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/// A float32 array with a shape, on a device, that may remember how it was made.
///
/// Ops are static methods of the op families ([Elementwise], [Matmul], [Normalize], [Attention], [Gather],
/// [Loss]): each computes its result and, if an operand is tracked and the open [Scope] records, leaves the
/// backward step beside it. [#backward] runs these steps in reverse order.
///
/// A leaf made by [#variable] is tracked from the start and keeps its gradient until [#clearGradient];
/// gradients of everything else are recycled as soon as they are used up.
public final class Tensor {
    private final Device device;
    private final Shape shape;
    private final Floats data;
    private final boolean leaf;
    private NarrowWeight narrow; // null: the values are float32, in data
    private Scope scope; // whose memory this is; null: the garbage collector's
    private boolean tracked;
    private Runnable backward;
    private Tensor before; // it on the tape; null: it is the first one or on none
    private String operation; // that made it, in a checked scope

    private Floats gradient;
    private boolean gradientHolds; // false: the next contribution overwrites
    private SparseRows sparse;
    private RowGroups rowGroups; // memory of the sparse gradient, reused

    private int version;
    private PackedMatrix packed;
    private int packedVersion = -1;
    private Lowered lowered; // null: none

    private Tensor(Device device, Shape shape, Floats data, Scope scope, boolean leaf, boolean tracked) {
        this.device = device;
        this.shape = shape;
        this.data = data;
        this.scope = scope;
        this.leaf = leaf;
        this.tracked = tracked;
    }

    // ── Making tensors ───────────────────────────────────────────────────────────────────────────

    /// A constant: values `[shape]` in row-major order, copied.
    public static Tensor of(Device device, Shape shape, float... values) {
        return new Tensor(device, shape, copied(device, shape, values), null, true, false);
    }

    /// A leaf whose gradient [#backward] computes: a parameter. The values are copied.
    public static Tensor variable(Device device, Shape shape, float... values) {
        return new Tensor(device, shape, copied(device, shape, values), null, true, true);
    }

    /// A parameter of zeros, to be filled through [#data].
    public static Tensor variable(Device device, Shape shape) {
        return new Tensor(device, shape, device.memory().allocate(shape.count()), null, true, true);
    }

    /// A weight `[outputs, inputs]` for [Matmul#linear] that is held in 16 bits, for inference: zeros, to be
    /// filled by [#write]. It computes as its rounded values in float32 would, bit for bit.
    ///
    /// @param precision BF16 or FP16
    public static Tensor weight(Device device, Shape shape, Precision precision) {
        return narrow(device, shape, precision, false);
    }

    /// The same for [Gather]: a table of embeddings.
    public static Tensor table(Device device, Shape shape, Precision precision) {
        return narrow(device, shape, precision, true);
    }

    private static Tensor narrow(Device device, Shape shape, Precision precision, boolean table) {
        if (shape.rank() != 2) throw new ShapeException("tensor: a weight of 16 bits must be a matrix, got " + shape);
        Tensor tensor = new Tensor(device, shape, null, null, true, false);
        tensor.narrow = new NarrowWeight(device.kernels(), shape, precision, table);
        return tensor;
    }

    private static Floats copied(Device device, Shape shape, float[] values) {
        if (values.length != shape.count())
            throw new ShapeException(
                    "tensor: shape " + shape + " needs " + shape.count() + " values, got " + values.length);
        Floats copy = device.memory().allocate(values.length);
        System.arraycopy(values, 0, copy.writable(), copy.offset, values.length);
        return copy;
    }

    /// The uninitialised result of an op, in the memory of the open scope.
    static Tensor result(Device device, Shape shape) {
        Scope scope = Scope.current();
        int count = shape.count();
        Floats data = scope == null ? device.memory().allocate(count) : scope.borrow(device, count);
        return new Tensor(device, shape, data, scope, false, false);
    }

    /// The result of an op that overwrites its operand, whose own values nobody needs any more.
    static Tensor over(Tensor x) {
        return new Tensor(x.device, x.shape, x.data, x.scope, false, false);
    }

    /// Whether an op on this operand, or on one of these, has to leave a backward step; null is none.
    static boolean records(Tensor operand) {
        return learns(operand) && Scope.current().records();
    }

    static boolean records(Tensor a, Tensor b) {
        return records(a) || records(b);
    }

    static boolean records(Tensor a, Tensor b, Tensor c) {
        return records(a, b) || records(c);
    }

    static boolean records(Tensor a, Tensor b, Tensor c, Tensor d) {
        return records(a, b) || records(c, d);
    }

    static boolean records(Tensor... operands) {
        for (Tensor operand : operands) if (records(operand)) return true;
        return false;
    }

    /// Whether a backward pass will come to an op on this operand: now, or when a part that is computed twice
    /// ([Scope#checkpoint]) is computed again.
    static boolean learns(Tensor operand) {
        Scope scope = Scope.current();
        if (scope == null || !scope.learns() || operand == null || !operand.tracked) return false;
        scope.touched();
        return true;
    }

    /// Records this result's backward step, which hands [#gradient] on to the operands by [#contribute].
    Tensor onBackward(Runnable step) {
        tracked = true;
        backward = step;
        before = scope.record(this);
        if (scope.anomalies() != null) operation = scope.anomalies().made(this);
        return this;
    }

    // ── Reading ──────────────────────────────────────────────────────────────────────────────────

    public Device device() {
        return device;
    }

    public Shape shape() {
        return shape;
    }

    Kernels kernels() {
        return device.kernels();
    }

    /// Whether [#backward] computes a gradient for it.
    public boolean isTracked() {
        return tracked;
    }

    /// The memory itself, not a copy: for kernels and optimizers.
    ///
    /// @throws IllegalStateException if the tensor's scope is closed, or its values are held in 16 bits
    public Floats data() {
        if (narrow != null)
            throw new IllegalStateException("tensor " + shape + ": its values are held in " + narrow.precision()
                    + ", for inference; load the model in float32, without a dtype, to train or to save it");
        if (scope != null && scope.isClosed())
            throw new IllegalStateException("tensor " + shape
                    + ": its scope is closed and its memory recycled; read it inside the scope or copy it out"
                    + " with toArray()");
        return data;
    }

    /// How the values are held: FP32 but for a weight that was made in 16 bits.
    public Precision precision() {
        return narrow == null ? Precision.FP32 : narrow.precision();
    }

    /// The values of a matrix that is held in 16 bits; null: they are float32.
    NarrowWeight narrow() {
        return narrow;
    }

    /// Writes whole rows, from number `from` on, into a matrix: float32 as they are, 16 bits rounded.
    ///
    /// @param from a multiple of [NarrowMatrix#ROWS], and so is the number of rows but for the last ones
    /// @throws IllegalArgumentException if a value is no finite number in 16 bits
    public void write(int from, Floats rows) {
        if (narrow != null) narrow.write(from, rows);
        else kernels().copy(rows.length, rows, data.slice(from * shape.columns(), rows.length), false);
    }

    /// A copy of the values, row-major.
    public float[] toArray() {
        return data().toArray();
    }

    /// The value of a tensor that holds one.
    public float item() {
        if (shape.count() != 1)
            throw new ShapeException("item: expected one value, got a tensor " + shape + "; use toArray()");
        return data().get(0);
    }

    /// [#item], to be read later: until then a GPU need not be waited for. The tensor's scope may be closed by
    /// then.
    public DoubleSupplier laterItem() {
        if (shape.count() != 1)
            throw new ShapeException("laterItem: expected one value, got a tensor " + shape + "; use toArray()");
        Supplier<float[]> later = data().later();
        return () -> later.get()[0];
    }

    /// [#toArray], to be read later: until then a GPU may be asked for more. The tensor's scope may be closed
    /// by then; what is read is the same array every time.
    public Supplier<float[]> laterArray() {
        return data().later();
    }

    // ── Gradients ────────────────────────────────────────────────────────────────────────────────

    /// Computes the gradient of this scalar with respect to every variable that it depends on, and adds it to
    /// theirs.
    public void backward() {
        backward(1f);
    }

    /// The same for `seed` times this scalar: the scale of gradient accumulation or of mixed precision.
    ///
    /// @throws IllegalStateException if nothing was recorded
    public void backward(float seed) {
        requireScalar();
        contribute((dx, accumulate) -> dx.set(0, seed + (accumulate ? dx.get(0) : 0f)));
        runBackward();
    }

    /// The same for `share · seed` times this scalar, of a seed that lies where the kernels compute and need
    /// not be known here ([dev.merapi.engine.kernel.LossScale]).
    ///
    /// @throws IllegalStateException if nothing was recorded
    public void backward(Floats seed, float share) {
        requireScalar();
        contribute((dx, accumulate) -> kernels().scale(1, share, seed, dx, accumulate));
        runBackward();
    }

    private void requireScalar() {
        if (shape.count() != 1)
            throw new ShapeException("backward: starts from a scalar, got " + shape + "; reduce it to one value first");
        if (backward == null)
            throw new IllegalStateException(
                    "backward: nothing was recorded; compute the loss inside try (var step = Scope.open()) from"
                            + " tensors that are tracked");
    }

    /// Goes on with a backward pass that has come to the result `[shape]` of a part of a network, now that the
    /// part is computed again: through this part's own tape.
    void backward(Floats gradient) {
        contribute((dx, accumulate) -> kernels().copy(shape.count(), gradient, dx, accumulate));
        runBackward();
    }

    private void runBackward() {
        for (Tensor made = scope.lastRecorded(); made != null; made = made.before) {
            if (made.gradientHolds && scope.anomalies() != null)
                scope.anomalies().running(made.operation);
            if (made.gradientHolds) made.backward.run();
            made.dropGradient();
            made.backward = null;
        }
        scope.forgetTape();
    }

    /// Takes it from the tape's end, and gives what is the end then.
    Tensor offTape() {
        Tensor last = before;
        before = null;
        return last;
    }

    /// Writes (accumulate false) or adds (true) a contribution to a gradient.
    @FunctionalInterface
    interface Contribution {
        void to(Floats gradient, boolean accumulate);
    }

    /// Lets an op's backward step contribute to the gradient of an operand; does nothing where none is wanted.
    void contribute(Contribution contribution) {
        if (!tracked) return;
        if (gradient == null) gradient = gradientMemory();
        SparseRows rows = sparse;
        sparse = null;
        contribution.to(gradient, gradientHolds);
        gradientHolds = true;
        if (rows != null) rows.addTo(gradient, kernels());
        check(gradient);
    }

    /// Contributes a finished gradient and recycles its memory, or takes the memory over where nothing was
    /// contributed before and it lives as long as this tensor.
    void contribute(Tensor finished) {
        if (tracked && !leaf && gradient == null && finished.scope == scope) {
            gradient = finished.data;
            gradientHolds = true;
            check(gradient);
            return;
        }
        contribute((memory, accumulate) -> kernels().copy(shape.count(), finished.data(), memory, accumulate));
        finished.recycle();
    }

    private void check(Floats contributed) {
        Scope open = Scope.current();
        if (open != null && open.anomalies() != null) open.anomalies().contributed(this, contributed);
    }

    /// Gives the memory of an op's intermediate result back before the scope closes.
    void recycle() {
        if (scope != null) scope.giveBack(device, data);
    }

    /// Gradient memory to add to, zeros at first; null if this tensor is not tracked.
    Floats accumulator() {
        if (!tracked) return null;
        contribute((memory, accumulate) -> {
            if (!accumulate) kernels().fill(shape.count(), 0f, memory);
        });
        return gradient;
    }

    /// Contributes the gradient of `out[r] = this[ids[r]]`: to a variable that holds no gradient yet as sparse
    /// rows, else densely.
    void contributeRows(int[] ids, int count, Floats dout) {
        if (!tracked) return;
        if (!leaf && device.memory().prefersSparseRows()) {
            addRows(ids, count, dout);
            return;
        }
        if (rowGroups == null) rowGroups = new RowGroups();
        if (!gradientHolds && sparse == null && device.memory().prefersSparseRows()) {
            sparse = rowGroups.sum(ids, count, shape.columns(), dout, device);
            check(sparse.values().slice(0, sparse.count() * sparse.columns()));
            return;
        }
        Floats dense = accumulator();
        rowGroups.sum(ids, count, shape.columns(), dout, device).addTo(dense, kernels());
    }

    /// One row after the other: an intermediate result lends few rows, the first of each sequence, say.
    private void addRows(int[] ids, int count, Floats dout) {
        Floats dense = accumulator();
        int columns = shape.columns();
        for (int r = 0; r < count; r++)
            kernels().copy(columns, dout.slice(r * columns, columns), dense.slice(ids[r] * columns, columns), true);
    }

    private Floats gradientMemory() {
        return leaf ? device.memory().allocate(shape.count()) : scope.borrow(device, shape.count());
    }

    private void dropGradient() {
        if (gradient == null) return;
        scope.giveBack(device, gradient);
        gradient = null;
        gradientHolds = false;
    }

    /// The gradient, same shape as the tensor; null if none has been computed (or it is sparse, see
    /// [#sparseGradient]).
    public Floats gradient() {
        return gradientHolds ? gradient : null;
    }

    /// The gradient of a table of which only some rows were used; null if there is none or it is dense.
    public SparseRows sparseGradient() {
        return sparse;
    }

    /// A copy of the gradient as a dense array, zeros where nothing was contributed.
    public float[] gradientToArray() {
        Floats dense = Floats.allocate(shape.count());
        copyGradient(dense);
        return dense.array;
    }

    /// Writes the gradient to dense memory, zeros where nothing was contributed.
    public void copyGradient(Floats dense) {
        if (gradientHolds) {
            kernels().copy(shape.count(), gradient, dense, false);
            return;
        }
        kernels().fill(shape.count(), 0f, dense);
        if (sparse != null) sparse.addTo(dense, kernels());
    }

    /// Forgets the gradient; its memory is kept for the next one.
    public void clearGradient() {
        gradientHolds = false;
        sparse = null;
    }

    /// Stops (or resumes) the computation of a leaf's gradient: a frozen parameter.
    public void setTracked(boolean tracked) {
        if (!leaf)
            throw new IllegalStateException(
                    "setTracked: only leaves can be frozen, this tensor " + shape + " is the result of an op");
        if (tracked && narrow != null) data(); // says why not
        this.tracked = tracked;
        if (!tracked) {
            gradient = null;
            clearGradient();
        }
    }

    // ── Packed weights ───────────────────────────────────────────────────────────────────────────

    /// Must be called after the values of a leaf were changed through [#data]: forms derived from them are made
    /// anew.
    public void modified() {
        version++;
        packed = null;
        lowered = null;
    }

    /// This weight `[outputs, inputs]` as the matrix kernel wants it, packed once for all passes until
    /// [#modified].
    synchronized PackedMatrix packed() {
        if (packed == null || packedVersion != version) {
            int outputs = shape.size(0);
            int inputs = shape.size(1);
            PackedMatrix fresh = new PackedMatrix(
                    outputs, inputs, device.memory().allocate(kernels().packedSize(outputs, inputs)));
            kernels().pack(data(), fresh);
            packed = fresh;
            packedVersion = version;
        }
        return packed;
    }

    /// This matrix `[rows, columns]` as products of low precision want it, made once for all products of the
    /// open scope: of the layers that share an operand, and of their backward passes. Where nothing learns a
    /// weight's is made once for all passes until [#modified].
    synchronized Floats lowered(Precision precision) {
        Scope open = Scope.current();
        Scope holder = leaf && !learns(this) ? null : open;
        if (lowered != null && lowered.precision == precision && lowered.holder == holder) return lowered.values;
        int rows = shape.rows(), columns = shape.columns(), size = kernels().loweredSize(precision, rows, columns);
        Floats values = holder == null ? device.memory().allocate(size) : holder.borrow(device, size);
        kernels().lower(precision, rows, columns, data(), values);
        if (leaf || holder != null) lowered = new Lowered(precision, holder, values);
        return values;
    }

    /// @param holder the scope that lent the memory; null: the garbage collector's
    private record Lowered(Precision precision, Scope holder, Floats values) {}

    boolean isLeaf() {
        return leaf;
    }

    void moveTo(Scope other) {
        scope = other;
    }

    @Override
    public String toString() {
        return "Tensor " + shape + " on " + device;
    }
}
