/// Matrix products on Hopper's tensor cores: C = R(op(A)·op(B) + R(bias)) with operands of bfloat16 or binary16, sums
/// in float32, and R rounding to 16 bits.
///
/// Operands lie as `lower_blocks` writes them: cut into blocks of 64 × 64 numbers, 64 lines of 128 bytes, with their
/// pieces of 16 bytes where the tensor cores expect them in shared memory. The edges are filled with zeros. So a block
/// is one copy of 8 KB without any address to be computed, and serves both kinds of products: those in which its lines
/// run along k and those in which they are one k each.
///
/// One warp of a thread block copies, STAGES blocks of k ahead; the others, one warpgroup for each 64 rows of
/// the tile, multiply. Two barriers a stage say that its copies are there, and that nobody reads it any more. A value
/// of C is one chain of steps of 16 in ascending k, whatever the tile.
#include "finish.cuh"
#include "hopper.cuh"

constexpr int SIDE = 64; // of a block of an operand
constexpr int DEEP = 16; // of k in a step of the tensor cores
constexpr int WARPGROUP = 4 * WARP;

/// A block of an operand.
struct alignas(1024) Block {
    char bytes[SIDE * LINE_BYTES];
};

__device__ inline int blocks(int numbers) { return (numbers + SIDE - 1) / SIDE; }

/// One operand of the tiles of TILE rows. RUNS: the operand is [rows, k], else [k, rows].
template <int TILE, bool RUNS> struct Side {
    static constexpr int COUNT = TILE / SIDE; // blocks of a stage
    const Block *x;
    int row0, present, height; // in blocks: the tile's first, how many of COUNT there are, and the operand's lines

    __device__ Side(const void *x, int row0, int rows, int k) : x((const Block *) x), row0(row0 / SIDE) {
        present = min(COUNT, blocks(rows) - this->row0);
        height = blocks(RUNS ? rows : k);
    }

    /// Begins to copy the blocks of step p; those outside of the operand are left as they are, for sums that nobody
    /// reads.
    __device__ void fetch(Block *stage, int p, u64 *barrier) const {
        for (int i = 0; i < present; i++) {
            long long line = RUNS ? row0 + i : p, column = RUNS ? p : row0 + i;
            copy_bulk(stage + i, x + column * height + line, sizeof(Block), barrier);
        }
    }

    /// The 16 of k with number `part` of a stage, from row 64·i on.
    __device__ static u64 part(const Block *stage, int i, int part) {
        return describe(stage[i].bytes + part * (RUNS ? DEEP * 2 : DEEP * LINE_BYTES), sizeof(Block), GROUP_BYTES);
    }
};

