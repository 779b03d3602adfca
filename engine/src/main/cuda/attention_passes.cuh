/// Attention over packed sequences without a T × T matrix in memory (Dao et al. 2022, "FlashAttention",
/// arXiv:2205.14135), plain, with a bias by relative position (Song et al. 2020, "MPNet", arXiv:2004.09297) and
/// disentangled (He et al. 2021, "DeBERTa", arXiv:2006.03654), forward and backward: the
/// kernels of attention.cu, biased.cu and disentangled.cu.
#pragma once
#include "attention_tiles.cuh"

template <int D, int R, Terms TERMS> struct Attention : Tiles<D, R, TERMS> {
    using T = Tiles<D, R, TERMS>;
    using typename T::Relative;
    using T::TILE, T::PITCH, T::SCORES, T::NEAR, T::E;

    // ── Forward ──────────────────────────────────────────────────────────────────────────────────

    /// context_i = Σ_j keep_ij·P_ij·v_j with the largest score and the sum kept up as the keys come (Milakov &
    /// Gimelshein 2018, arXiv:1805.02867).
    ///
    ///     grid: tiles of queries × heads    context [N, C]    lse [H, N] or null
    __device__ static void forward(const Call &call, Dropout dropout, float *context, float *lse) {
        DYNAMIC_SHARED(float4, memory);
        float *q = (float *) memory, *kv = q + TILE * D, *p = kv + TILE * D; // k, and later v, of a tile
        Relative relative(call, p + SCORES);
        Place at(call.tiles, blockIdx.y, call.depth);
        float out[R][E] = {}, largest[R], sum[R];
        for (int r = 0; r < R; r++) largest[r] = -INFINITY, sum[r] = 0.0f;
        T::load(q, call, call.q, at, at.first);
        for (int j0 = at.begin; j0 < at.end; j0 += TILE) {
            __syncthreads(); // v of the tile before was read
            T::load(kv, call, call.k, at, j0);
            relative.load(call, at, at.first, j0);
            __syncthreads();
            float s[R][R];
            T::products(q, kv, at, s);
            if (TERMS == POSITIONS) T::add_positions(q, kv, relative, at, s);
            T::template draw<false>(call, at, dropout, at.first, j0, p);
#pragma unroll
            for (int r = 0; r < R; r++) {
                float before = largest[r], total = 0.0f;
#pragma unroll
                for (int c = 0; c < R; c++) {
                    s[r][c] = j0 + at.tx + SIDE * c < at.end ? T::scaled(s[r][c], call, relative, at, r, c) : -INFINITY;
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
            T::load(kv, call, call.v, at, j0);
            __syncthreads();
            T::accumulate(p, kv, at, out);
        }
#pragma unroll
        for (int r = 0; r < R; r++) {
            int i = at.first + at.ty + SIDE * r;
#pragma unroll
            for (int e = 0; e < E; e++) out[r][e] /= sum[r];
            if (lse && at.tx == 0 && i < at.end) lse[(long long) at.h * call.tokens + i] = largest[r] + logf(sum[r]);
        }
        T::write(context, call, at, 1.0f, out);
    }

    // ── Backward ─────────────────────────────────────────────────────────────────────────────────

    /// P_ij computed again, and dS_ij = P_ij · (keep_ij · dcontext_i·v_j − δ_i), for the queries from i0 on
    /// and the keys from j0 on. `dropped` (or null) becomes keep_ij · P_ij. TURNED: both as [keys, queries].
    template <bool TURNED>
    __device__ static void scores(
        const Call &call, const Place &at, Dropout &dropout, int i0, int j0, const float *q, const float *k,
        const float *v, const float *dcontext, const Relative &relative, float *ds, float *dropped) {
        float s[R][R], dp[R][R];
        T::products(q, k, at, s);
        if (TERMS == POSITIONS) T::add_positions(q, k, relative, at, s);
        T::products(dcontext, v, at, dp);
        T::template draw<TURNED>(call, at, dropout, i0, j0, ds);
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
                float p = inside ? expf(T::scaled(s[r][c], call, relative, at, r, c) - lse) : 0.0f;
                float keep = dropout.threshold == 0 ? 1.0f : ds[to];
                ds[to] = p * (keep * dp[r][c] - delta);
                if (dropped) dropped[to] = p * keep;
            }
        }
    }

    /// dk_j = Σ_i dS_ij (q_i + queries_{i−j}), dv_j = Σ_i keep_ij P_ij dcontext_i.
    ///
    ///     grid: tiles of keys × heads
    __device__ static void backward_keys(const Call &call, Dropout dropout, float *dk, float *dv) {
        DYNAMIC_SHARED(float4, memory);
        float *k = (float *) memory, *v = k + TILE * D, *q = v + TILE * D, *dcontext = q + TILE * D;
        float *ds = dcontext + TILE * D, *p = ds + SCORES;
        Relative relative(call, p + SCORES);
        Place at(call.tiles, blockIdx.y, call.depth);
        float sum_k[R][E] = {}, sum_v[R][E] = {};
        T::load(k, call, call.k, at, at.first);
        T::load(v, call, call.v, at, at.first);
        for (int i0 = at.begin; i0 < at.end; i0 += TILE) {
            __syncthreads();
            T::load(q, call, call.q, at, i0);
            T::load(dcontext, call, call.dcontext, at, i0);
            relative.load(call, at, i0, at.first);
            __syncthreads();
            scores<true>(call, at, dropout, i0, at.first, q, k, v, dcontext, relative, ds, p);
            __syncthreads();
            T::accumulate(p, dcontext, at, sum_v);
            T::accumulate(ds, q, at, sum_k);
            if (relative.queries)
                T::accumulate_table(ds, [](int j, int i) { return i - j + TILE - 1; }, relative.queries, at, sum_k);
        }
        T::write(dk, call, at, call.scale, sum_k);
        T::write(dv, call, at, 1.0f, sum_v);
    }

    /// What a tile of queries adds to the gradients of relative positions, each null where there is none: over
    /// i − j = first − (end − 1) + o, o < T + TILE − 1, at [tile, head, o] Σ dS_ij·q_i and Σ dS_ij·k_j in `span` rows of
    /// D, or Σ dS_ij in `span` values.
    struct Parts {
        int span;
        float *keys, *queries, *bias;
    };

    /// dq_i = Σ_j dS_ij (k_j + keys_{i−j}), and the parts of this tile. As j0 grows the window of o moves down by a
    /// tile: its upper half was begun in the step before.
    ///
    ///     grid: tiles of queries × heads from head0 on
    __device__ static void backward_queries(const Call &call, Dropout dropout, int head0, float *dq, const Parts &parts) {
        DYNAMIC_SHARED(float4, memory);
        float *q = (float *) memory, *dcontext = q + TILE * D, *k = dcontext + TILE * D, *v = k + TILE * D;
        float *ds = v + TILE * D;
        Relative relative(call, ds + SCORES);
        Place at(call.tiles, head0 + blockIdx.y, call.depth);
        float sum[R][E] = {};
        T::load(q, call, call.q, at, at.first);
        T::load(dcontext, call, call.dcontext, at, at.first);
        for (int j0 = at.begin; j0 < at.end; j0 += TILE) {
            __syncthreads();
            T::load(k, call, call.k, at, j0);
            T::load(v, call, call.v, at, j0);
            relative.load(call, at, at.first, j0);
            __syncthreads();
            scores<false>(call, at, dropout, at.first, j0, q, k, v, dcontext, relative, ds, nullptr);
            __syncthreads();
            T::accumulate(ds, k, at, sum);
            if (relative.keys)
                T::accumulate_table(ds, [](int i, int j) { return i - j + TILE - 1; }, relative.keys, at, sum);
            if (TERMS == POSITIONS) add_to_tables(call, at, j0, ds, q, k, parts);
            if (TERMS == BIAS && parts.bias) add_to_bias(at, j0, ds, parts);
        }
        T::write(dq, call, at, call.scale, sum);
    }

    __device__ static void add_to_tables(
        const Call &call, const Place &at, int j0, const float *ds, const float *q, const float *k, const Parts &parts) {
        long long part = ((long long) blockIdx.x * gridDim.y + blockIdx.y) * parts.span * call.depth;
        for (int n = threadIdx.x; n < NEAR * D; n += THREADS) {
            int o = n / D, d = n % D, relative = o - (TILE - 1); // i − j inside of the two tiles
            int place = at.end - 1 - j0 + relative;              // counted from first − (end − 1)
            if (d >= call.depth || place < 0) continue;
            float of_keys = 0.0f, of_queries = 0.0f;
            for (int i = max(0, relative); i < TILE && i - relative < TILE; i++) {
                float weight = ds[i * PITCH + i - relative];
                of_keys = fmaf(weight, q[T::place(i, d)], of_keys);
                of_queries = fmaf(weight, k[T::place(i - relative, d)], of_queries);
            }
            int begun = j0 > at.begin && relative > 0;
            if (parts.keys) put(parts.keys + part + (long long) place * call.depth + d, of_keys, begun);
            if (parts.queries) put(parts.queries + part + (long long) place * call.depth + d, of_queries, begun);
        }
    }

    __device__ static void add_to_bias(const Place &at, int j0, const float *ds, const Parts &parts) {
        if (threadIdx.x >= TILE) return;
        long long part = ((long long) blockIdx.x * gridDim.y + blockIdx.y) * parts.span;
        for (int o = threadIdx.x; o < NEAR; o += TILE) { // this thread began what it adds to
            int relative = o - (TILE - 1), place = at.end - 1 - j0 + relative;
            if (place < 0) continue;
            float sum = 0.0f;
#pragma unroll 4
            for (int i = max(0, relative); i < min(TILE, TILE + relative); i++) sum += ds[i * PITCH + i - relative];
            put(parts.bias + part + place, sum, j0 > at.begin && relative > 0);
        }
    }
};

#define OPERANDS                                                                                                      \
    const int *tiles, int channels, int depth, int tokens, int width, float scale, const float *q, const float *k,    \
        const float *v
#define GRADIENTS const float *lse, const float *delta, const float *dcontext

#define CALL(NAMED) Call call = {tiles, channels, depth, tokens, width, scale, q, k, v}; NAMED MAKE_DROPOUT
#define GRADIENT_CALL(NAMED) CALL(call.lse = lse; call.delta = delta; call.dcontext = dcontext; NAMED)
