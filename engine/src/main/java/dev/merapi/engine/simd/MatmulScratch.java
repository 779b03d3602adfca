package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.SimdMath.LANES;

/// The memory of one worker, grown when a product needs more and kept.
final class MatmulScratch {
    /// A tile of the tallest micro-kernel.
    final float[] tile = new float[14 * 2 * LANES];

    private float[] a = new float[0], b = new float[0];

    float[] a(int size) {
        return a = atLeast(a, size);
    }

    float[] b(int size) {
        return b = atLeast(b, size);
    }

    /// The array itself if it holds `size` values, else a larger one; what it held is not kept.
    static float[] atLeast(float[] array, int size) {
        return array.length >= size ? array : new float[Math.max(size, array.length + array.length / 2)];
    }
}