///     grid: ⌈m/ROWS⌉ × ⌈n/COLS⌉·⌈k/depth⌉, blocks of THREADS_OF(ROWS)
///     a [m, k], or [k, m]    b [n, k], or [k, n]    bias [n] or null
///     c [m, n]    y [m, n] or null: gelu(c); then c may be null
///
/// depth, a multiple of 64, is how much of k a block sums. If that is less than k, c is [⌈k/depth⌉, m, n], the parts
/// that `add_parts` adds up.
template <int PRECISION, int ROWS, int COLS, int STAGES, bool A_RUNS, bool B_RUNS>
__device__ void product(
    int m, int n, int k, int depth, const void *a, const void *b, const float *bias, float *c, float *y, int accumulate) {
    typedef Side<ROWS, A_RUNS> Left;
    typedef Side<COLS, B_RUNS> Right;
    constexpr int BOTH = Left::COUNT + Right::COUNT, MULTIPLIERS = ROWS / SIDE * WARPGROUP;
    DYNAMIC_SHARED(Block, stages);
    u64 *arrived = (u64 *) (stages + STAGES * BOTH), *released = arrived + STAGES;
    int tiles = (n + COLS - 1) / COLS, slice = blockIdx.y / tiles;
    int row0 = blockIdx.x * ROWS, col0 = blockIdx.y % tiles * COLS;
    int first = slice * depth / SIDE, steps = blocks(min(k, slice * depth + depth)) - first;
    if (threadIdx.x == 0) {
        for (int s = 0; s < STAGES; s++) {
            barrier_make(arrived + s, 1);
            barrier_make(released + s, MULTIPLIERS / WARP);
        }
        barriers_made();
    }
    __syncthreads();

    if (threadIdx.x >= MULTIPLIERS) {
        if (threadIdx.x > MULTIPLIERS) return;
        Left left(a, row0, m, k);
        Right right(b, col0, n, k);
        for (int step = 0; step < steps; step++) {
            int s = step % STAGES;
            if (step >= STAGES) barrier_wait(released + s, (step / STAGES - 1) % 2);
            barrier_expect(arrived + s, (left.present + right.present) * sizeof(Block));
            left.fetch(stages + s * BOTH, first + step, arrived + s);
            right.fetch(stages + s * BOTH + Left::COUNT, first + step, arrived + s);
        }
        return;
    }

    int group = threadIdx.x / WARPGROUP, warp = threadIdx.x / WARP, lane = threadIdx.x % WARP;
    float sums[COLS / 2] = {};
    for (int step = 0; step < steps; step++) {
        int s = step % STAGES;
        barrier_wait(arrived + s, step / STAGES % 2);
        wgmma_fence();
#pragma unroll
        for (int part = 0; part < SIDE / DEEP; part++)
            wgmma<PRECISION, COLS, A_RUNS, B_RUNS>(
                sums, Left::part(stages + s * BOTH, group, part), Right::part(stages + s * BOTH + Left::COUNT, 0, part));
        wgmma_commit();
        wgmma_wait<1>(); // for the step before
        if (step > 0 && lane == 0) barrier_arrive(released + (step - 1) % STAGES);
    }
    wgmma_wait<0>();
    settle(sums);

    typedef float Row[COLS + PADDING];
    static_assert(ROWS * sizeof(Row) <= STAGES * BOTH * sizeof(Block), "the tile of C fits where the stages were");
    Row *tile = (Row *) stages;
    sync_some<1, MULTIPLIERS>(); // nobody reads the stages any more
#pragma unroll
    for (int i = 0; i < COLS / 2; i += 2)
        *(float2 *) &tile[warp * 16 + i / 2 % 2 * 8 + lane / 4][i / 4 * 8 + lane % 4 * 2] = {sums[i], sums[i + 1]};
    sync_some<1, MULTIPLIERS>();
    auto mode = depth < k ? Result::PART : accumulate ? Result::ADD : Result::WRITE;
    float *to = depth < k ? c + (long long) slice * m * n : c;
    finish_tile<PRECISION, ROWS, COLS>(
        {m, n, bias, to, y, mode}, tile, threadIdx.x, MULTIPLIERS, row0, col0);
}

#define THREADS_OF(ROWS) (ROWS / SIDE * WARPGROUP + WARP)
#define PRODUCT(FORM, NAME, PRECISION, ROWS, COLS, STAGES, BLOCKS, A_RUNS, B_RUNS, Y, ...)                            \
    extern "C" __global__ void __launch_bounds__(THREADS_OF(ROWS), BLOCKS) hopper_##FORM##_##NAME##_##ROWS##x##COLS(  \
        int m, int n, int k, int depth, const void *a, const void *b, const float *bias, float *c __VA_ARGS__,        \
        int accumulate) {                                                                                             \
        product<PRECISION, ROWS, COLS, STAGES, A_RUNS, B_RUNS>(m, n, k, depth, a, b, bias, c, Y, accumulate);         \
    }
#define PRODUCTS(NAME, PRECISION, ROWS, COLS, STAGES, BLOCKS)                                                         \
    PRODUCT(nt, NAME, PRECISION, ROWS, COLS, STAGES, BLOCKS, true, true, y, , float *y)                               \
    PRODUCT(nn, NAME, PRECISION, ROWS, COLS, STAGES, BLOCKS, true, false, nullptr)                                    \
    PRODUCT(tn, NAME, PRECISION, ROWS, COLS, STAGES, BLOCKS, false, false, nullptr)

PRODUCTS(bf16, BF16, 128, 256, 4, 1)
PRODUCTS(fp16, FP16, 128, 256, 4, 1)
PRODUCTS(bf16, BF16, 128, 128, 3, 2) // one block writes C while the other multiplies
PRODUCTS(fp16, FP16, 128, 128, 3, 2)
PRODUCTS(bf16, BF16, 64, 64, 4, 3) // where larger tiles would leave multiprocessors idle
PRODUCTS(fp16, FP16, 64, 64, 4, 3)
