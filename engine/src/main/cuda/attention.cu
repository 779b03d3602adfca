/// Attention over packed sequences without a T × T matrix in memory (Dao et al. 2022, "FlashAttention",
/// arXiv:2205.14135), plain and disentangled (He et al. 2021, "DeBERTa", arXiv:2006.03654), forward and backward.
///
/// A block has one head and one tile of queries (or, for dk and dv, of keys) of one sequence, and walks over the
/// tiles of the other side in ascending order. A thread owns the rows ty + 16·r and the columns tx + 16·c of a tile
/// of scores. `tiles` names them: first row, the sequence's begin and its end. Shared memory is read four floats at a
/// time, for one at a time would take it twice as long as the multiplications; the fours of a row change their places
/// from row to row, so that neither rows nor columns meet in one bank.
#include "common.cuh"

constexpr int SIDE = 16;

/// The operands of one call. q, k, v, context and their gradients are [N, C]; lse and delta [H, N].
struct Call {
    const int *tiles;
    int channels, depth, tokens, width; // C, D, N, the dropout's W
    float scale;
    const float *q, *k, *v, *lse, *delta, *dcontext;
    const float *keys, *queries; // [P, C] or null: the tables of relative positions
    const int *rows;             // [2·reach − 1]: the table's row of the relative position r at r + reach − 1
    int reach;
};

/// One block's place: head h, its tile's first row, the sequence [begin, end).
struct Place {
    int h, first, begin, end, tx, ty;
    long long head; // where the head's channels begin

    __device__ Place(const int *tiles, int h, int depth)
        : h(h), first(tiles[3 * blockIdx.x]), begin(tiles[3 * blockIdx.x + 1]), end(tiles[3 * blockIdx.x + 2]),
          tx(threadIdx.x % SIDE), ty(threadIdx.x / SIDE), head((long long) h * depth) {}
};

