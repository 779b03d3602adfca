package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/// A tensor as it lies in a file: value `(i, j, …)` is element `i·strides[0] + j·strides[1] + …` of `storage`.
///
/// Row-major strides are the rule; a transposed matrix or a slice of a larger tensor has others. Several
/// tensors may share a storage.
///
/// @param file    that the storage is a part of
/// @param storage from the tensor's first value on, at least as far as its last one: whoever makes a
///     StoredTensor has checked that
/// @param strides in elements, none negative
record StoredTensor(TensorInfo info, MappedFile file, MemorySegment storage, long[] strides) {
    private static final int BLOCK = 1 << 14; // values

    /// Row-major values.
    static StoredTensor of(TensorInfo info, MappedFile file, MemorySegment values) {
        return new StoredTensor(info, file, values, rowMajor(info.shape()));
    }

    static long[] rowMajor(long[] shape) {
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= Math.max(1, shape[axis]);
        }
        return strides;
    }

    /// The same values with two axes exchanged, under another name: `Wᵀ [in, out] → W [out, in]`.
    StoredTensor transposed(String name) {
        long[] shape = info.shape();
        return new StoredTensor(
                new TensorInfo(name, info.dtype(), new long[] {shape[1], shape[0]}), file, storage, new long[] {
                    strides[1], strides[0]
                });
    }

    /// The values as float32, row-major.
    void read(Floats out) {
        info.checkRoom(file.name(), out.length);
        file.reading(() -> {
            if (isRowMajor()) info.dtype().decode(values(), out);
            else blocks((block, from, n) -> info.dtype().decode(block, out.slice(Math.toIntExact(from), n)));
            return out;
        });
    }

    /// The values [first, first + out.length) as float32, in row-major order.
    void read(long first, Floats out) {
        info.checkPart(file.name(), first, out.length);
        int width = info.dtype().bytes;
        file.reading(() -> {
            if (isRowMajor()) {
                info.dtype().decode(storage.asSlice(first * width, (long) out.length * width), out);
                return out;
            }
            MemorySegment block = MemorySegment.ofArray(new byte[Math.min(BLOCK, out.length) * width]);
            for (int from = 0; from < out.length; from += BLOCK) {
                int n = Math.min(BLOCK, out.length - from);
                gather(first + from, n, block);
                info.dtype().decode(block.asSlice(0, (long) n * width), out.slice(from, n));
            }
            return out;
        });
    }

    /// Writes the values as `type`, little-endian and row-major: as they are where that is their own type.
    ///
    /// @throws PretrainedException if a value is too large for `type`
    void write(DType type, WritableByteChannel out) throws IOException {
        boolean asItIs = type == info.dtype();
        Floats floats = Floats.allocate(asItIs ? 0 : BLOCK);
        ByteBuffer encoded = ByteBuffer.allocate(asItIs ? 0 : BLOCK * type.bytes);
        try {
            file.reading(() -> {
                blocks((block, from, n) -> {
                    ByteBuffer bytes = block.asByteBuffer();
                    if (!asItIs) {
                        info.dtype().decode(block, floats.slice(0, n));
                        bytes = encoded.clear();
                        type.encode(floats.slice(0, n), bytes, file.name() + ": \"" + info.name() + "\"");
                        bytes.flip();
                    }
                    writeFully(out, bytes);
                });
                return out;
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static void writeFully(WritableByteChannel out, ByteBuffer bytes) {
        try {
            while (bytes.hasRemaining()) out.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isRowMajor() {
        long[] shape = info.shape();
        long stride = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            if (shape[axis] == 0) return true;
            if (shape[axis] != 1 && strides[axis] != stride) return false;
            stride *= shape[axis];
        }
        return true;
    }

    private MemorySegment values() {
        return storage.asSlice(0, info.count() * info.dtype().bytes);
    }

    private interface Visitor {
        /// @param block values `from … from + n` of the tensor in row-major order
        void visit(MemorySegment block, long from, int n);
    }

    private void blocks(Visitor visitor) {
        int width = info.dtype().bytes;
        long count = info.count();
        if (isRowMajor()) {
            MemorySegment values = values();
            for (long from = 0; from < count; from += BLOCK) {
                int n = (int) Math.min(BLOCK, count - from);
                visitor.visit(values.asSlice(from * width, (long) n * width), from, n);
            }
            return;
        }
        MemorySegment block = MemorySegment.ofArray(new byte[BLOCK * width]);
        for (long from = 0; from < count; from += BLOCK) {
            int n = (int) Math.min(BLOCK, count - from);
            gather(from, n, block);
            visitor.visit(block.asSlice(0, (long) n * width), from, n);
        }
    }

    /// Copies `n` values from row-major position `from` on, a run along the last axis at a time.
    private void gather(long from, int n, MemorySegment block) {
        long[] shape = info.shape();
        int last = shape.length - 1;
        for (int done = 0; done < n; ) {
            long rest = from + done;
            long element = 0;
            for (int axis = last; axis >= 0; axis--) {
                element += rest % shape[axis] * strides[axis];
                rest /= shape[axis];
            }
            int run = (int) Math.min(n - done, shape[last] - (from + done) % shape[last]);
            copyRun(element, strides[last], block, done, run);
            done += run;
        }
    }

    private void copyRun(long element, long stride, MemorySegment block, int to, int n) {
        switch (info.dtype().bytes) {
            case 1 -> {
                for (int i = 0; i < n; i++)
                    block.set(ValueLayout.JAVA_BYTE, to + i, storage.get(ValueLayout.JAVA_BYTE, element + i * stride));
            }
            case 2 -> {
                for (int i = 0; i < n; i++)
                    block.set(
                            ValueLayout.JAVA_SHORT_UNALIGNED,
                            2L * (to + i),
                            storage.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (element + i * stride)));
            }
            case 4 -> {
                for (int i = 0; i < n; i++)
                    block.set(
                            ValueLayout.JAVA_INT_UNALIGNED,
                            4L * (to + i),
                            storage.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * (element + i * stride)));
            }
            default -> {
                for (int i = 0; i < n; i++)
                    block.set(
                            ValueLayout.JAVA_LONG_UNALIGNED,
                            8L * (to + i),
                            storage.get(ValueLayout.JAVA_LONG_UNALIGNED, 8 * (element + i * stride)));
            }
        }
    }
}
