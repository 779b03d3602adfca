/// Matrix products on tensor cores: C = R(op(A)·op(B) + R(bias)) with operands of bfloat16, binary16 or TF32, sums
/// in float32, and R rounding to 16 bits, or to nothing where they are TF32.
///
/// Operands lie as `lower` writes them: rounded, each row padded with zeros to whole pieces of 16 bytes, so that
/// every piece is aligned whatever the sizes. A block has one tile of C; three stages of k are in shared memory or on
/// their way to it, 128 bytes of k each. Pieces change their places within 128 bytes from line to line, so that
/// neither the copies nor the reads of a warp meet in a bank. A value of C is one chain of steps in ascending k,
/// whatever the tile.
#include "finish.cuh"
#include "tensor.cuh"

constexpr int PIECE = 16; // bytes
constexpr int STAGE = 128; // bytes of k in a stage
constexpr int STAGES = 3;
constexpr int PATCH = 16; // rows or columns that one load of fragments brings, 32 bytes of k deep
constexpr int WARPS_M = 2, WARPS_N = 4;

template <int PRECISION> struct Bits { typedef unsigned short Type; };
template <> struct Bits<TF32> { typedef u32 Type; };

/// `cols` numbers in whole pieces.
template <typename T> __device__ inline int padded(int cols) {
    constexpr int EACH = PIECE / sizeof(T);
    return (cols + EACH - 1) / EACH * EACH;
}

/// One operand of a block's tile, which lies in shared memory as lines of pieces.
/// K_RUNS: the operand is [rows, k] and a line is a row of the tile, else [k, rows] and a line is one k.
template <typename T, int TILE, bool K_RUNS> struct Operand {
    static constexpr int EACH = PIECE / sizeof(T), STEP = STAGE / sizeof(T), BYTES = TILE * STAGE;
    static constexpr int LINE = K_RUNS ? STAGE / PIECE : TILE / EACH; // pieces
    static constexpr int HOP = THREADS / LINE; // lines between a thread's pieces, which so lie below each other
    static_assert(THREADS % LINE == 0 && HOP % 8 == 0, "and are turned alike");
    const T *x, *next; // next: this thread's first piece of the next step
    long long pitch;
    int row, rows, p, k_end; // of that piece, and the ends

    /// Of the tile from row0 on, the steps of k from k0 to k_end.
    __device__ Operand(const T *x, int row0, int rows, int k, int k0, int k_end)
        : x(x), pitch(padded<T>(K_RUNS ? k : rows)), rows(rows), k_end(k_end) {
        int line = threadIdx.x / LINE, piece = threadIdx.x % LINE;
        row = row0 + (K_RUNS ? line : piece * EACH);
        p = k0 + (K_RUNS ? piece * EACH : line);
        next = K_RUNS ? x + row * pitch + p : x + p * pitch + row;
    }

    /// Where in the tile a piece of a line lies, in bytes.
    __device__ static int place(int line, int piece) {
        int turn = K_RUNS || sizeof(T) == 2 ? line % 8 : line % 4 * 2;
        return (line * LINE + (piece ^ turn)) * PIECE;
    }

    /// Begins to copy this thread's pieces of the next step's tile; zeros outside of the operand.
    __device__ void fetch(char *tile) {
        char *to = tile + place(threadIdx.x / LINE, threadIdx.x % LINE);
        const T *from = next;
#pragma unroll
        for (int i = 0; i < BYTES / PIECE / THREADS; i++, from += HOP * pitch) {
            bool inside = row + (K_RUNS ? i * HOP : 0) < rows && p + (K_RUNS ? 0 : i * HOP) < k_end;
            copy_async(to + i * THREADS * PIECE, inside ? from : x, inside ? PIECE : 0);
        }
        p += STEP;
        next += K_RUNS ? STEP : STEP * pitch;
    }

    /// This lane's part of 16 rows from `row` on and of the `part`-th 32 bytes of k: [0] rows 0 … 7 and the lower
    /// half of k, [1] rows 8 … 15, [2] and [3] the upper half.
    __device__ static void read(u32 (&x)[4], const char *tile, int row, int part) {
        int lane = threadIdx.x % WARP, matrix = lane / 8;
        if constexpr (K_RUNS) {
            load_matrices(x, tile + place(row + matrix % 2 * 8 + lane % 8, part * 2 + matrix / 2));
        } else if constexpr (sizeof(T) == 2) {
            load_transposed(x, tile + place(part * 16 + matrix / 2 * 8 + lane % 8, row / EACH + matrix % 2));
        } else {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                int at = row + i % 2 * 8 + lane / 4;
                x[i] = ((const u32 *) (tile + place(part * 8 + i / 2 * 4 + lane % 4, at / EACH)))[at % EACH];
            }
        }
    }
};

