/// Rows by number, and the windows of a convolution.
#include "common.cuh"

constexpr int LANES = THREADS / WARP; // rows that a block adds at once

/// out[r] = table[ids[r]]. Grid: any.
KERNEL gather(long long rows, int cols, const float *table, const int *ids, float *out, int accumulate) {
    for (long long i = first(); i < rows * cols; i += stride())
        put(out + i, table[(long long) ids[i / cols] * cols + i % cols], accumulate);
}

/// table[which[r]] += x[r], all rows different. Grid: any.
KERNEL add_rows(long long rows, int cols, const float *x, const int *which, float *table) {
    for (long long i = first(); i < rows * cols; i += stride())
        table[(long long) which[i / cols] * cols + i % cols] += x[i];
}

/// out[g] = Σ x[order[j]] over the group's j: each warp of the block takes every LANES-th row, then the warps are
/// added in ascending order.
///
///     grid: groups × ⌈cols/32⌉
KERNEL sum_groups(int cols, const float *x, const int *groups, const int *order, float *out, int accumulate) {
    __shared__ float parts[LANES][WARP];
    int g = blockIdx.x, lane = threadIdx.x / WARP, c = blockIdx.y * WARP + threadIdx.x % WARP;
    float sum = 0.0f;
    if (c < cols) {
#pragma unroll 4
        for (int j = groups[g] + lane; j < groups[g + 1]; j += LANES) sum += x[(long long) order[j] * cols + c];
    }
    parts[lane][threadIdx.x % WARP] = sum;
    __syncthreads();
    if (lane > 0 || c >= cols) return;
    for (int other = 1; other < LANES; other++) sum += parts[other][threadIdx.x];
    put(out + (long long) g * cols + c, sum, accumulate);
}

/// The sequence of token i: the s with starts[s] ≤ i < starts[s + 1].
__device__ inline int sequence_of(int i, const int *starts, int sequences) {
    int low = 0, high = sequences; // starts[low] ≤ i < starts[high]
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (starts[middle] <= i) low = middle;
        else high = middle;
    }
    return low;
}

/// windows[g, i, c·taps + t] = x[i + t − ⌊taps/2⌋, g·width + c], zero outside of the sequence; width = C/groups.
/// Grid: any.
KERNEL unfold(int groups, int channels, int taps, const int *starts, int sequences, const float *x, float *windows) {
    int tokens = starts[sequences], width = channels / groups;
    long long n = (long long) tokens * channels * taps;
    for (long long at = first(); at < n; at += stride()) {
        int tap = at % taps, c = at / taps % width;
        long long row = at / ((long long) width * taps);
        int i = row % tokens, g = row / tokens;
        int s = sequence_of(i, starts, sequences), from = i + tap - taps / 2;
        bool inside = from >= starts[s] && from < starts[s + 1];
        windows[at] = inside ? x[(long long) from * channels + g * width + c] : 0.0f;
    }
}

/// The transpose of unfold, in ascending t. Grid: any.
KERNEL fold(
    int groups, int channels, int taps, const int *starts, int sequences, const float *windows, float *x,
    int accumulate) {
    int tokens = starts[sequences], width = channels / groups;
    for (long long to = first(); to < (long long) tokens * channels; to += stride()) {
        int i = to / channels, g = to % channels / width, c = to % channels % width;
        int s = sequence_of(i, starts, sequences);
        float sum = accumulate ? x[to] : 0.0f;
        for (int tap = 0; tap < taps; tap++) {
            int at = i - tap + taps / 2; // the token in whose window i is at this tap
            if (at >= starts[s] && at < starts[s + 1])
                sum += windows[((long long) g * tokens + at) * width * taps + c * taps + tap];
        }
        x[to] = sum;
    }
}
