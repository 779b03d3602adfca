/// Operands of products on tensor cores: rounded to 16 bits or to TF32, each row padded with zeros to whole pieces
/// of 16 bytes, or cut into blocks for Hopper; and the sums that end in numbers of low precision.
#include "precision.cuh"

constexpr int PIECE = 16; // bytes
constexpr int LANES = THREADS / WARP;

/// Numbers in a piece.
__device__ inline int each(int precision) { return precision == TF32 ? 4 : 8; }

/// The piece of a row of x that begins at a column, of which `width` are there.
__device__ inline uint4 piece(int precision, const float *x, int width, bool aligned) {
    int whole = each(precision);
    float values[8] = {};
    if (aligned && width >= whole) {
        *(float4 *) values = *(const float4 *) x;
        if (whole == 8) *(float4 *) (values + 4) = *(const float4 *) (x + 4);
    } else {
#pragma unroll
        for (int i = 0; i < 8; i++)
            if (i < whole && i < width) values[i] = x[i];
    }
    u32 words[4];
#pragma unroll
    for (int i = 0; i < 4; i++)
        words[i] = precision == TF32 ? bits_of(TF32, values[i])
                                     : bits_of(precision, values[2 * i]) | bits_of(precision, values[2 * i + 1]) << 16;
    return {words[0], words[1], words[2], words[3]};
}

/// A thread a piece. Grid: any.
///
///     x [rows, cols]    out [rows, pieces] of 16 bytes
KERNEL lower(int precision, int rows, int cols, const float *x, uint4 *out) {
    int each_piece = each(precision), pieces = (cols + each_piece - 1) / each_piece;
    bool aligned = cols % each_piece == 0 && (u64) x % PIECE == 0;
    for (long long at = first(); at < (long long) rows * pieces; at += stride()) {
        int col = at % pieces * each_piece;
        out[at] = piece(precision, x + at / pieces * cols + col, cols - col, aligned);
    }
}

constexpr int SIDE = 64; // of a block, numbers of 16 bits
constexpr int LINE = SIDE / 8; // pieces

__device__ inline int in_blocks(int numbers) { return (numbers + SIDE - 1) / SIDE * SIDE; }

/// For Hopper, see gemm_hopper.cu: blocks of 64 × 64 below each other, then those of the next columns, zeros outside
/// of x. Piece p of line l of a block lies at p ^ (l mod 8). A thread a piece. Grid: any.
///
///     x [rows, cols]    out [⌈cols/64⌉, ⌈rows/64⌉, 64, 8] of 16 bytes
KERNEL lower_blocks(int precision, int rows, int cols, const float *x, uint4 *out) {
    int height = in_blocks(rows);
    bool aligned = cols % 8 == 0 && (u64) x % PIECE == 0;
    for (long long at = first(); at < (long long) height * in_blocks(cols) / 8; at += stride()) {
        int line = at / LINE % height, col = at / LINE / height * SIDE + (at % LINE ^ line % 8) * 8;
        bool inside = line < rows && col < cols;
        out[at] = piece(precision, inside ? x + (long long) line * cols + col : x, inside ? cols - col : 0, aligned);
    }
}

/// Where `lower` has the number of a row and a column.
struct Rows {
    long long pitch;
    __device__ Rows(int precision, int, int cols)
        : pitch((cols + each(precision) - 1) / each(precision) * each(precision)) {}
    __device__ long long operator()(int row, int col) const { return row * pitch + col; }
};

/// Where `lower_blocks` has it.
struct Blocks {
    long long height;
    __device__ Blocks(int, int rows, int) : height(in_blocks(rows)) {}
    __device__ long long operator()(int row, int col) const {
        return (col / SIDE * height + row) * SIDE + (col % SIDE / 8 ^ row % 8) * 8 + col % 8;
    }
};

/// parts[b, c] = Σ x[r, c] over the rows r of chunk b, as sum_rows does it.
///
///     grid: ⌈cols/32⌉ × ⌈rows/chunk⌉    x [rows, cols] as it was lowered    parts [chunks, cols]
template <typename Places>
__device__ void sum(int precision, int rows, int cols, int chunk, const void *x, float *parts) {
    __shared__ float lanes[LANES][WARP];
    Places place(precision, rows, cols);
    int lane = threadIdx.x / WARP, c = blockIdx.x * WARP + threadIdx.x % WARP;
    int begin = blockIdx.y * chunk, end = min(rows, begin + chunk);
    float sum = 0.0f;
    if (c < cols)
        for (int r = begin + lane; r < end; r += LANES) {
            long long at = place(r, c);
            u32 bits = precision == TF32 ? ((const u32 *) x)[at] : ((const unsigned short *) x)[at];
            sum += from_bits(precision, bits);
        }
    lanes[lane][threadIdx.x % WARP] = sum;
    __syncthreads();
    if (lane > 0 || c >= cols) return;
    for (int other = 1; other < LANES; other++) sum += lanes[other][threadIdx.x];
    parts[(long long) blockIdx.y * cols + c] = sum;
}

KERNEL sum_lowered(int precision, int rows, int cols, int chunk, const void *x, float *parts) {
    sum<Rows>(precision, rows, cols, chunk, x, parts);
}

KERNEL sum_blocks(int precision, int rows, int cols, int chunk, const void *x, float *parts) {
    sum<Blocks>(precision, rows, cols, chunk, x, parts);
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
