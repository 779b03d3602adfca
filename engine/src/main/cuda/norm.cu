/// Layer normalization, forward and backward, with the dropout and the residual before it.
#include "common.cuh"

constexpr int LANES = THREADS / WARP;

/// s = dropout(x) + residual, y = (s − μ) · r · γ + β: one block a row, which keeps s in shared memory.
///
///     grid: rows    shared: cols floats    x, residual (or null), sum (or null), y [rows, cols]
///     mean, rstd [rows] or null
KERNEL layer_norm(
    int cols, const float *x, DROPOUT, const float *residual, const float *gamma, const float *beta, float eps,
    float *sum, float *y, float *mean, float *rstd) {
    DYNAMIC_SHARED(float, s);
    MAKE_DROPOUT;
    long long row = (long long) blockIdx.x * cols;
    float total = 0.0f;
    for (int group = 4 * threadIdx.x; group < cols; group += 4 * THREADS) // four neighbours share random words
        for (int c = group; c < group + 4 && c < cols; c++) {
            float value = dropout(row + c, x[row + c]);
            if (residual) value += residual[row + c];
            if (sum) sum[row + c] = value;
            s[c] = value;
            total += value;
        }
    float mu = block_sum(total) / cols; // also the barrier after the writes of s
    float squares = 0.0f;
    for (int c = threadIdx.x; c < cols; c += THREADS) squares = fmaf(s[c] - mu, s[c] - mu, squares);
    float r = 1.0f / sqrtf(block_sum(squares) / cols + eps);
    for (int c = threadIdx.x; c < cols; c += THREADS) y[row + c] = (s[c] - mu) * r * gamma[c] + beta[c];
    if (threadIdx.x > 0) return;
    if (mean) mean[blockIdx.x] = mu;
    if (rstd) rstd[blockIdx.x] = r;
}

/// ds = r · (dŝ − mean(dŝ) − ŝ · mean(dŝ·ŝ)), ŝ = (s − μ)·r, dŝ = dy·γ: one block a row.
///
///     grid: rows
KERNEL layer_norm_backward(
    int cols, const float *sum, const float *gamma, const float *mean, const float *rstd, const float *dy, float *ds,
    int accumulate) {
    long long row = (long long) blockIdx.x * cols;
    float mu = mean[blockIdx.x], r = rstd[blockIdx.x], d = 0.0f, dots = 0.0f;
    for (int c = threadIdx.x; c < cols; c += THREADS) {
        float dhat = dy[row + c] * gamma[c];
        d += dhat;
        dots = fmaf(dhat, (sum[row + c] - mu) * r, dots);
    }
    d = block_sum(d) / cols;
    dots = block_sum(dots) / cols;
    for (int c = threadIdx.x; c < cols; c += THREADS) {
        float hat = (sum[row + c] - mu) * r, dhat = dy[row + c] * gamma[c];
        put(ds + row + c, r * (dhat - d - hat * dots), accumulate);
    }
}

/// The first pass of dγ = Σ dy·ŝ and dβ = Σ dy: the rows of a chunk. sum_parts adds the chunks.
///
///     grid: ⌈cols/32⌉ × ⌈rows/chunk⌉    gammas, betas [chunks, cols]
KERNEL layer_norm_parameters(
    int rows, int cols, int chunk, const float *sum, const float *mean, const float *rstd, const float *dy,
    float *gammas, float *betas) {
    __shared__ float lanes[2][LANES][WARP];
    int lane = threadIdx.x / WARP, column = threadIdx.x % WARP, c = blockIdx.x * WARP + column;
    int begin = blockIdx.y * chunk, end = min(rows, begin + chunk);
    float gamma = 0.0f, beta = 0.0f;
    if (c < cols)
        for (int r = begin + lane; r < end; r += LANES) {
            long long at = (long long) r * cols + c;
            gamma = fmaf(dy[at], (sum[at] - mean[r]) * rstd[r], gamma);
            beta += dy[at];
        }
    lanes[0][lane][column] = gamma;
    lanes[1][lane][column] = beta;
    __syncthreads();
    if (lane > 0 || c >= cols) return;
    for (int other = 1; other < LANES; other++) {
        gamma += lanes[0][other][column];
        beta += lanes[1][other][column];
    }
    gammas[(long long) blockIdx.y * cols + c] = gamma;
    betas[(long long) blockIdx.y * cols + c] = beta;
}
