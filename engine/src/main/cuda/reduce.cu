/// Sums over rows and over everything, in two passes: blocks of fixed size, then the blocks in ascending order.
#include "common.cuh"

constexpr int LANES = THREADS / WARP;

/// parts[b, c] = Σ x[r, c] over the rows r of chunk b: each warp every LANES-th row, then the warps in order.
///
///     grid: ⌈cols/32⌉ × ⌈rows/chunk⌉    x [rows, cols]    parts [chunks, cols]
KERNEL sum_rows(int rows, int cols, int chunk, const float *x, float *parts) {
    __shared__ float lanes[LANES][WARP];
    int lane = threadIdx.x / WARP, c = blockIdx.x * WARP + threadIdx.x % WARP;
    int begin = blockIdx.y * chunk, end = min(rows, begin + chunk);
    float sum = 0.0f;
    if (c < cols)
        for (int r = begin + lane; r < end; r += LANES) sum += x[(long long) r * cols + c];
    lanes[lane][threadIdx.x % WARP] = sum;
    __syncthreads();
    if (lane > 0 || c >= cols) return;
    for (int other = 1; other < LANES; other++) sum += lanes[other][threadIdx.x];
    parts[(long long) blockIdx.y * cols + c] = sum;
}

/// out[c] = Σ_b parts[b, c]: the second pass. Grid: any.
KERNEL sum_parts(int chunks, int cols, const float *parts, float *out, int accumulate) {
    for (long long c = first(); c < cols; c += stride()) {
        float sum = 0.0f;
        for (int b = 0; b < chunks; b++) sum += parts[(long long) b * cols + c];
        put(out + c, sum, accumulate);
    }
}

/// parts[b] = Σ x² over the values of chunk b, in double.
///
///     grid: ⌈n/chunk⌉
KERNEL sum_of_squares(long long n, int chunk, const float *x, double *parts) {
    long long begin = (long long) blockIdx.x * chunk, end = min(n, begin + chunk);
    double sum = 0.0;
    for (long long i = begin + threadIdx.x; i < end; i += THREADS) sum += (double) x[i] * x[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

/// out[0] = Σ parts: the second pass, one block.
KERNEL sum_doubles(int count, const double *parts, double *out) {
    double sum = 0.0;
    for (int i = threadIdx.x; i < count; i += THREADS) sum += parts[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) out[0] = sum;
}
