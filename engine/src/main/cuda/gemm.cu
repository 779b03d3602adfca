/// Matrix products in float32: C = op(A)·op(B) + bias, one tile of C a block.
///
/// The two tiles of a step in k lie in shared memory, k-major, so that a thread reads its rows and columns of them
/// as float4; while a step is computed the next one is on its way in registers. Each value of C is one chain of
/// fmaf in ascending k, whatever the tile: a row's result does not depend on its neighbours or on the tile's size.
#include "gelu.cuh"

constexpr int SIDE = 16;   // threads along each side of a tile
constexpr int LOADS = 4;   // values of A, and of B, that a thread brings in a step
constexpr int VECTOR = 4;  // neighbouring rows or columns of a thread
constexpr int PADDING = 4; // against bank conflicts; keeps float4 aligned

/// How a thread's share of an operand's tile comes from memory to shared memory.
/// K_RUNS: the operand is [rows, k], else [k, rows]. Outside of the operand are zeros.
template <int TILE, int STEP, bool K_RUNS> struct Operand {
    const float *x;
    int row0, rows, k;
    float values[LOADS];

    __device__ Operand(const float *x, int row0, int rows, int k) : x(x), row0(row0), rows(rows), k(k) {}

    __device__ static int row_of(int load) {
        int at = threadIdx.x + load * THREADS;
        return K_RUNS ? at / STEP : at % TILE;
    }
    __device__ static int k_of(int load) {
        int at = threadIdx.x + load * THREADS;
        return K_RUNS ? at % STEP : at / TILE;
    }

    __device__ void fetch(int k0) {
#pragma unroll
        for (int l = 0; l < LOADS; l++) {
            int row = row0 + row_of(l), p = k0 + k_of(l);
            values[l] = row < rows && p < k ? x[K_RUNS ? (long long) row * k + p : (long long) p * rows + row] : 0.0f;
        }
    }

    __device__ void store(float (*tile)[TILE + PADDING]) {
#pragma unroll
        for (int l = 0; l < LOADS; l++) tile[k_of(l)][row_of(l)] = values[l];
    }
};

/// This thread's rows (or columns) of a tile: VECTOR neighbours in each 64.
template <int PER_THREAD> __device__ inline int place(int thread, int i) {
    return i / VECTOR * (SIDE * VECTOR) + thread * VECTOR + i % VECTOR;
}

///     grid: ⌈m/TILE⌉ × ⌈n/TILE⌉    a [m, k], or [k, m]    b [n, k], or [k, n]    bias [n] or null
///     c [m, n]    y [m, n] or null: gelu(c); then c may be null
template <int TILE, int STEP, bool A_RUNS, bool B_RUNS>
__device__ void gemm(
    int m, int n, int k, const float *a, const float *b, const float *bias, float *c, float *y, int accumulate) {
    static_assert(TILE * STEP == LOADS * THREADS, "every thread brings LOADS values");
    constexpr int PER_THREAD = TILE / SIDE;
    __shared__ __align__(16) float as[2][STEP][TILE + PADDING], bs[2][STEP][TILE + PADDING];
    int tx = threadIdx.x % SIDE, ty = threadIdx.x / SIDE;
    int row0 = blockIdx.x * TILE, col0 = blockIdx.y * TILE;
    Operand<TILE, STEP, A_RUNS> left(a, row0, m, k);
    Operand<TILE, STEP, B_RUNS> right(b, col0, n, k);
    float sums[PER_THREAD][PER_THREAD] = {};
    left.fetch(0);
    right.fetch(0);
    left.store(as[0]);
    right.store(bs[0]);
    __syncthreads();
    for (int k0 = 0, now = 0; k0 < k; k0 += STEP, now ^= 1) {
        bool more = k0 + STEP < k;
        if (more) {
            left.fetch(k0 + STEP);
            right.fetch(k0 + STEP);
        }
#pragma unroll
        for (int p = 0; p < STEP; p++) {
            float rows[PER_THREAD], cols[PER_THREAD];
#pragma unroll
            for (int i = 0; i < PER_THREAD; i += VECTOR) {
                *(float4 *) (rows + i) = *(const float4 *) &as[now][p][place<PER_THREAD>(ty, i)];
                *(float4 *) (cols + i) = *(const float4 *) &bs[now][p][place<PER_THREAD>(tx, i)];
            }
#pragma unroll
            for (int i = 0; i < PER_THREAD; i++)
#pragma unroll
                for (int j = 0; j < PER_THREAD; j++) sums[i][j] = fmaf(rows[i], cols[j], sums[i][j]);
        }
        if (more) { // into the half that was read in the step before
            left.store(as[now ^ 1]);
            right.store(bs[now ^ 1]);
        }
        __syncthreads();
    }
    float *to = c ? c : y;
#pragma unroll
    for (int i = 0; i < PER_THREAD; i++)
#pragma unroll
        for (int j = 0; j < PER_THREAD; j++) {
            int row = row0 + place<PER_THREAD>(ty, i), col = col0 + place<PER_THREAD>(tx, j);
            if (row < m && col < n)
                put(to + (long long) row * n + col, bias ? sums[i][j] + bias[col] : sums[i][j], accumulate);
        }
    if (!y) return;
#pragma unroll 1
    for (int i = 0; i < PER_THREAD * PER_THREAD; i++) { // what this thread wrote, with one copy of the code for all
        int row = row0 + place<PER_THREAD>(ty, i / PER_THREAD), col = col0 + place<PER_THREAD>(tx, i % PER_THREAD);
        long long at = (long long) row * n + col;
        if (row < m && col < n) y[at] = gelu(to[at]);
    }
}

#define GEMM(NAME, TILE, STEP, A_RUNS, B_RUNS, Y, ...)                                                                \
    KERNEL NAME(                                                                                                      \
        int m, int n, int k, const float *a, const float *b, const float *bias, float *c __VA_ARGS__,                 \
        int accumulate) {                                                                                             \
        gemm<TILE, STEP, A_RUNS, B_RUNS>(m, n, k, a, b, bias, c, Y, accumulate);                                      \
    }

GEMM(matmul_nt_128, 128, 8, true, true, y, , float *y)
GEMM(matmul_nn_128, 128, 8, true, false, nullptr)
GEMM(matmul_tn_128, 128, 8, false, false, nullptr)
GEMM(matmul_nt_64, 64, 16, true, true, y, , float *y) // where tiles of 128 would leave multiprocessors idle
GEMM(matmul_nn_64, 64, 16, true, false, nullptr)
GEMM(matmul_tn_64, 64, 16, false, false, nullptr)
