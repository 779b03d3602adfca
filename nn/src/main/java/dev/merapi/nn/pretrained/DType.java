package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The element types of checkpoints, under safetensors' names and in its order. Values are little-endian and
/// need not be aligned.
public enum DType {
    BOOL(1),
    U8(1),
    I8(1),
    F8_E5M2(1),
    F8_E4M3(1),
    I16(2),
    U16(2),
    F16(2),
    BF16(2),
    I32(4),
    U32(4),
    F32(4),
    F64(8),
    I64(8),
    U64(8);

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// Bytes of one value.
    public final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /// Whether the values are floating-point numbers.
    public boolean isFloat() {
        return switch (this) {
            case F8_E5M2, F8_E4M3, F16, BF16, F32, F64 -> true;
            default -> false;
        };
    }

    /// Converts the `out.length` values of `data` to float32: exact for every type of up to 16 bits and for
    /// F32, rounded to the nearest for the others.
    void decode(MemorySegment data, Floats out) {
        if (data.byteSize() != (long) out.length * bytes)
            throw new IllegalArgumentException(
                    this + ": " + data.byteSize() + " bytes are not " + out.length + " values of " + bytes);
        switch (this) {
            case F32 -> MemorySegment.copy(data, FLOAT, 0, out.writable(), out.offset, out.length);
            case F16, BF16 -> decodeHalves(data, out);
            default -> {
                for (int i = 0; i < out.length; i++) out.set(i, value(data, (long) i * bytes));
            }
        }
    }

    /// Through a small array: five to ten times as fast as value by value, for what many checkpoints are made
    /// of.
    private void decodeHalves(MemorySegment data, Floats out) {
        float[] to = out.writable();
        short[] block = new short[Math.min(out.length, 4096)];
        for (int from = 0; from < out.length; from += block.length) {
            int n = Math.min(block.length, out.length - from);
            MemorySegment.copy(data, SHORT, 2L * from, block, 0, n);
            int at = out.offset + from;
            if (this == F16) for (int i = 0; i < n; i++) to[at + i] = Float.float16ToFloat(block[i]);
            else for (int i = 0; i < n; i++) to[at + i] = Float.intBitsToFloat(block[i] << 16);
        }
    }

    /// Appends values as F32, F16 or BF16, rounded to the nearest, ties to even.
    ///
    /// @param what for the error about a finite value that would become an infinity
    void encode(Floats in, ByteBuffer out, String what) {
        if (this != F32 && this != F16 && this != BF16)
            throw new IllegalArgumentException("encode: expected F32, F16 or BF16, got " + this);
        out.order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < in.length; i++) {
            float value = in.get(i);
            if (this == F32) {
                out.putFloat(value);
                continue;
            }
            short half = this == F16 ? Float.floatToFloat16(value) : brain(value);
            int infinity = this == F16 ? 0x7C00 : 0x7F80;
            if ((half & 0x7FFF) == infinity && Float.isFinite(value))
                throw new PretrainedException(what + ": " + value + " is too large for " + this + "; convert to "
                        + (this == F16 ? "bfloat16 or float32" : "float32"));
            out.putShort(half);
        }
    }

    /// The upper half of a float32, rounded to the nearest, ties to even; a NaN stays one.
    private static short brain(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) return (short) (bits >>> 16 | 0x40);
        return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    private float value(MemorySegment data, long at) {
        return switch (this) {
            case BOOL -> data.get(ValueLayout.JAVA_BYTE, at) == 0 ? 0 : 1;
            case U8 -> data.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
            case I8 -> data.get(ValueLayout.JAVA_BYTE, at);
            case F8_E5M2 -> Float.float16ToFloat((short) (data.get(ValueLayout.JAVA_BYTE, at) << 8));
            case F8_E4M3 -> e4m3(data.get(ValueLayout.JAVA_BYTE, at));
            case I16 -> data.get(SHORT, at);
            case U16 -> data.get(SHORT, at) & 0xFFFF;
            case I32 -> data.get(INT, at);
            case U32 -> data.get(INT, at) & 0xFFFFFFFFL;
            case I64 -> data.get(LONG, at);
            case U64 -> unsigned(data.get(LONG, at));
            case F64 -> (float) data.get(DOUBLE, at);
            case F32, F16, BF16 -> throw new AssertionError(this + " is decoded in bulk");
        };
    }

    /// Sign, 4 bits of exponent (bias 7), 3 of mantissa; no infinities, NaN only where all seven bits are set
    /// (Micikevicius et al. 2022, arXiv:2209.05433).
    private static float e4m3(byte b) {
        int exponent = b >> 3 & 15;
        int mantissa = b & 7;
        float magnitude = (b & 127) == 127
                ? Float.NaN
                : exponent == 0 ? Math.scalb((float) mantissa, -9) : Math.scalb(8f + mantissa, exponent - 10);
        return b < 0 ? -magnitude : magnitude;
    }

    /// A negative long stands for v + 2^64: halved with its lost bit kept sticky, it converts with one
    /// rounding.
    private static float unsigned(long v) {
        return v >= 0 ? v : 2f * (v >>> 1 | v & 1);
    }
}
