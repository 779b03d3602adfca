/// What attention on tensor cores is made of: operands of 16 bits in shared memory, a warp's patches of 16 × 16
/// scores in registers, the terms of relative positions, the dropout of a patch.
///
/// A block has 64 rows of one head and walks over tiles of columns, the next of which is on its way. Warp w has
/// the patch w mod 4 of the rows and every second patch of columns from w/4 on; the two halves of a row are added
/// at the end. With g = lane/4 and t = lane mod 4 a lane has of a patch, as the tensor cores leave it,
///
///     s[n][2r + e]: row g + 8r, column 8n + 2t + e
#pragma once
#include "tensor.cuh"

constexpr int TILE = 64; // rows of a block
constexpr int PATCH = 16;
constexpr int PATCHES = TILE / PATCH;
constexpr int PIECE = 16; // bytes
constexpr int EACH = 8;   // numbers in a piece
constexpr int WINDOW = 2 * PATCH; // relative positions that a patch may see, the first never
constexpr int RING = 128; // relative positions in shared memory: those of a tile and of the next
constexpr int PITCH = 40; // floats: a row of terms begins 8 banks behind the one before
constexpr int NARROW = 24; // the same of a row of 16 scores
constexpr float LOG2E = 1.44269504f, LN2 = 0.693147181f;

/// The operands of one call, rounded, a head a row: pieces of 8 numbers. Of those with a head a row, of lse, delta
/// and bias, `for_head` has made the block's head.
struct Call {
    const int *tiles; // [3·count]: first row, begin and end of the sequence of each tile
    int heads, depth, tokens, width; // H, D, N, the dropout's W
    float scale;
    const uint4 *q, *k, *v;       // [N, H, ⌈D/8⌉]
    const uint4 *keys, *queries;  // [P, H, ⌈D/8⌉] or null: the tables of relative positions
    const int *rows;              // [2·reach − 1]: the table's row of the relative position i − j at i − j + reach − 1
    int reach;
    const float *lse, *delta;     // [H, N]
    const uint4 *dcontext;        // [N, H, ⌈D/8⌉]
    const float *bias;            // [H, 2·half]: of the relative position i − j at i − j + half
    int half;                     // at least the longest sequence rounded up to whole tiles

    __device__ void for_head(int h) {
        int skipped = h * pieces();
        q += skipped, k += skipped, v += skipped, dcontext += skipped;
        if (keys) keys += skipped;
        if (queries) queries += skipped;
        lse += (long long) h * tokens, delta += (long long) h * tokens;
        bias += (long long) h * 2 * half;
    }

    __device__ int pieces() const { return (depth + EACH - 1) / EACH; } // of a row of a head
};

/// One warp's place: head h, the block's first row in the sequence [begin, end), its patch of rows and its half of
/// the columns.
struct Place {
    int h, first, begin, end, patch, half, g, t;

    __device__ Place(const int *tiles, int h)
        : h(h), first(tiles[3 * blockIdx.x]), begin(tiles[3 * blockIdx.x + 1]), end(tiles[3 * blockIdx.x + 2]),
          patch(threadIdx.x / WARP % PATCHES), half(threadIdx.x / WARP / PATCHES), g(threadIdx.x % WARP / 4),
          t(threadIdx.x % 4) {}

    /// The warp's first row, which may be beyond the end.
    __device__ int row() const { return first + patch * PATCH; }
};

/// Rows of D numbers of 16 bits in shared memory. Pieces change their places from row to row, so that eight rows
/// of one piece lie in different banks.
template <int D> struct Lines {
    static constexpr int PIECES = D / EACH, BYTES = 2 * D; // of a row

    __device__ static int place(int row, int piece) {
        int turn = PIECES >= 8 ? row % 8 : row / 2 % 4;
        return (row * PIECES + (piece ^ turn)) * PIECE;
    }

    /// A patch of 16 rows and 16 numbers as A with these rows, and as B with these columns: x[n] and x[n + 2] are
    /// the halves of k of its columns 8n … 8n+7.
    __device__ static void read(u32 (&x)[4], const char *lines, int row, int piece) {
        int lane = threadIdx.x % WARP, matrix = lane / 8;
        load_matrices(x, lines + place(row + matrix % 2 * 8 + lane % 8, piece + matrix / 2));
    }

    /// The same where the rows are k.
    __device__ static void read_transposed(u32 (&x)[4], const char *lines, int row, int piece) {
        int lane = threadIdx.x % WARP, matrix = lane / 8;
        load_transposed(x, lines + place(row + matrix / 2 * 8 + lane % 8, piece + matrix % 2));
    }
};