template <int D, int R> struct Attention {
    static constexpr int TILE = SIDE * R, E = D / SIDE; // E channels of a row belong to a thread
    static constexpr int V = E < 4 ? E : 4; // of which so many are neighbours
    static constexpr int PITCH = TILE + 4, SCORES = TILE * PITCH, RELATIVE = 2 * TILE - 1;

    /// Where a channel of a row lies in shared memory, and those behind it up to a multiple of 4.
    __device__ static int place(int row, int d) { return row * D + (d / 4 ^ row % 8) * 4 + d % 4; }

    /// The e-th channel of this thread.
    __device__ static int channel(const Place &at, int e) { return e / V * (SIDE * V) + at.tx * V + e % V; }

    /// Four channels of a row of a head from d on, zeros beyond the depth.
    __device__ static void load_four(float *to, const float *row, const Call &call, int d, bool inside) {
        float4 four = {0.0f, 0.0f, 0.0f, 0.0f};
        if (inside && call.depth % 4 == 0 && (u64) row % sizeof(float4) == 0) {
            if (d < call.depth) four = *(const float4 *) (row + d);
        } else if (inside) {
            if (d < call.depth) four.x = row[d];
            if (d + 1 < call.depth) four.y = row[d + 1];
            if (d + 2 < call.depth) four.z = row[d + 2];
            if (d + 3 < call.depth) four.w = row[d + 3];
        }
        *(float4 *) to = four;
    }

    /// Rows first … first + TILE of one head, zeros beyond the end and beyond the depth.
    __device__ static void load(float *to, const Call &call, const float *x, const Place &at, int first) {
        x += first * (long long) call.channels + at.head;
        for (int i = 4 * threadIdx.x; i < TILE * D; i += 4 * THREADS)
            load_four(to + place(i / D, i % D), x + i / D * (long long) call.channels, call, i % D, first + i / D < at.end);
    }

    /// The rows of a table for the relative positions between a tile of queries and one of keys: at place o that of
    /// i − j = i0 − j0 + o − (TILE − 1).
    __device__ static void load_table(
        float *to, const Call &call, const float *table, const Place &at, int i0, int j0) {
        for (int i = 4 * threadIdx.x; i < RELATIVE * D; i += 4 * THREADS) {
            int o = i / D, relative = min(max(i0 - j0 + o - (TILE - 1) + call.reach - 1, 0), 2 * call.reach - 2);
            const float *row = table + (long long) call.rows[relative] * call.channels + at.head;
            load_four(to + place(o, i % D), row, call, i % D, true);
        }
    }

    /// products[r][c] = x_row · y_col of this thread's rows and columns.
    __device__ static void products(const float *x, const float *y, const Place &at, float (&out)[R][R]) {
#pragma unroll
        for (int r = 0; r < R; r++)
#pragma unroll
            for (int c = 0; c < R; c++) out[r][c] = 0.0f;
#pragma unroll 2
        for (int d = 0; d < D; d += 4) {
            float4 rows[R], cols[R];
#pragma unroll
            for (int r = 0; r < R; r++) rows[r] = *(const float4 *) (x + place(at.ty + SIDE * r, d));
#pragma unroll
            for (int c = 0; c < R; c++) cols[c] = *(const float4 *) (y + place(at.tx + SIDE * c, d));
#pragma unroll
            for (int r = 0; r < R; r++)
#pragma unroll
                for (int c = 0; c < R; c++) out[r][c] = dot(rows[r], cols[c], out[r][c]);
        }
    }

    /// sum + Σ x·y, in ascending order.
    __device__ static float dot(const float4 &x, const float4 &y, float sum) {
        return fmaf(x.w, y.w, fmaf(x.z, y.z, fmaf(x.y, y.y, fmaf(x.x, y.x, sum))));
    }

    /// Adds q_i·keys_{i−j} and k_j·queries_{i−j}, the tables' rows as load_table left them.
    __device__ static void add_positions(
        const float *q, const float *k, const float *keys, const float *queries, const Place &at, float (&out)[R][R]) {
#pragma unroll
        for (int r = 0; r < R; r++)
#pragma unroll
            for (int c = 0; c < R; c++) {
                int i = at.ty + SIDE * r, j = at.tx + SIDE * c, o = i - j + TILE - 1;
                float sum = out[r][c];
#pragma unroll 2
                for (int d = 0; keys && d < D; d += 4)
                    sum = dot(*(const float4 *) (q + place(i, d)), *(const float4 *) (keys + place(o, d)), sum);
#pragma unroll 2
                for (int d = 0; queries && d < D; d += 4)
                    sum = dot(*(const float4 *) (k + place(j, d)), *(const float4 *) (queries + place(o, d)), sum);
                out[r][c] = sum;
            }
    }

    /// This thread's channels of a row.
    __device__ static void read(float (&values)[E], const float *x, const Place &at, int row) {
#pragma unroll
        for (int e = 0; e < E; e += V) {
            const float *from = x + place(row, channel(at, e));
            if constexpr (V == 4) *(float4 *) (values + e) = *(const float4 *) from;
            else *(float2 *) (values + e) = *(const float2 *) from;
        }
    }

    /// out[r][e] += Σ_i weights[row, i] · x[i][channel], i over a tile.
    __device__ static void accumulate(const float *weights, const float *x, const Place &at, float (&out)[R][E]) {
#pragma unroll 1
        for (int i0 = 0; i0 < TILE; i0 += 4) {
            alignas(16) float four[R][4];
#pragma unroll
            for (int r = 0; r < R; r++)
                *(float4 *) four[r] = *(const float4 *) (weights + (at.ty + SIDE * r) * PITCH + i0);
#pragma unroll
            for (int i = 0; i < 4; i++) {
                alignas(16) float values[E];
                read(values, x, at, i0 + i);
#pragma unroll
                for (int r = 0; r < R; r++)
#pragma unroll
                    for (int e = 0; e < E; e++) out[r][e] = fmaf(four[r][i], values[e], out[r][e]);
            }
        }
    }

    /// The same where x's row depends on the output's row too: out[r][e] += Σ_i weights[row, i] · x[place(row, i)].
    template <typename Places>
    __device__ static void accumulate_table(
        const float *weights, Places places, const float *x, const Place &at, float (&out)[R][E]) {
#pragma unroll 2
        for (int i = 0; i < TILE; i++)
#pragma unroll
            for (int r = 0; r < R; r++) {
                int row = at.ty + SIDE * r;
                float weight = weights[row * PITCH + i];
                alignas(16) float values[E];
                read(values, x, at, places(row, i));
#pragma unroll
                for (int e = 0; e < E; e++) out[r][e] = fmaf(weight, values[e], out[r][e]);
            }
    }

    __device__ static void write(float *out, const Call &call, const Place &at, const float (&values)[R][E]) {
#pragma unroll
        for (int r = 0; r < R; r++)
#pragma unroll
            for (int e = 0; e < E; e += V) {
                int row = at.first + at.ty + SIDE * r, d = channel(at, e);
                if (row >= at.end || d >= call.depth) continue;
                float *to = out + (long long) row * call.channels + at.head + d;
                if (V == 4 && call.depth % 4 == 0 && (u64) to % sizeof(float4) == 0)
                    *(float4 *) to = {values[r][e], values[r][e + 1], values[r][e + V - 2], values[r][e + V - 1]};
                else
#pragma unroll
                    for (int i = 0; i < V; i++)
                        if (d + i < call.depth) to[i] = values[r][e + i];
            }
    }

    /// Leaves keep_ij at this thread's places of a tile of scores, if anything is dropped. The one loop over them that
    /// is not unrolled, for the random numbers are most of a kernel's code.
    template <bool TURNED>
    __device__ static void draw(const Call &call, const Place &at, Dropout &dropout, int i0, int j0, float *to) {
        if (dropout.threshold == 0) return;
#pragma unroll 1
        for (int n = 0; n < R * R; n++) {
            int row = at.ty + SIDE * (n / R), col = at.tx + SIDE * (n % R);
            u64 element = ((u64) at.h * call.tokens + i0 + row) * call.width + (j0 + col - at.begin);
            to[TURNED ? col * PITCH + row : row * PITCH + col] = dropout.keep(element);
        }
    }

    // ── Forward ──────────────────────────────────────────────────────────────────────────────────

    static constexpr int forward_floats(bool positions) {
        return 2 * TILE * D + SCORES + (positions ? 2 * RELATIVE * D : 0);
    }

    /// context_i = Σ_j keep_ij·P_ij·v_j with the largest score and the sum kept up as the keys come (Milakov &
    /// Gimelshein 2018, arXiv:1805.02867).
    ///
    ///     grid: tiles of queries × heads    context [N, C]    lse [H, N] or null
    template <bool POSITIONS> __device__ static void forward(const Call &call, Dropout dropout, float *context, float *lse) {
        DYNAMIC_SHARED(float4, memory);
        float *q = (float *) memory, *kv = q + TILE * D, *p = kv + TILE * D; // k, and later v, of a tile
        float *keys = POSITIONS && call.keys ? p + SCORES : nullptr;
        float *queries = POSITIONS && call.queries ? p + SCORES + RELATIVE * D : nullptr;
        Place at(call.tiles, blockIdx.y, call.depth);
        float out[R][E] = {}, largest[R], sum[R];
        for (int r = 0; r < R; r++) largest[r] = -INFINITY, sum[r] = 0.0f;
        load(q, call, call.q, at, at.first);
        for (int j0 = at.begin; j0 < at.end; j0 += TILE) {
            __syncthreads(); // v of the tile before was read
            load(kv, call, call.k, at, j0);
            if (keys) load_table(keys, call, call.keys, at, at.first, j0);
            if (queries) load_table(queries, call, call.queries, at, at.first, j0);
            __syncthreads();
            float s[R][R];
            products(q, kv, at, s);
            if (POSITIONS) add_positions(q, kv, keys, queries, at, s);
            draw<false>(call, at, dropout, at.first, j0, p);
#pragma unroll
            for (int r = 0; r < R; r++) {
                float before = largest[r], total = 0.0f;
#pragma unroll
                for (int c = 0; c < R; c++) {
                    s[r][c] = j0 + at.tx + SIDE * c < at.end ? s[r][c] * call.scale : -INFINITY;
                    largest[r] = fmaxf(largest[r], s[r][c]);
                }
                for (int o = SIDE / 2; o > 0; o /= 2) largest[r] = fmaxf(largest[r], __shfl_xor_sync(ALL, largest[r], o));
#pragma unroll
                for (int c = 0; c < R; c++) {
                    int to = (at.ty + SIDE * r) * PITCH + at.tx + SIDE * c;
                    float e = expf(s[r][c] - largest[r]);
                    total += e;
                    p[to] = dropout.threshold == 0 ? e : e * p[to];
                }
                for (int o = SIDE / 2; o > 0; o /= 2) total += __shfl_xor_sync(ALL, total, o);
                float shrink = expf(before - largest[r]);
                sum[r] = fmaf(sum[r], shrink, total);
#pragma unroll
                for (int e = 0; e < E; e++) out[r][e] *= shrink;
            }
            __syncthreads(); // k was read, p is written
            load(kv, call, call.v, at, j0);
            __syncthreads();
            accumulate(p, kv, at, out);
        }
#pragma unroll
        for (int r = 0; r < R; r++) {
            int i = at.first + at.ty + SIDE * r;
#pragma unroll
            for (int e = 0; e < E; e++) out[r][e] /= sum[r];
            if (lse && at.tx == 0 && i < at.end) lse[(long long) at.h * call.tokens + i] = largest[r] + logf(sum[r]);
        }
        write(context, call, at, out);
    }

    // ── Backward ─────────────────────────────────────────────────────────────────────────────────

    static constexpr int keys_floats(bool positions) { return 4 * TILE * D + 2 * SCORES + (positions ? 2 * RELATIVE * D : 0); }
    static constexpr int queries_floats(bool positions) { return 4 * TILE * D + SCORES + (positions ? 2 * RELATIVE * D : 0); }

    /// P_ij computed again, and dS_ij = P_ij · (keep_ij · dcontext_i·v_j − δ_i) · scale, for the queries from i0 on
    /// and the keys from j0 on. `dropped` (or null) becomes keep_ij · P_ij. TURNED: both as [keys, queries].
    template <bool POSITIONS, bool TURNED>
    __device__ static void scores(
        const Call &call, const Place &at, Dropout &dropout, int i0, int j0, const float *q, const float *k,
        const float *v, const float *dcontext, const float *keys, const float *queries, float *ds, float *dropped) {
        float s[R][R], dp[R][R];
        products(q, k, at, s);
        if (POSITIONS) add_positions(q, k, keys, queries, at, s);
        products(dcontext, v, at, dp);
        draw<TURNED>(call, at, dropout, i0, j0, ds);
#pragma unroll
        for (int r = 0; r < R; r++) {
            int i = i0 + at.ty + SIDE * r;
            long long row = (long long) at.h * call.tokens + i;
            float lse = i < at.end ? call.lse[row] : 0.0f, delta = i < at.end ? call.delta[row] : 0.0f;
#pragma unroll
            for (int c = 0; c < R; c++) {
                int row = at.ty + SIDE * r, col = at.tx + SIDE * c, j = j0 + col;
                int to = TURNED ? col * PITCH + row : row * PITCH + col;
                bool inside = i < at.end && j < at.end;
                float p = inside ? expf(s[r][c] * call.scale - lse) : 0.0f;
                float keep = dropout.threshold == 0 ? 1.0f : ds[to];
                ds[to] = p * (keep * dp[r][c] - delta) * call.scale;
                if (dropped) dropped[to] = p * keep;
            }
        }
    }

    /// dk_j = Σ_i dS_ij (q_i + queries_{i−j}), dv_j = Σ_i keep_ij P_ij dcontext_i.
    ///
    ///     grid: tiles of keys × heads
    template <bool POSITIONS> __device__ static void backward_keys(const Call &call, Dropout dropout, float *dk, float *dv) {
        DYNAMIC_SHARED(float4, memory);
        float *k = (float *) memory, *v = k + TILE * D, *q = v + TILE * D, *dcontext = q + TILE * D;
        float *ds = dcontext + TILE * D, *p = ds + SCORES;
        float *keys = POSITIONS && call.keys ? p + SCORES : nullptr;
        float *queries = POSITIONS && call.queries ? p + SCORES + RELATIVE * D : nullptr;
        Place at(call.tiles, blockIdx.y, call.depth);
        float sum_k[R][E] = {}, sum_v[R][E] = {};
        load(k, call, call.k, at, at.first);
        load(v, call, call.v, at, at.first);
        for (int i0 = at.begin; i0 < at.end; i0 += TILE) {
            __syncthreads();
            load(q, call, call.q, at, i0);
            load(dcontext, call, call.dcontext, at, i0);
            if (keys) load_table(keys, call, call.keys, at, i0, at.first);
            if (queries) load_table(queries, call, call.queries, at, i0, at.first);
            __syncthreads();
            scores<POSITIONS, true>(call, at, dropout, i0, at.first, q, k, v, dcontext, keys, queries, ds, p);
            __syncthreads();
            accumulate(p, dcontext, at, sum_v);
            accumulate(ds, q, at, sum_k);
            if (queries)
                accumulate_table(ds, [](int j, int i) { return i - j + TILE - 1; }, queries, at, sum_k);
        }
        write(dk, call, at, sum_k);
        write(dv, call, at, sum_v);
    }

    /// dq_i = Σ_j dS_ij (k_j + keys_{i−j}). With positions also what this tile of queries adds to the tables: at
    /// [tile, head, o] Σ dS_ij·q_i (and ·k_j) over i − j = first − (end − 1) + o, o < T + TILE − 1, in `span` rows
    /// of D. As j0 grows the window of o moves down by a tile: its upper half was begun in the step before.
    ///
    ///     grid: tiles of queries × heads from head0 on
    template <bool POSITIONS>
    __device__ static void backward_queries(
        const Call &call, Dropout dropout, int head0, float *dq, int span, float *to_keys, float *to_queries) {
        DYNAMIC_SHARED(float4, memory);
        float *q = (float *) memory, *dcontext = q + TILE * D, *k = dcontext + TILE * D, *v = k + TILE * D;
        float *ds = v + TILE * D;
        float *keys = POSITIONS && call.keys ? ds + SCORES : nullptr;
        float *queries = POSITIONS && call.queries ? ds + SCORES + RELATIVE * D : nullptr;
        Place at(call.tiles, head0 + blockIdx.y, call.depth);
        float sum[R][E] = {};
        load(q, call, call.q, at, at.first);
        load(dcontext, call, call.dcontext, at, at.first);
        for (int j0 = at.begin; j0 < at.end; j0 += TILE) {
            __syncthreads();
            load(k, call, call.k, at, j0);
            load(v, call, call.v, at, j0);
            if (keys) load_table(keys, call, call.keys, at, at.first, j0);
            if (queries) load_table(queries, call, call.queries, at, at.first, j0);
            __syncthreads();
            scores<POSITIONS, false>(call, at, dropout, at.first, j0, q, k, v, dcontext, keys, queries, ds, nullptr);
            __syncthreads();
            accumulate(ds, k, at, sum);
            if (keys)
                accumulate_table(ds, [](int i, int j) { return i - j + TILE - 1; }, keys, at, sum);
            if (!POSITIONS) continue;
            long long part = ((long long) blockIdx.x * gridDim.y + blockIdx.y) * span * call.depth;
            for (int n = threadIdx.x; n < RELATIVE * D; n += THREADS) {
                int o = n / D, d = n % D, relative = o - (TILE - 1); // i − j inside of the two tiles
                int place = at.end - 1 - j0 + relative;              // counted from first − (end − 1)
                if (d >= call.depth || place < 0) continue;
                float of_keys = 0.0f, of_queries = 0.0f;
                for (int i = max(0, relative); i < TILE && i - relative < TILE; i++) {
                    float weight = ds[i * PITCH + i - relative];
                    of_keys = fmaf(weight, q[Attention::place(i, d)], of_keys);
                    of_queries = fmaf(weight, k[Attention::place(i - relative, d)], of_queries);
                }
                int begun = j0 > at.begin && relative > 0;
                if (to_keys) put(to_keys + part + (long long) place * call.depth + d, of_keys, begun);
                if (to_queries) put(to_queries + part + (long long) place * call.depth + d, of_queries, begun);
            }
        }
        write(dq, call, at, sum);
    }
};

