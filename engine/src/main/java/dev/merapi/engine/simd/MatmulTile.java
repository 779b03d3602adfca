package dev.merapi.engine.simd;

import static dev.merapi.engine.simd.SimdMath.F;
import static dev.merapi.engine.simd.SimdMath.LANES;

import dev.merapi.engine.kernel.Floats;
import jdk.incubator.vector.FloatVector;

/// From a micro-kernel's tile into C. Apart from the micro-kernels, whose accumulators would leave their
/// registers if C2 had more to inline there.
final class MatmulTile {
    private static final int WIDTH = 2 * LANES;

    private MatmulTile() {}

    /// `c[r, j] = tile[r, j] + bias[j]`, or `+=`, for r < rows and j < columns.
    ///
    /// @param at   where c[0, 0] lies, and bias[biasAt] belongs to its column
    /// @param bias null means none
    static void write(
            float[] tile, int rows, int columns, float[] c, int at, int stride, Floats bias, int biasAt, boolean add) {
        if (columns < WIDTH) writePlainly(tile, rows, columns, c, at, stride, bias, biasAt, add);
        else if (bias != null) writeBias(tile, rows, c, at, stride, bias.array, bias.offset + biasAt, add);
        else if (add) add(tile, rows, c, at, stride);
        else store(tile, rows, c, at, stride);
    }

    private static void store(float[] tile, int rows, float[] c, int at, int stride) {
        for (int r = 0; r < rows; r++) {
            FloatVector.fromArray(F, tile, r * WIDTH).intoArray(c, at + r * stride);
            FloatVector.fromArray(F, tile, r * WIDTH + LANES).intoArray(c, at + r * stride + LANES);
        }
    }

    private static void add(float[] tile, int rows, float[] c, int at, int stride) {
        for (int r = 0; r < rows; r++) {
            int to = at + r * stride;
            FloatVector.fromArray(F, c, to)
                    .add(FloatVector.fromArray(F, tile, r * WIDTH))
                    .intoArray(c, to);
            FloatVector.fromArray(F, c, to + LANES)
                    .add(FloatVector.fromArray(F, tile, r * WIDTH + LANES))
                    .intoArray(c, to + LANES);
        }
    }

    private static void writeBias(
            float[] tile, int rows, float[] c, int at, int stride, float[] bias, int biasAt, boolean add) {
        FloatVector b0 = FloatVector.fromArray(F, bias, biasAt), b1 = FloatVector.fromArray(F, bias, biasAt + LANES);
        for (int r = 0; r < rows; r++) {
            int to = at + r * stride;
            FloatVector y0 = FloatVector.fromArray(F, tile, r * WIDTH).add(b0);
            FloatVector y1 = FloatVector.fromArray(F, tile, r * WIDTH + LANES).add(b1);
            if (add) {
                y0 = FloatVector.fromArray(F, c, to).add(y0);
                y1 = FloatVector.fromArray(F, c, to + LANES).add(y1);
            }
            y0.intoArray(c, to);
            y1.intoArray(c, to + LANES);
        }
    }

    /// The same in a plain loop.
    static void writePlainly(
            float[] tile, int rows, int columns, float[] c, int at, int stride, Floats bias, int biasAt, boolean add) {
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < columns; j++) {
                float y = tile[r * WIDTH + j];
                if (bias != null) y += bias.get(biasAt + j);
                c[at + r * stride + j] = add ? c[at + r * stride + j] + y : y;
            }
        }
    }
}
