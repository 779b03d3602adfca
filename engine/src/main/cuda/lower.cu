/// Operands of products on tensor cores: rounded to 16 bits or to TF32, each row padded with zeros to whole pieces
/// of 16 bytes; and the sums that end in numbers of low precision.
#include "precision.cuh"

constexpr int PIECE = 16; // bytes
constexpr int LANES = THREADS / WARP;

/// Numbers in a piece.
__device__ inline int each(int precision) { return precision == TF32 ? 4 : 8; }

/// A thread a piece. Grid: any.
///
///     x [rows, cols]    out [rows, pieces] of 16 bytes
KERNEL lower(int precision, int rows, int cols, const float *x, uint4 *out) {
    int each_piece = each(precision), pieces = (cols + each_piece - 1) / each_piece;
    bool aligned = cols % each_piece == 0 && (u64) x % PIECE == 0;
    for (long long at = first(); at < (long long) rows * pieces; at += stride()) {
        int col = at % pieces * each_piece;
        const float *from = x + at / pieces * cols + col;
        float values[8] = {};
        if (aligned) {
            *(float4 *) values = *(const float4 *) from;
            if (each_piece == 8) *(float4 *) (values + 4) = *(const float4 *) (from + 4);
        } else {
#pragma unroll
            for (int i = 0; i < 8; i++)
                if (i < each_piece && col + i < cols) values[i] = from[i];
        }
        u32 words[4];
#pragma unroll
        for (int i = 0; i < 4; i++)
            words[i] = precision == TF32 ? bits_of(TF32, values[i])
                                         : bits_of(precision, values[2 * i]) | bits_of(precision, values[2 * i + 1]) << 16;
        out[at] = {words[0], words[1], words[2], words[3]};
    }
}

/// parts[b, c] = Σ x[r, c] over the rows r of chunk b, as sum_rows does it.
///
///     grid: ⌈cols/32⌉ × ⌈rows/chunk⌉    x [rows, cols] as `lower` writes it    parts [chunks, cols]
KERNEL sum_lowered(int precision, int rows, int cols, int chunk, const void *x, float *parts) {
    __shared__ float lanes[LANES][WARP];
    int lane = threadIdx.x / WARP, c = blockIdx.x * WARP + threadIdx.x % WARP;
    int begin = blockIdx.y * chunk, end = min(rows, begin + chunk);
    int each_piece = each(precision), pitch = (cols + each_piece - 1) / each_piece * each_piece;
    float sum = 0.0f;
    if (c < cols)
        for (int r = begin + lane; r < end; r += LANES) {
            long long at = (long long) r * pitch + c;
            u32 bits = precision == TF32 ? ((const u32 *) x)[at] : ((const unsigned short *) x)[at];
            sum += from_bits(precision, bits);
        }
    lanes[lane][threadIdx.x % WARP] = sum;
    __syncthreads();
    if (lane > 0 || c >= cols) return;
    for (int other = 1; other < LANES; other++) sum += lanes[other][threadIdx.x];
    parts[(long long) blockIdx.y * cols + c] = sum;
}

/// out[i] = R(Σ_s parts[s, i]), s ascending. Grid: any.
///
///     parts [count, n]
KERNEL add_parts(int precision, int count, long long n, const float *parts, float *out, int accumulate) {
    for (long long i = first(); i < n; i += stride()) {
        float sum = 0.0f;
        for (int s = 0; s < count; s++) sum += parts[s * n + i];
        put(out + i, rounded(precision, sum), accumulate);
    }
}