/// delta[h, i] = dcontext_i · context_i. Grid: any.
KERNEL attention_delta(int heads, int channels, int tokens, const float *context, const float *dcontext, float *delta) {
    int depth = channels / heads;
    for (long long n = first(); n < (long long) heads * tokens; n += stride()) {
        long long from = n % tokens * channels + n / tokens * depth;
        float sum = 0.0f;
        for (int d = 0; d < depth; d++) sum = fmaf(dcontext[from + d], context[from + d], sum);
        delta[n] = sum;
    }
}

/// table[row, head0·D + c] = Σ over the tiles t and the relative positions of the row, in ascending order, of what
/// backward_queries left: how many relative positions have no part here depends on the tile.
///
///     relative [groups[P]]: the relative positions by row    parts [tiles, heads, span, D]    table [P, C]    grid: any
KERNEL attention_table(
    int table_rows, int channels, int depth, int heads, int head0, int count, const int *tiles, int tile, int span,
    const int *groups, const int *relative, const float *parts, float *table) {
    int width = heads * depth;
    for (long long n = first(); n < (long long) table_rows * width; n += stride()) {
        int row = n / width, h = n % width / depth, d = n % width % depth;
        float sum = 0.0f;
        for (int t = 0; t < count; t++) {
            int first = tiles[3 * t], begin = tiles[3 * t + 1], end = tiles[3 * t + 2];
            const float *part = parts + ((long long) t * heads + h) * span * depth + d;
            for (int g = groups[row]; g < groups[row + 1]; g++) {
                int place = relative[g] - (first - (end - 1));
                if (place >= 0 && place < end - begin + tile - 1) sum += part[(long long) place * depth];
            }
        }
        table[(long long) row * channels + (long long) head0 * depth + n % width] = sum;
    }
}

