package dev.merapi.engine.kernel;

/// Numbers of 16 bits: weights that are held in half of float32's memory, for inference. Kernels compute with
/// their float32 values.
///
/// @param precision BF16 or FP16: what the bits mean
public record Halves(Precision precision, short[] array) {
    /// `length` zeros.
    public static Halves allocate(Precision precision, int length) {
        return new Halves(precision, new short[length]);
    }

    public float get(int i) {
        return precision.widen(array[i]);
    }

    /// Rounds values into the places from `to` on. The JIT compiler makes vectors of these loops.
    public void write(Floats values, int to) {
        float[] from = values.array;
        int at = values.offset, n = values.length;
        if (precision == Precision.BF16)
            for (int i = 0; i < n; i++) array[to + i] = Precision.BF16.narrow(from[at + i]);
        else for (int i = 0; i < n; i++) array[to + i] = Float.floatToFloat16(from[at + i]);
    }

    /// `out[i] = value[from + i]`, or `+=`.
    public void read(int from, Floats out, boolean accumulate) {
        float[] to = out.array;
        int at = out.offset, n = out.length;
        if (precision == Precision.BF16) {
            if (accumulate) for (int i = 0; i < n; i++) to[at + i] += Float.intBitsToFloat(array[from + i] << 16);
            else for (int i = 0; i < n; i++) to[at + i] = Float.intBitsToFloat(array[from + i] << 16);
        } else {
            if (accumulate) for (int i = 0; i < n; i++) to[at + i] += Float.float16ToFloat(array[from + i]);
            else for (int i = 0; i < n; i++) to[at + i] = Float.float16ToFloat(array[from + i]);
        }
    }
}