///     grid: ⌈m/TILE⌉ × ⌈n/TILE⌉·⌈k/depth⌉
///     a [m, k], or [k, m]    b [n, k], or [k, n]    bias [n] or null
///     c [m, n]    y [m, n] or null: gelu(c); then c may be null
///
/// depth, a multiple of a stage, is how much of k a block sums. If that is less than k, c is [⌈k/depth⌉, m, n], the
/// parts that `add_parts` adds up.
template <int PRECISION, int TILE, bool A_RUNS, bool B_RUNS>
__device__ void product(
    int m, int n, int k, int depth, const void *a, const void *b, const float *bias, float *c, float *y, int accumulate) {
    typedef typename Bits<PRECISION>::Type T;
    typedef Operand<T, TILE, A_RUNS> Left;
    typedef Operand<T, TILE, B_RUNS> Right;
    constexpr int WARP_M = TILE / WARPS_M, WARP_N = TILE / WARPS_N, BOTH = Left::BYTES + Right::BYTES;
    constexpr int PATCHES_M = WARP_M / PATCH, PATCHES_N = WARP_N / PATCH, PARTS = STAGE / 32;
    DYNAMIC_SHARED(uint4, memory);
    char *stages = (char *) memory;
    int tiles = (n + TILE - 1) / TILE, slice = blockIdx.y / tiles;
    int row0 = blockIdx.x * TILE, col0 = blockIdx.y % tiles * TILE;
    int k_begin = slice * depth, k_end = min(k, k_begin + depth);
    __shared__ Result result; // not in registers, of which the sums need most
    if (threadIdx.x == 0) {
        auto mode = depth < k ? Result::PART : accumulate ? Result::ADD : Result::WRITE;
        result = {m, n, bias, depth < k ? c + (long long) slice * m * n : c, y, mode};
    }
    int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP;
    int warp_row = warp / WARPS_N * WARP_M, warp_col = warp % WARPS_N * WARP_N;
    Left left((const T *) a, row0, m, k, k_begin, k_end);
    Right right((const T *) b, col0, n, k, k_begin, k_end);
    auto fetch = [&](int step) {
        char *stage = stages + step % STAGES * BOTH;
        if (k_begin + step * Left::STEP < k_end) {
            left.fetch(stage);
            right.fetch(stage + Left::BYTES);
        }
        commit_copies(); // also nothing, so that the newest groups are the newest steps
    };
    float sums[PATCHES_M][2 * PATCHES_N][4] = {};
#pragma unroll
    for (int step = 0; step < STAGES - 1; step++) fetch(step);
    for (int step = 0; k_begin + step * Left::STEP < k_end; step++) {
        wait_copies<STAGES - 2>();
        __syncthreads(); // the step's stage is there for all, and nobody reads the one before it any more
        fetch(step + STAGES - 1);
        const char *stage = stages + step % STAGES * BOTH;
#pragma unroll
        for (int part = 0; part < PARTS; part++) {
            u32 cols[PATCHES_N][4];
#pragma unroll
            for (int j = 0; j < PATCHES_N; j++)
                Right::read(cols[j], stage + Left::BYTES, warp_col + j * PATCH, part);
#pragma unroll
            for (int i = 0; i < PATCHES_M; i++) {
                u32 rows[4];
                Left::read(rows, stage, warp_row + i * PATCH, part);
#pragma unroll
                for (int j = 0; j < 2 * PATCHES_N; j++)
                    multiply_add<PRECISION>(sums[i][j], rows, cols[j / 2][j % 2], cols[j / 2][j % 2 + 2]);
            }
        }
    }
    // through shared memory, so that a warp writes whole lines of C
    typedef float Row[TILE + PADDING];
    static_assert(TILE * sizeof(Row) <= STAGES * BOTH, "the tile of C fits");
    wait_copies<0>();
    __syncthreads();
    Row *tile = (Row *) stages;
#pragma unroll
    for (int i = 0; i < PATCHES_M; i++)
#pragma unroll
        for (int j = 0; j < 2 * PATCHES_N; j++)
#pragma unroll
            for (int e = 0; e < 4; e += 2)
                *(float2 *) &tile[warp_row + i * PATCH + e / 2 * 8 + lane / 4][warp_col + j * 8 + lane % 4 * 2] =
                    {sums[i][j][e], sums[i][j][e + 1]};
    __syncthreads();
    finish_tile<PRECISION, TILE, TILE>(result, tile, threadIdx.x, THREADS, row0, col0);
}

#define PRODUCT(FORM, NAME, PRECISION, TILE, BLOCKS, A_RUNS, B_RUNS, Y, ...)                                          \
    extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) product_##FORM##_##NAME##_##TILE(                   \
        int m, int n, int k, int depth, const void *a, const void *b, const float *bias, float *c __VA_ARGS__,        \
        int accumulate) {                                                                                             \
        product<PRECISION, TILE, A_RUNS, B_RUNS>(m, n, k, depth, a, b, bias, c, Y, accumulate);                       \
    }
#define PRODUCTS(NAME, PRECISION, TILE, BLOCKS)                                                                       \
    PRODUCT(nt, NAME, PRECISION, TILE, BLOCKS, true, true, y, , float *y)                                             \
    PRODUCT(nn, NAME, PRECISION, TILE, BLOCKS, true, false, nullptr)                                                  \
    PRODUCT(tn, NAME, PRECISION, TILE, BLOCKS, false, false, nullptr)

PRODUCTS(bf16, BF16, 128, 2)
PRODUCTS(fp16, FP16, 128, 2)
PRODUCTS(tf32, TF32, 128, 2)
PRODUCTS(bf16, BF16, 64, 4) // where tiles of 128 would leave multiprocessors idle
PRODUCTS(fp16, FP16, 64, 4)
PRODUCTS(tf32, TF32, 64, 4)