#define OPERANDS                                                                                                      \
    const int *tiles, int channels, int depth, int tokens, int width, float scale, const float *q, const float *k,    \
        const float *v
#define POSITION_OPERANDS const float *keys, const float *queries, const int *rows, int reach
#define GRADIENTS const float *lse, const float *delta, const float *dcontext

#define PLAIN(D, R)                                                                                                   \
    KERNEL attention_##D(OPERANDS, DROPOUT, float *context, float *lse) {                                             \
        MAKE_DROPOUT;                                                                                                 \
        Call call = {tiles, channels, depth, tokens, width, scale, q, k, v};                                          \
        Attention<D, R>::forward<false>(call, dropout, context, lse);                                                 \
    }                                                                                                                 \
    KERNEL attention_backward_keys_##D(OPERANDS, GRADIENTS, DROPOUT, float *dk, float *dv) {                          \
        MAKE_DROPOUT;                                                                                                 \
        Call call = {tiles, channels, depth, tokens, width, scale, q, k, v, lse, delta, dcontext};                    \
        Attention<D, R>::backward_keys<false>(call, dropout, dk, dv);                                                 \
    }                                                                                                                 \
    KERNEL attention_backward_queries_##D(OPERANDS, GRADIENTS, DROPOUT, float *dq) {                                  \
        MAKE_DROPOUT;                                                                                                 \
        Call call = {tiles, channels, depth, tokens, width, scale, q, k, v, lse, delta, dcontext};                    \
        Attention<D, R>::backward_queries<false>(call, dropout, 0, dq, 0, nullptr, nullptr);                          \
    }

