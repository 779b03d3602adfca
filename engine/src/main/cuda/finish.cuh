/// How a block's tile of sums, in shared memory, becomes a part of C.
#pragma once
#include "precision.cuh"

constexpr int VECTOR = 4; // values of C that a thread writes at a time
constexpr int PADDING = 8; // floats: a row of the tile begins 8 banks behind the one before

/// Writes 4 neighbours of a row of C, from `col` on, or of a part of which C is summed.
template <int PRECISION> __device__ inline void finish(
        float *c, const float *sums, const float *bias, int col, int n, bool whole, int accumulate) {
    constexpr int RESULT = PRECISION == TF32 ? FP32 : PRECISION;
    float values[VECTOR];
    *(float4 *) values = *(const float4 *) sums;
#pragma unroll
    for (int e = 0; e < VECTOR; e++) {
        if (whole && bias && col + e < n) values[e] += rounded(RESULT, bias[col + e]);
        if (whole) values[e] = rounded(RESULT, values[e]);
    }
    if (n % VECTOR == 0 && (u64) c % sizeof(float4) == 0) {
        if (whole && accumulate) {
            float4 before = *(const float4 *) c;
            values[0] = before.x + values[0], values[1] = before.y + values[1];
            values[2] = before.z + values[2], values[3] = before.w + values[3];
        }
        *(float4 *) c = *(const float4 *) values;
    } else
        for (int e = 0; e < VECTOR && col + e < n; e++) put(c + e, values[e], whole && accumulate);
}

/// Writes a tile from row0, col0 on; `count` threads, this is number `thread`. A warp writes whole lines of C.
template <int PRECISION, int ROWS, int COLS>
__device__ inline void finish_tile(
    const float (*tile)[COLS + PADDING], int thread, int count, int m, int n, int row0, int col0, const float *bias,
    float *c, bool whole, int accumulate) {
#pragma unroll 1
    for (int at = thread * VECTOR; at < ROWS * COLS; at += count * VECTOR) {
        int row = row0 + at / COLS, col = col0 + at % COLS;
        if (row < m && col < n)
            finish<PRECISION>(
                c + (long long) row * n + col, &tile[at / COLS][at % COLS], bias, col, n, whole, accumulate);
    }
}
