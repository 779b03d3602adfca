package dev.merapi.engine.kernel;

/// In which floating-point numbers matrix products take their operands and give their results. Sums are
/// float32.
///
/// Tensors hold float32 whatever the precision: a number of a lower one is a float32 whose other digits are
/// zero, so that nothing but [#round] tells the precisions apart.
public enum Precision {
    /// float32: 8 bits of exponent, 24 of significand.
    FP32,

    /// bfloat16: the range of float32 with 8 bits of significand.
    BF16,

    /// IEEE 754's binary16: 5 bits of exponent, 11 of significand; the largest number is 65504.
    FP16,

    /// TensorFloat-32, what a GPU's tensor cores make of float32: its range with 11 bits of significand.
    /// Operands of linear layers alone are rounded to it; results and gradients are float32.
    TF32;

    /// The precision of the results of such products.
    public Precision results() {
        return this == TF32 ? FP32 : this;
    }

    /// The nearest number of this precision, of two that are equally near the one whose last bit is 0; from
    /// half a place beyond the largest number on it is infinite. The same bits as PyTorch's
    /// `x.to(dtype).float()`; TF32 takes of two equally near the larger, as `cvt.rna.tf32.f32` does.
    public float round(float x) {
        return switch (this) {
            case FP32 -> x;
            case BF16 -> bfloat16(x);
            case FP16 -> float16(x);
            case TF32 -> tensorFloat32(x);
        };
    }

    /// The upper half of the bits. Adding just less than half of its last place, and one more where that place
    /// is odd, carries into it where it has to.
    private static float bfloat16(float x) {
        int bits = Float.floatToRawIntBits(x);
        int rounded = bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF0000;
        return Float.isNaN(x) ? Float.NaN : Float.intBitsToFloat(rounded);
    }

    /// The bits of [#round] of x in 16 bits; for BF16 and FP16.
    public short narrow(float x) {
        return switch (this) {
            case BF16 -> (short) (Float.floatToRawIntBits(bfloat16(x)) >>> 16);
            case FP16 -> Float.floatToFloat16(x);
            case FP32, TF32 -> throw new IllegalStateException(this + ": its numbers have no form in 16 bits");
        };
    }

    /// The number with these bits; for BF16 and FP16.
    public float widen(short bits) {
        return switch (this) {
            case BF16 -> Float.intBitsToFloat(bits << 16);
            case FP16 -> Float.float16ToFloat(bits);
            case FP32, TF32 -> throw new IllegalStateException(this + ": its numbers have no form in 16 bits");
        };
    }

    /// Where in x the first value is whose rounding is no finite number, or −1.
    public int firstNotFinite(Floats x) {
        int most = Float.floatToRawIntBits(
                this == FP16 ? Math.nextDown(65520f) : this == BF16 ? 0x1.fefffep127f : Float.MAX_VALUE);
        int largest = 0; // as integers the magnitudes have their order, NaN above all
        for (int i = x.offset; i < x.offset + x.length; i++)
            largest = Math.max(largest, Float.floatToRawIntBits(x.array[i]) & 0x7FFFFFFF);
        if (largest <= most) return -1;
        int i = 0;
        while ((Float.floatToRawIntBits(x.array[x.offset + i]) & 0x7FFFFFFF) <= most) i++;
        return i;
    }

    private static float float16(float x) {
        return Float.float16ToFloat(Float.floatToFloat16(x));
    }

    private static float tensorFloat32(float x) {
        return Float.isNaN(x) ? Float.NaN : Float.intBitsToFloat(Float.floatToRawIntBits(x) + 0x1000 & 0xFFFFE000);
    }

    /// `out = round(x)` or `out += round(x)`, values [from, to). The JIT compiler makes vectors of these loops.
    public void round(int from, int to, Floats x, Floats out, boolean accumulate) {
        if (accumulate) for (int i = from; i < to; i++) out.array[out.offset + i] += round(x.array[x.offset + i]);
        else if (this == BF16)
            for (int i = from; i < to; i++) out.array[out.offset + i] = bfloat16(x.array[x.offset + i]);
        else if (this == FP16)
            for (int i = from; i < to; i++) out.array[out.offset + i] = float16(x.array[x.offset + i]);
        else if (this == TF32)
            for (int i = from; i < to; i++) out.array[out.offset + i] = tensorFloat32(x.array[x.offset + i]);
        else System.arraycopy(x.array, x.offset + from, out.array, out.offset + from, to - from);
    }
}