/// Which of a lane's 8 values of a patch are kept: bit 4n + 2r + e. KEYS: the patch's rows are keys, its columns
/// queries. Four neighbouring keys share random words, of which each lane draws those of one such group; lanes
/// that have parts of the same groups tell each other.
template <bool KEYS> __device__ inline u32 kept(Dropout dropout, const Call &call, const Place &at, int row, int col) {
    if (dropout.threshold == 0) return 0xff;
    u32 all = 0;
    int mine = KEYS ? at.g % 4 : at.t % 2; // which of the groups that these lanes share this one draws
#pragma unroll 1
    for (int n = 0; n < 2; n++) {
        int i = KEYS ? col + 8 * n + 2 * at.t + mine % 2 : row + at.g + 8 * mine;
        int j = KEYS ? row + at.g / 4 * 4 + mine / 2 * 8 : col + 8 * n + at.t / 2 * 4;
        u64 element = ((u64) at.h * call.tokens + i) * call.width + (j - at.begin);
        u32 bits = dropout.four(element / 4) << 4 * mine;
        if (KEYS) {
            bits |= __shfl_xor_sync(ALL, bits, 4);
            bits |= __shfl_xor_sync(ALL, bits, 8);
            for (int e = 0; e < 4; e++) all |= (bits >> (4 * e + at.g % 4) & 1) << (4 * n + e);
        } else {
            bits |= __shfl_xor_sync(ALL, bits, 1);
            int from = at.t % 2 * 2;
            all |= (bits >> from & 3 | (bits >> (4 + from) & 3) << 2) << 4 * n;
        }
    }
    return all;
}

