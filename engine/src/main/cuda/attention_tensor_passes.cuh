/// Attention of low precision over packed sequences on tensor cores, without a T × T matrix in memory (Dao 2023,
/// "FlashAttention-2", arXiv:2307.08691), plain, with a bias by relative position (Song et al. 2020, "MPNet", arXiv:2004.09297) and
/// disentangled (He et al. 2021, "DeBERTa", arXiv:2006.03654).
///
/// R rounds to 16 bits. What is rounded: q, k, v, the tables and dcontext; P (before it is divided by its sum in the
/// forward pass) and dS (before it is scaled) where they enter a product; results. Scores, their terms, the
/// softmax, dP and all sums are float32.
///
/// Forward: a block has queries as rows and walks over the keys. Backward twice, as a sum over rows would need
/// atomic operations: with queries as rows for dq and dkeys, with keys as rows for dk, dv and dqueries. Scores are
/// made again each time; they and dS stay in registers.
#pragma once
#include "attention_patches.cuh"

template <int PRECISION, int D, Terms TERMS> struct Attention : Patches<PRECISION, D, TERMS> {
    using P = Patches<PRECISION, D, TERMS>;
    using P::COLS, P::OUT;
    static constexpr int CHUNKS = COLS / PATCH / 2;  // patches of columns of a tile that a warp has
    static constexpr int SIDES = (D + 63) / 64;      // columns, by 8, of a table's gradient that a warp has
    static constexpr int WINDOWS = PATCHES + 2;      // patches of relative positions that a tile sees
    static constexpr int SUMS = (TILE + COLS) / WARP; // relative positions of a tile that a lane has sums of
    static constexpr int MOVED = COLS / WARP;         // by so many places from tile to tile

    // ── Forward ──────────────────────────────────────────────────────────────────────────────────

    /// context_i = R(Σ_j R(keep_ij·P_ij)·v_j / Σ_j P_ij), P_ij = e^{S_ij − largest so far}, as in `attention`.
    ///
    ///     grid: tiles of queries × heads    context [N, C]    lse [H, N]
    __device__ static void forward(Call call, Dropout dropout, float *context, float *lse) {
        DYNAMIC_SHARED(uint4, memory);
        char *q = (char *) memory, *stages = q + P::ROW_BYTES, *tables = stages + 2 * P::STAGE;
        float *scratch = (float *) (tables + P::TERM_BYTES + threadIdx.x / WARP * P::SCRATCH);
        Place at(call.tiles, blockIdx.y);
        call.for_head(at.h);
        float out[OUT][4] = {}, largest[2] = {-INFINITY, -INFINITY}, sum[2] = {};
        float scale = call.scale * LOG2E;
        P::template fetch<TILE>(q, call, call.q, at, at.first);
        P::template fetch_columns<false>(stages, tables, call, call.k, call.v, at, at.begin);
        for (int j0 = at.begin; j0 < at.end; j0 += COLS) {
            wait_copies<0>();
            __syncthreads(); // the tile is there for all, and nobody reads the one before it any more
            if (j0 + COLS < at.end)
                P::template fetch_columns<false>(stages, tables, call, call.k, call.v, at, j0 + COLS);
            if (at.row() >= at.end) continue;
            int odd = (j0 - at.begin) / COLS % 2;
            const char *k = stages + odd * P::STAGE, *v = k + P::COL_BYTES;
            const float *bias = (const float *) (tables + odd * P::BAND);
            float s[CHUNKS][2][4];
            float most[2] = {largest[0], largest[1]};
#pragma unroll
            for (int chunk = 0; chunk < CHUNKS; chunk++) {
                int col = (2 * chunk + at.half) * PATCH;
                bool any = j0 + col < at.end;
                if (any) {
                    P::products(s[chunk], q, at.patch * PATCH, k, col);
                    if constexpr (TERMS == POSITIONS) positions<false>(s[chunk], call, at, q, k, col, tables, j0, scratch);
                }
#pragma unroll
                for (int n = 0; n < 2; n++)
#pragma unroll
                    for (int e = 0; e < 4; e++) {
                        int a = at.patch * PATCH + at.g + e / 2 * 8, b = col + 8 * n + 2 * at.t + e % 2;
                        bool inside = any && j0 + b < at.end;
                        float term = TERMS == BIAS && inside ? bias[P::template place_of_bias<false>(a, b)] * LOG2E : 0.0f;
                        s[chunk][n][e] = inside ? fmaf(s[chunk][n][e], scale, term) : -INFINITY;
                        most[e / 2] = fmaxf(most[e / 2], s[chunk][n][e]);
                    }
            }
#pragma unroll
            for (int r = 0; r < 2; r++) {
                most[r] = fmaxf(most[r], __shfl_xor_sync(ALL, most[r], 1));
                most[r] = fmaxf(most[r], __shfl_xor_sync(ALL, most[r], 2));
                float base = most[r] == -INFINITY ? 0.0f : most[r]; // no column was inside yet
                float shrink = power_of_two(largest[r] - base), total = 0.0f;
                largest[r] = most[r];
#pragma unroll
                for (int chunk = 0; chunk < CHUNKS; chunk++)
#pragma unroll
                    for (int n = 0; n < 2; n++)
#pragma unroll
                        for (int e = 2 * r; e < 2 * r + 2; e++)
                            total += s[chunk][n][e] = power_of_two(s[chunk][n][e] - base);
                sum[r] = fmaf(sum[r], shrink, total);
#pragma unroll
                for (int n = 0; n < OUT; n++) out[n][2 * r] *= shrink, out[n][2 * r + 1] *= shrink;
            }
#pragma unroll
            for (int chunk = 0; chunk < CHUNKS; chunk++) {
                int col = (2 * chunk + at.half) * PATCH;
                if (j0 + col >= at.end) continue;
                u32 keep = kept<false>(dropout, call, at, at.row(), j0 + col), p[4];
#pragma unroll
                for (int n = 0; n < 2; n++)
#pragma unroll
                    for (int e = 0; e < 4; e++)
                        if (!(keep >> (4 * n + e) & 1)) s[chunk][n][e] = 0.0f;
                P::lowered(p, s[chunk]);
                P::accumulate(out, p, v, col);
            }
        }
        finish(call, at, dropout, largest, sum, out, (float *) memory, context, lse);
    }

    /// Both halves of the columns together, with their largest scores and sums.
    __device__ static void finish(
        const Call &call, const Place &at, const Dropout &dropout, float (&largest)[2], float (&sum)[2],
        float (&out)[OUT][4], float *memory, float *context, float *lse) {
        static_assert((OUT * 4 + 4) * (THREADS / 2) * 4 <= P::ROW_BYTES + 2 * P::STAGE, "a half fits");
        float *other = memory + OUT * 4 * (THREADS / 2) + threadIdx.x % (THREADS / 2);
#pragma unroll
        for (int r = 0; r < 2; r++) {
            sum[r] += __shfl_xor_sync(ALL, sum[r], 1);
            sum[r] += __shfl_xor_sync(ALL, sum[r], 2);
        }
        __syncthreads(); // all is read
        float all[2] = {largest[0], largest[1]};
        for (int half = 0; half < 2; half++) { // each tells the other its largest score
#pragma unroll
            for (int r = 0; r < 2; r++)
                if (at.half == half) other[(2 * half + r) * (THREADS / 2)] = largest[r];
        }
        __syncthreads();
#pragma unroll
        for (int r = 0; r < 2; r++) {
            all[r] = fmaxf(all[r], other[(2 * (1 - at.half) + r) * (THREADS / 2)]);
            float shrink = power_of_two(largest[r] - (all[r] == -INFINITY ? 0.0f : all[r]));
            sum[r] *= shrink;
#pragma unroll
            for (int n = 0; n < OUT; n++) out[n][2 * r] *= shrink, out[n][2 * r + 1] *= shrink;
        }
        P::template add_halves<OUT>(out, memory, at);
        float sums[1][4] = {{sum[0], sum[1], 0.0f, 0.0f}};
        P::template add_halves<1>(sums, memory, at);
        if (at.half == 1) return;
        float scale = dropout.threshold == 0 ? 1.0f : dropout.scale;
#pragma unroll
        for (int r = 0; r < 2; r++) {
            float share = scale / sums[0][r];
            int i = at.row() + at.g + 8 * r;
#pragma unroll
            for (int n = 0; n < OUT; n++) out[n][2 * r] *= share, out[n][2 * r + 1] *= share;
            if (at.t == 0 && i < at.end) lse[(long long) at.h * call.tokens + i] = all[r] * LN2 + logf(sums[0][r]);
        }
        P::write(context, call, at, 1.0f, out);
    }

    /// Adds the terms of relative positions to a patch of scores: both tables lie by row − column.
    template <bool KEYS>
    __device__ static void positions(
        float (&s)[2][4], const Call &call, const Place &at, const char *x, const char *y, int col, const char *tables,
        int col0, float *scratch) {
        const uint4 *of_rows = KEYS ? call.queries : call.keys, *of_cols = KEYS ? call.keys : call.queries;
        int row = at.patch * PATCH, in_sequence = col0 - at.begin + col;
        if (of_rows) P::template add_positions<false>(s, x, row, tables, row, in_sequence, scratch, at);
        if (of_cols) P::template add_positions<true>(s, y, col, tables + P::TABLE, row, in_sequence, scratch, at);
    }

    // ── Backward ─────────────────────────────────────────────────────────────────────────────────

    /// With P_ij = e^{S_ij − lse_i} and dS_ij = P_ij·(keep_ij·dcontext_i·v_j − δ_i), for the queries of a tile
    ///
    ///     dq_i = R(scale·Σ_j R(dS_ij)·(k_j + keys_{i−j})),
    ///
    /// or with KEYS for the keys of a tile
    ///
    ///     dk_j = R(scale·Σ_i R(dS_ij)·(q_i + queries_{i−j})),  dv_j = R(Σ_i R(keep_ij·P_ij)·dcontext_i).
    ///
    /// With `parts` also what this tile adds to its rows' table: at [tile, head, o] Σ R(dS)·row over row −
    /// column = first − (end − 1) + o, o < T + 63, in `span` rows of D; or to the bias, with queries as rows: Σ dS, in
    /// `span` values.
    ///
    ///     grid: tiles × heads from head0 on    dx = dq or dk
    template <bool KEYS>
    __device__ static void backward(
        Call call, Dropout dropout, int head0, float *dx, float *dv, int span, float *parts) {
        DYNAMIC_SHARED(uint4, memory);
        char *x = (char *) memory, *z = x + P::ROW_BYTES; // rows: q and dcontext, or k and v
        char *stages = z + P::ROW_BYTES, *tables = stages + 2 * P::STAGE;
        char *scratches = tables + P::TERM_BYTES;
        float *scratch = (float *) (scratches + threadIdx.x / WARP * P::SCRATCH);
        float *diagonals = (float *) (scratches + THREADS / WARP * P::SCRATCH); // [warps, CHUNKS, WINDOW]
        Place at(call.tiles, head0 + blockIdx.y);
        call.for_head(at.h);
        const uint4 *cols = KEYS ? call.q : call.k, *others = KEYS ? call.dcontext : call.v;
        const uint4 *table = KEYS ? call.queries : call.keys;
        float sum[OUT][4] = {}, sum_v[KEYS ? OUT : 1][4] = {}, sum_table[TERMS == POSITIONS ? WINDOWS : 1][SIDES][4] = {};
        float sum_bias[SUMS] = {};
        float keep_scale = dropout.threshold == 0 ? 1.0f : dropout.scale;
        P::template fetch<TILE>(x, call, KEYS ? call.k : call.q, at, at.first);
        P::template fetch<TILE>(z, call, KEYS ? call.v : call.dcontext, at, at.first);
        P::template fetch_columns<KEYS>(stages, tables, call, cols, others, at, at.begin);
        for (int c0 = at.begin; c0 < at.end; c0 += COLS) {
            wait_copies<0>();
            __syncthreads(); // the tile is there for all, and nobody reads the one before it any more
            if (c0 + COLS < at.end)
                P::template fetch_columns<KEYS>(stages, tables, call, cols, others, at, c0 + COLS);
            int odd = (c0 - at.begin) / COLS % 2;
            const char *y = stages + odd * P::STAGE, *w = y + P::COL_BYTES;
            const float *bias = (const float *) (tables + odd * P::BAND);
#pragma unroll 1
            for (int chunk = 0; chunk < CHUNKS; chunk++) {
                int col = (2 * chunk + at.half) * PATCH;
                if (at.row() >= at.end || c0 + col >= at.end) break;
                float s[2][4], dp[2][4];
                P::products(s, x, at.patch * PATCH, y, col);
                if constexpr (TERMS == POSITIONS) positions<KEYS>(s, call, at, x, y, col, tables, c0, scratch);
                P::products(dp, z, at.patch * PATCH, w, col);
                u32 keep = kept<KEYS>(dropout, call, at, at.row(), c0 + col), p[4], ds[4];
#pragma unroll
                for (int n = 0; n < 2; n++)
#pragma unroll
                    for (int e = 0; e < 4; e++) {
                        int a = at.patch * PATCH + at.g + e / 2 * 8, b = col + 8 * n + 2 * at.t + e % 2;
                        int row = at.first + a, column = c0 + b;
                        bool inside = row < at.end && column < at.end;
                        int query = KEYS ? column : row;
                        float lse = inside ? call.lse[query] : 0.0f, delta = inside ? call.delta[query] : 0.0f;
                        float score = TERMS == BIAS
                            ? fmaf(s[n][e], call.scale, bias[P::template place_of_bias<KEYS>(a, b)])
                            : s[n][e] * call.scale;
                        float share = inside ? power_of_two((score - lse) * LOG2E) : 0.0f;
                        float factor = keep >> (4 * n + e) & 1 ? keep_scale : 0.0f;
                        s[n][e] = share * factor;
                        dp[n][e] = share * (factor * dp[n][e] - delta);
                    }
                P::lowered(p, s);
                P::lowered(ds, dp);
                if constexpr (KEYS) P::accumulate(sum_v, p, w, col);
                P::accumulate(sum, ds, y, col);
                if constexpr (TERMS == BIAS && !KEYS)
                    if (parts) {
                        int patch = threadIdx.x / WARP * CHUNKS + chunk;
                        P::sum_diagonals(dp, scratch, diagonals + patch * WINDOW, at);
                    }
                if constexpr (TERMS == POSITIONS)
                    if (table) {
                        P::to_band(ds, scratch, at);
#pragma unroll
                        for (int upper = 0; upper < 2; upper++) {
                            u32 band[4];
                            Lines<WINDOW>::read(band, (char *) scratch, 0, 2 * upper);
                            P::accumulate(
                                sum, band, tables, P::slot(at.patch * PATCH, c0 - at.begin + col, upper));
                        }
                    }
            }
            if constexpr (TERMS == POSITIONS)
                if (parts) {
                    __syncthreads(); // the bands of all
                    add_to_table(call, at, x, scratches, c0, sum_table);
                    write_table(call, at, c0, WINDOWS - 2, span, sum_table, parts);
#pragma unroll
                    for (int window = WINDOWS - 1; window >= 0; window--)
#pragma unroll
                        for (int n = 0; n < SIDES; n++)
#pragma unroll
                            for (int e = 0; e < 4; e++)
                                sum_table[window][n][e] = window >= 2 ? sum_table[window - 2][n][e] : 0.0f;
                }
            if constexpr (TERMS == BIAS && !KEYS)
                if (parts) {
                    __syncthreads(); // the diagonals of all
                    add_to_bias(at, diagonals, c0, sum_bias);
                    write_bias(at, c0, TILE / WARP, span, sum_bias, parts);
#pragma unroll
                    for (int k = SUMS - 1; k >= 0; k--) sum_bias[k] = k >= MOVED ? sum_bias[k - MOVED] : 0.0f;
                }
        }
        int behind = at.begin + (at.end - at.begin + COLS - 1) / COLS * COLS;
        if constexpr (TERMS == POSITIONS)
            if (parts) write_table(call, at, behind, 2, span, sum_table, parts);
        if constexpr (TERMS == BIAS && !KEYS)
            if (parts) write_bias(at, behind, MOVED, span, sum_bias, parts);
        static_assert(OUT * 4 * (THREADS / 2) * 4 <= 2 * P::STAGE, "a half fits where the stages were");
        P::template add_halves<OUT>(sum, (float *) stages, at);
        P::write(dx, call, at, call.scale, sum);
        if constexpr (KEYS) {
            P::template add_halves<OUT>(sum_v, (float *) stages, at);
            P::write(dv, call, at, 1.0f, sum_v);
        }
    }

    /// Adds Σ_a R(dS)[a, a − o]·x_a of a tile to the windows of relative positions: patch a of the rows and b of the
    /// columns see windows a − b + 1 and the next. Each warp does it for 8 (or 16) columns of x.
    __device__ static void add_to_table(
        const Call &call, const Place &at, const char *x, const char *scratches, int c0,
        float (&sums)[TERMS == POSITIONS ? WINDOWS : 1][SIDES][4]) {
        int warp = threadIdx.x / WARP;
        if (warp * SIDES * 8 >= D) return;
#pragma unroll
        for (int a = 0; a < PATCHES; a++) {
            if (at.first + a * PATCH >= at.end) break;
            u32 rows[4];
            Lines<D>::read_transposed(rows, x, a * PATCH, warp * SIDES / 2 * 2);
#pragma unroll
            for (int b = 0; b < 2; b++) {
                if (c0 + b * PATCH >= at.end) break;
#pragma unroll
                for (int upper = 0; upper < 2; upper++) {
                    u32 band[4];
                    Lines<WINDOW>::read_transposed(band, scratches + (a + b * PATCHES) * P::SCRATCH, 0, 2 * upper);
#pragma unroll
                    for (int n = 0; n < SIDES; n++) {
                        bool odd = SIDES == 2 ? n == 1 : warp % 2 == 1;
                        multiply_add<PRECISION>(
                            sums[a - b + 1 + upper][n], band, odd ? rows[1] : rows[0], odd ? rows[3] : rows[2]);
                    }
                }
            }
        }
    }

    /// Writes the sums from window `from` on, which no later tile of columns adds to.
    __device__ static void write_table(
        const Call &call, const Place &at, int c0, int from, int span,
        const float (&sums)[TERMS == POSITIONS ? WINDOWS : 1][SIDES][4], float *parts) {
        int warp = threadIdx.x / WARP;
        if (warp * SIDES * 8 >= D) return;
        float *to = parts + ((long long) blockIdx.x * gridDim.y + blockIdx.y) * span * call.depth;
#pragma unroll
        for (int window = 2; window < WINDOWS; window++)
#pragma unroll
            for (int n = 0; n < SIDES; n++)
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    int o = at.end - 1 - c0 - COLS + window * PATCH + at.g + e / 2 * 8;
                    int d = (warp * SIDES + n) * 8 + 2 * at.t + e % 2;
                    if (window >= from && o >= 0 && o < at.end - at.begin + TILE - 1 && d < call.depth)
                        to[(long long) o * call.depth + d] = sums[window][n][e];
                }
    }

    /// Adds the diagonals of a tile's patches to its relative positions: place 32k + lane is the row − column of
    /// first − c0 − COLS + 32k + lane. Patch a of the rows and b of the columns have those from 16(a − b − 1) + COLS on.
    __device__ static void add_to_bias(const Place &at, const float *diagonals, int c0, float (&sums)[SUMS]) {
        constexpr int COLUMNS = COLS / PATCH;
        int lane = threadIdx.x % WARP;
        if (threadIdx.x >= WARP) return;
#pragma unroll
        for (int k = 0; k < SUMS; k++)
            for (int a = 0; a < PATCHES && at.first + a * PATCH < at.end; a++)
                for (int upper = 0; upper < 2; upper++) {
                    int b = a - 1 + COLUMNS + upper - (2 * k + lane / PATCH);
                    if (b < 0 || b >= COLUMNS || c0 + b * PATCH >= at.end) continue;
                    int patch = (a + b % 2 * PATCHES) * CHUNKS + b / 2; // where the warp left it
                    sums[k] += diagonals[patch * WINDOW + upper * PATCH + lane % PATCH];
                }
    }

    /// Writes the sums from place 32·from on, which no later tile of columns adds to.
    __device__ static void write_bias(const Place &at, int c0, int from, int span, const float (&sums)[SUMS], float *parts) {
        if (threadIdx.x >= WARP) return;
        float *to = parts + ((long long) blockIdx.x * gridDim.y + blockIdx.y) * span;
#pragma unroll
        for (int k = 0; k < SUMS; k++) {
            int o = at.end - 1 - c0 - COLS + k * WARP + (int) threadIdx.x;
            if (k >= from && o >= 0 && o < at.end - at.begin + TILE - 1) to[o] = sums[k];
        }
    }
};

#define OPERANDS                                                                                                      \
    const int *tiles, int heads, int depth, int tokens, int width, float scale, const uint4 *q, const uint4 *k,       \
        const uint4 *v
#define GRADIENTS const float *lse, const float *delta, const uint4 *dcontext
#define BOUNDED(BLOCKS) extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)

#define CALL(NAMED) Call call = {tiles, heads, depth, tokens, width, scale, q, k, v}; NAMED MAKE_DROPOUT
#define GRADIENT_CALL(NAMED) CALL(call.lse = lse; call.delta = delta; call.dcontext = dcontext; NAMED)
