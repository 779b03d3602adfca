/// How a block's tile of sums, in shared memory, becomes a part of the result.
#pragma once
#include "gelu.cuh"
#include "precision.cuh"

constexpr int VECTOR = 4; // values of C that a thread writes at a time
constexpr int PADDING = 8; // floats: a row of the tile begins 8 banks behind the one before

/// C = R(sums + R(bias)), which is written or added, and Y = gelu(C).
///
///     bias [n] or null    c, y [m, n], one of them may be null
struct Result {
    int m, n;
    const float *bias;
    float *c, *y;
    enum { WRITE, ADD, PART } mode; // PART: of what C is summed of, the sums alone
};

/// Writes up to 4 neighbours, `width` of them, or adds them.
__device__ inline void store(float *to, const float *values, int width, bool aligned, bool accumulate) {
    if (aligned && (u64) to % sizeof(float4) == 0) {
        float4 sum = *(const float4 *) values;
        if (accumulate) {
            float4 before = *(const float4 *) to;
            sum = {before.x + sum.x, before.y + sum.y, before.z + sum.z, before.w + sum.w};
        }
        *(float4 *) to = sum;
    } else
        for (int e = 0; e < VECTOR && e < width; e++) put(to + e, values[e], accumulate);
}

/// Writes 4 neighbours of a row.
template <int PRECISION> __device__ inline void finish(const Result &result, const float *sums, int row, int col) {
    constexpr int RESULT = PRECISION == TF32 ? FP32 : PRECISION;
    float values[VECTOR];
    *(float4 *) values = *(const float4 *) sums;
    int width = result.n - col;
    bool aligned = result.n % VECTOR == 0;
    long long at = (long long) row * result.n + col;
    if (result.mode != Result::PART) {
#pragma unroll
        for (int e = 0; e < VECTOR; e++) {
            if (result.bias && e < width) values[e] += rounded(RESULT, result.bias[col + e]);
            values[e] = rounded(RESULT, values[e]);
        }
    }
    if (result.c) store(result.c + at, values, width, aligned, result.mode == Result::ADD);
    if (result.y) {
#pragma unroll
        for (int e = 0; e < VECTOR; e++) values[e] = gelu(values[e]);
        store(result.y + at, values, width, aligned, false);
    }
}

/// Writes a tile from row0, col0 on; `count` threads, this is number `thread`. A warp writes whole lines.
template <int PRECISION, int ROWS, int COLS> __device__ inline void finish_tile(
        const Result &result, const float (*tile)[COLS + PADDING], int thread, int count, int row0, int col0) {
#pragma unroll 1
    for (int at = thread * VECTOR; at < ROWS * COLS; at += count * VECTOR) {
        int row = row0 + at / COLS, col = col0 + at % COLS;
        if (row < result.m && col < result.n) finish<PRECISION>(result, &tile[at / COLS][at % COLS], row, col);
    }
}
