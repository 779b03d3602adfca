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

/// One of several operands: x [n], whose chunks begin with number `first`.
struct Operand {
    const float *x;
    long long n, first;
};

/// parts[b] = Σ x² over the values of chunk b of all operands, in double.
///
///     grid: Σ ⌈n/chunk⌉    operands [count]
KERNEL sum_of_squares(int count, int chunk, const Operand *operands, double *parts) {
    Operand of = operands[owner(count, operands)];
    long long begin = (blockIdx.x - of.first) * chunk, end = min(of.n, begin + chunk);
    double sum = 0.0;
    for (long long i = begin + threadIdx.x; i < end; i += THREADS) sum += (double) of.x[i] * of.x[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

/// sums[i] = Σ parts of operand i: the second pass. Grid: count.
KERNEL sum_doubles(int chunk, const Operand *operands, const double *parts, double *sums) {
    Operand of = operands[blockIdx.x];
    long long chunks = (of.n + chunk - 1) / chunk;
    double sum = 0.0;
    for (long long i = threadIdx.x; i < chunks; i += THREADS) sum += parts[of.first + i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

/// ‖g‖ by the sums of squares of its parts, in their order.
__device__ inline double norm(int count, const double *sums) {
    double sum = 0.0;
    for (int i = 0; i < count; i++) sum += sums[i];
    return sqrt(sum);
}

/// What leaves at most `most` of a norm; 0: all.
__device__ inline float clip(double norm, double most) {
    return most == 0.0 ? 1.0f : (float) fmin(1.0, most / (norm + 1e-6));
}

/// out = (‖g‖, min(1, most / (‖g‖ + 1e-6))); the second is NaN where the norm is no number, and 1 where `most` is 0. What
/// the host computes of `sum_of_squares` otherwise. One thread.
KERNEL clip_scale(int count, const double *sums, double most, float *out) {
    if (threadIdx.x > 0) return;
    double found = norm(count, sums);
    out[0] = (float) found;
    out[1] = found < INFINITY ? clip(found, most) : NAN;
}

/// The same of the gradients of a loss times s, and the s of the next step, as LossScale.java:
///
///     out = (‖g‖/s, min(1, most / (‖g‖/s + 1e-6)) / s, s′)    scale (s, good steps) ← (s′, …)
///
/// One thread.
KERNEL clip_unscaled(int count, const double *sums, double most, double growth, double backoff, int interval, float *scale,
                     float *out) {
    if (threadIdx.x > 0) return;
    float s = scale[0], good = scale[1] + 1.0f;
    double found = norm(count, sums) / s;
    bool finite = found < INFINITY;
    out[0] = (float) found;
    out[1] = finite ? clip(found, most) / s : NAN;
    if (!finite) {
        s = (float) (s * backoff);
        good = 0.0f;
    } else if (good == interval) {
        float larger = (float) (s * growth);
        if (larger < INFINITY) s = larger;
        good = 0.0f;
    }
    scale[0] = out[2] = s;
    scale[1] = good;
}