#define DISENTANGLED(D, R)                                                                                            \
    KERNEL disentangled_##D(OPERANDS, POSITION_OPERANDS, DROPOUT, float *context, float *lse) {                       \
        MAKE_DROPOUT;                                                                                                 \
        Call call = {tiles, channels, depth, tokens, width, scale, q, k, v, nullptr, nullptr, nullptr,                \
                     keys, queries, rows, reach};                                                                     \
        Attention<D, R>::forward<true>(call, dropout, context, lse);                                                  \
    }                                                                                                                 \
    KERNEL disentangled_backward_keys_##D(                                                                            \
        OPERANDS, POSITION_OPERANDS, GRADIENTS, DROPOUT, float *dk, float *dv) {                                      \
        MAKE_DROPOUT;                                                                                                 \
        Call call = {tiles, channels, depth, tokens, width, scale, q, k, v, lse, delta, dcontext,                     \
                     keys, queries, rows, reach};                                                                     \
        Attention<D, R>::backward_keys<true>(call, dropout, dk, dv);                                                  \
    }                                                                                                                 \
    KERNEL disentangled_backward_queries_##D(                                                                         \
        OPERANDS, POSITION_OPERANDS, GRADIENTS, DROPOUT, int head0, float *dq, int span, float *to_keys,              \
        float *to_queries) {                                                                                          \
        MAKE_DROPOUT;                                                                                                 \
        Call call = {tiles, channels, depth, tokens, width, scale, q, k, v, lse, delta, dcontext,                     \
                     keys, queries, rows, reach};                                                                     \
        Attention<D, R>::backward_queries<true>(call, dropout, head0, dq, span, to_keys, to_queries);                 \
    }

PLAIN(32, 4)
PLAIN(64, 4)
PLAIN(128, 2)
DISENTANGLED(32, 2)
DISENTANGLED(64, 2)
DISENTANGLED(128, 1)
