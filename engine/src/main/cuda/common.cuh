/// What all kernels share: the size of a block, sums over a block in a fixed order, the dropout.
///
/// Every block has THREADS threads in one dimension. No kernel uses an atomic operation: who adds what, and in
/// which order, follows from the sizes alone, so two runs give the same bits. Multiplications and additions are
/// fused only where fmaf says so (the build turns contraction off).
#pragma once

typedef unsigned int u32;
typedef unsigned long long u64;

constexpr int THREADS = 256;
constexpr int WARP = 32;
constexpr u32 ALL = 0xffffffffu; // lanes of a warp

/// Shared memory of the size that the launch names.
#ifndef DYNAMIC_SHARED
#define DYNAMIC_SHARED(TYPE, NAME) extern __shared__ TYPE NAME[]
#endif

#define KERNEL extern "C" __global__ void __launch_bounds__(THREADS)

/// What a score of attention has besides q·k: nothing, DeBERTa's products with tables of positions, MPNet's bias.
enum Terms { PLAIN, POSITIONS, BIAS };

/// This thread among all threads of the grid, and how many there are: the bounds of a loop over n elements.
__device__ inline long long first() { return (long long) blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline long long stride() { return (long long) gridDim.x * blockDim.x; }

/// Writes, or adds to what is there.
__device__ inline void put(float *out, float value, int accumulate) { *out = accumulate ? *out + value : value; }

/// The sum of x over the block, known to all its threads: a tree in each warp, then the warps in ascending order.
template <typename T> __device__ inline T block_sum(T x) {
    __shared__ T parts[THREADS / WARP];
    for (int offset = WARP / 2; offset > 0; offset /= 2) x += __shfl_xor_sync(ALL, x, offset);
    if (threadIdx.x % WARP == 0) parts[threadIdx.x / WARP] = x;
    __syncthreads();
    T sum = 0;
    for (int w = 0; w < THREADS / WARP; w++) sum += parts[w];
    __syncthreads(); // parts may be written again
    return sum;
}

/// The largest x of the block, known to all its threads.
__device__ inline float block_max(float x) {
    __shared__ float parts[THREADS / WARP];
    for (int offset = WARP / 2; offset > 0; offset /= 2) x = fmaxf(x, __shfl_xor_sync(ALL, x, offset));
    if (threadIdx.x % WARP == 0) parts[threadIdx.x / WARP] = x;
    __syncthreads();
    for (int w = 0; w < THREADS / WARP; w++) x = fmaxf(x, parts[w]);
    __syncthreads();
    return x;
}

/// Whose block this is in a launch over several operands, which ascend by `first`, the number of their first block.
template <typename T> __device__ inline int owner(int count, const T *operands) {
    int low = 0, high = count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (operands[middle].first <= blockIdx.x) low = middle;
        else high = middle - 1;
    }
    return low;
}

/// The dropout of Dropout.java: element e is kept if word e mod 4 of Philox 4x32-10 (Salmon et al. 2011) with key
/// `seed` and counter (e/4 low, e/4 high, site, step) is not below `threshold`, and then scaled; a threshold of 0
/// drops nothing. Four neighbouring elements share one block of words, which is kept for them.
struct Dropout {
    u32 threshold;
    float scale;
    u64 seed;
    int step, site;
    u64 group = ~0ull; // whose words these are
    u32 words[4];

    __device__ Dropout(u32 threshold, float scale, u64 seed, int step, int site)
        : threshold(threshold), scale(scale), seed(seed), step(step), site(site) {}

    /// 0 or the scale.
    __device__ float keep(u64 element) {
        if (threshold == 0) return 1.0f;
        if (element / 4 != group) draw(element / 4);
        u32 which = (u32) element % 4; // no index into registers
        u32 word = which == 0 ? words[0] : which == 1 ? words[1] : which == 2 ? words[2] : words[3];
        return word >= threshold ? scale : 0.0f;
    }

    __device__ float operator()(u64 element, float x) {
        if (threshold == 0) return x;
        float kept = keep(element);
        return kept == 0.0f ? 0.0f : x * kept;
    }

    /// Bit e: whether element 4·group + e is kept.
    __device__ u32 four(u64 of) {
        if (of != group) draw(of);
        u32 kept = 0;
        for (int e = 0; e < 4; e++) kept |= (u32) (words[e] >= threshold) << e;
        return kept;
    }

  private:
    __device__ void draw(u64 g) {
        u32 c0 = (u32) g, c1 = (u32) (g >> 32), c2 = (u32) site, c3 = (u32) step;
        u32 k0 = (u32) seed, k1 = (u32) (seed >> 32);
#pragma unroll 1
        for (int round = 0; round < 10; round++) {
            u64 p0 = 0xD2511F53ull * c0, p1 = 0xCD9E8D57ull * c2;
            c0 = (u32) (p1 >> 32) ^ c1 ^ k0;
            c1 = (u32) p1;
            c2 = (u32) (p0 >> 32) ^ c3 ^ k1;
            c3 = (u32) p0;
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        words[0] = c0, words[1] = c1, words[2] = c2, words[3] = c3;
        group = g;
    }
};

/// The parameters of a kernel that drops, and the dropout made of them. The step lies in the device's memory, so that
/// the launches of all steps are alike; it is not read where nothing is dropped.
#define DROPOUT u32 threshold, float keep_scale, u64 seed, const int *step, int site
#define MAKE_DROPOUT Dropout dropout(threshold, keep_scale, seed, threshold ? *step : 0, site)