/// `KEYS` rows are keys and columns queries, else the other way round.
template <int PRECISION, int D, Terms TERMS> struct Patches {
    static constexpr int COLS = TERMS == POSITIONS || D > 64 ? 32 : 64; // of a tile
    static constexpr int STEPS = D / 16, OUT = D / 8; // of k; patches' halves of a row of results
    static constexpr int AT_ONCE = D > 64 ? 2 : STEPS; // steps that are unrolled where no register depends on them
    static constexpr int ROW_BYTES = TILE * Lines<D>::BYTES, COL_BYTES = COLS * Lines<D>::BYTES;
    static constexpr int STAGE = 2 * COL_BYTES; // two operands
    static constexpr int TABLE = RING * Lines<D>::BYTES;
    static constexpr int BAND = TERMS == BIAS ? (TILE + COLS) * sizeof(float) : 0; // biases that a tile sees
    static constexpr int TERM_BYTES = TERMS == POSITIONS ? 2 * TABLE : 2 * BAND;
    static constexpr int SCRATCH = PATCH * (TERMS == BIAS ? NARROW : PITCH) * sizeof(float); // of a warp

    // ── Copies ───────────────────────────────────────────────────────────────────────────────────

    /// Begins to copy COUNT rows of one head from `first` on, zeros beyond the end and beyond the depth.
    template <int COUNT>
    __device__ static void fetch(char *to, const Call &call, const uint4 *x, const Place &at, int first) {
        int pieces = call.pieces(), pitch = call.heads * pieces;
        for (int n = threadIdx.x; n < COUNT * Lines<D>::PIECES; n += THREADS) {
            int row = n / Lines<D>::PIECES, piece = n % Lines<D>::PIECES;
            bool inside = first + row < at.end && piece < pieces;
            const uint4 *from = x + (long long) (first + row) * pitch + piece;
            copy_async(to + Lines<D>::place(row, piece), inside ? from : x, inside ? PIECE : 0);
        }
    }

    /// The same of a table, the rows of `count` relative positions: row − column from `relative` on, which lie in
    /// the ring at those relative to the block's first row.
    template <bool KEYS>
    __device__ static void fetch_table(char *to, const Call &call, const uint4 *table, const Place &at, int relative, int count) {
        int pieces = call.pieces(), pitch = call.heads * pieces;
        for (int n = threadIdx.x; n < count * Lines<D>::PIECES; n += THREADS) {
            int o = relative + n / Lines<D>::PIECES, piece = n % Lines<D>::PIECES;
            int of = min(max((KEYS ? -o : o) + call.reach - 1, 0), 2 * call.reach - 2);
            const uint4 *from = table + (long long) call.rows[of] * pitch + piece;
            int slot = (o - (at.first - at.begin)) & (RING - 1);
            copy_async(to + Lines<D>::place(slot, piece), piece < pieces ? from : table, piece < pieces ? PIECE : 0);
        }
    }

    /// The same of the biases that a tile of columns sees, in ascending i − j.
    template <bool KEYS> __device__ static void fetch_bias(char *to, const Call &call, const Place &at, int col) {
        constexpr int FLOATS = PIECE / sizeof(float);
        int n = threadIdx.x * FLOATS, least = KEYS ? col - at.first - TILE : at.first - col - COLS;
        if (n < TILE + COLS) copy_async(to + n * sizeof(float), call.bias + call.half + least + n, PIECE);
    }

    /// Row a and column b of a tile find theirs at this place.
    template <bool KEYS> __device__ static int place_of_bias(int a, int b) { return KEYS ? b - a + TILE : a - b + COLS; }

    /// Begins to copy the tile of columns from `col` on to its stage, two operands and, with positions, the
    /// relative positions that come with it, or the biases.
    template <bool KEYS>
    __device__ static void fetch_columns(
        char *stages, char *tables, const Call &call, const uint4 *y, const uint4 *z, const Place &at, int col) {
        int odd = (col - at.begin) / COLS % 2;
        char *stage = stages + odd * STAGE;
        fetch<COLS>(stage, call, y, at, col);
        fetch<COLS>(stage + COL_BYTES, call, z, at, col);
        if constexpr (TERMS == BIAS) fetch_bias<KEYS>(tables + odd * BAND, call, at, col);
        if constexpr (TERMS == POSITIONS) {
            const uint4 *of_rows = KEYS ? call.queries : call.keys, *of_cols = KEYS ? call.keys : call.queries;
            int relative = at.first - col - COLS, count = col == at.begin ? TILE + COLS : COLS;
            if (of_rows) fetch_table<KEYS>(tables, call, of_rows, at, relative, count);
            if (of_cols) fetch_table<KEYS>(tables + TABLE, call, of_cols, at, relative, count);
        }
        commit_copies();
    }

    // ── Products of a patch ──────────────────────────────────────────────────────────────────────

    /// s = x·yᵀ of 16 rows of each.
    __device__ static void products(float (&s)[2][4], const char *x, int row, const char *y, int col) {
#pragma unroll
        for (int n = 0; n < 2; n++)
#pragma unroll
            for (int e = 0; e < 4; e++) s[n][e] = 0.0f;
#pragma unroll AT_ONCE
        for (int step = 0; step < STEPS; step++) {
            u32 a[4], b[4];
            Lines<D>::read(a, x, row, 2 * step);
            Lines<D>::read(b, y, col, 2 * step);
#pragma unroll
            for (int n = 0; n < 2; n++) multiply_add<PRECISION>(s[n], a, b[n], b[n + 2]);
        }
    }

    /// out += a·y of 16 rows of y, those of a being in registers.
    __device__ static void accumulate(float (&out)[OUT][4], const u32 (&a)[4], const char *y, int row) {
#pragma unroll
        for (int step = 0; step < STEPS; step++) {
            u32 b[4];
            Lines<D>::read_transposed(b, y, row, 2 * step);
#pragma unroll
            for (int n = 0; n < 2; n++) multiply_add<PRECISION>(out[2 * step + n], a, b[n], b[n + 2]);
        }
    }

    /// A patch of scores as the A of the next product.
    __device__ static void lowered(u32 (&a)[4], const float (&s)[2][4]) {
#pragma unroll
        for (int n = 0; n < 2; n++)
#pragma unroll
            for (int r = 0; r < 2; r++) a[2 * n + r] = pair_bits<PRECISION>(s[n][2 * r], s[n][2 * r + 1]);
    }

    // ── Relative positions ───────────────────────────────────────────────────────────────────────

    /// Where in the ring the relative positions of a patch begin, and 16 on: row − column − 16, the row being that in
    /// the tile as the ring's are.
    __device__ static int slot(int row, int col, int upper) { return (row - col - PATCH + upper * PATCH) & (RING - 1); }

    /// Adds x_a·table_{a−b}, or with BY_COLUMN x_b·table_{a−b}, to a patch of scores. All 32 products of each row of
    /// x with the window are made, and put into `scratch` [16, 32] of this warp, where the patch is a band.
    ///
    ///     row: of the patch in the tile    col: of the patch in the sequence
    template <bool BY_COLUMN>
    __device__ static void add_positions(
        float (&s)[2][4], const char *x, int line, const char *table, int row, int col, float *scratch, const Place &at) {
        float terms[4][4] = {};
#pragma unroll AT_ONCE
        for (int step = 0; step < STEPS; step++) {
            u32 a[4], b[4];
            Lines<D>::read(a, x, line, 2 * step);
#pragma unroll
            for (int upper = 0; upper < 2; upper++) {
                Lines<D>::read(b, table, slot(row, col, upper), 2 * step);
#pragma unroll
                for (int n = 0; n < 2; n++) multiply_add<PRECISION>(terms[2 * upper + n], a, b[n], b[n + 2]);
            }
        }
        __syncwarp(); // what was there was read
#pragma unroll
        for (int n = 0; n < 4; n++)
#pragma unroll
            for (int r = 0; r < 2; r++)
                *(float2 *) (scratch + (at.g + 8 * r) * PITCH + 8 * n + 2 * at.t) = {terms[n][2 * r], terms[n][2 * r + 1]};
        __syncwarp();
#pragma unroll
        for (int n = 0; n < 2; n++)
#pragma unroll
            for (int e = 0; e < 4; e++) {
                int i = at.g + e / 2 * 8, j = 8 * n + 2 * at.t + e % 2;
                s[n][e] += scratch[(BY_COLUMN ? j : i) * PITCH + i - j + PATCH];
            }
    }

    /// A patch as a band in `scratch`, [16, 32] numbers of 16 bits: [a, a − b + 16], zeros beside it.
    __device__ static void to_band(const u32 (&patch)[4], float *scratch, const Place &at) {
        int lane = threadIdx.x % WARP;
        __syncwarp(); // what was there was read
#pragma unroll
        for (int n = 0; n < 2; n++) ((uint4 *) scratch)[n * WARP + lane] = {0, 0, 0, 0};
        __syncwarp();
#pragma unroll
        for (int n = 0; n < 2; n++)
#pragma unroll
            for (int e = 0; e < 4; e++) {
                int i = at.g + e / 2 * 8, j = 8 * n + 2 * at.t + e % 2, o = i - j + PATCH;
                unsigned short *to = (unsigned short *) ((char *) scratch + Lines<WINDOW>::place(i, o / EACH)) + o % EACH;
                *to = (unsigned short) (patch[2 * n + e / 2] >> 16 * (e % 2));
            }
        __syncwarp();
    }

    /// Σ dS over each diagonal of a patch: `sums` [32] gets that of a − b = o − 16 at o.
    __device__ static void sum_diagonals(const float (&ds)[2][4], float *scratch, float *sums, const Place &at) {
        int lane = threadIdx.x % WARP;
        __syncwarp(); // what was there was read
#pragma unroll
        for (int n = 0; n < 2; n++)
#pragma unroll
            for (int r = 0; r < 2; r++)
                *(float2 *) (scratch + (at.g + 8 * r) * NARROW + 8 * n + 2 * at.t) = {ds[n][2 * r], ds[n][2 * r + 1]};
        __syncwarp();
        float sum = 0.0f;
#pragma unroll 4
        for (int i = 0; i < PATCH; i++) {
            int j = i + PATCH - lane;
            if (j >= 0 && j < PATCH) sum += scratch[i * NARROW + j];
        }
        sums[lane] = sum;
    }

    // ── Results ──────────────────────────────────────────────────────────────────────────────────

    /// Adds what the warp of the other half of the columns has, through shared memory that nobody reads any more.
    /// What the first half then holds is the sum.
    template <int COUNT> __device__ static void add_halves(float (&x)[COUNT][4], float *memory, const Place &at) {
        float *mine = memory + threadIdx.x % (THREADS / 2);
        __syncthreads();
#pragma unroll
        for (int n = 0; n < 4 * COUNT; n++)
            if (at.half == 1) mine[n * (THREADS / 2)] = x[n / 4][n % 4];
        __syncthreads();
#pragma unroll
        for (int n = 0; n < 4 * COUNT; n++)
            if (at.half == 0) x[n / 4][n % 4] += mine[n * (THREADS / 2)];
    }

    /// to [N, C] = R(scale · x), the warp's rows of the head.
    __device__ static void write(float *to, const Call &call, const Place &at, float scale, const float (&x)[OUT][4]) {
        if (at.half == 1) return;
        bool pairs = call.depth % 2 == 0 && (u64) to % sizeof(float2) == 0;
#pragma unroll
        for (int r = 0; r < 2; r++) {
            int row = at.row() + at.g + 8 * r;
            if (row >= at.end) break;
            float *line = to + ((long long) row * call.heads + at.h) * call.depth;
#pragma unroll
            for (int n = 0; n < OUT; n++) {
                int d = 8 * n + 2 * at.t;
                float low = rounded(PRECISION, x[n][2 * r] * scale), high = rounded(PRECISION, x[n][2 * r + 1] * scale);
                if (pairs && d < call.depth) *(float2 *) (line + d) = {low, high};
                else {
                    if (d < call.depth) line[d] = low;
                    if (d + 1 < call.depth) line[d + 1] = high;
                }
            }
        }
    }
};
