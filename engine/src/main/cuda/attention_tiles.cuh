/// What attention in float32 is made of: tiles of operands in shared memory, products of a thread's rows and columns,
/// the terms of relative positions, the dropout of a tile.
///
/// A block has one head and one tile of queries (or, for dk and dv, of keys) of one sequence, and walks over the
/// tiles of the other side in ascending order. A thread owns the rows ty + 16·r and the columns tx + 16·c of a tile
/// of scores. `tiles` names them: first row, the sequence's begin and its end. Shared memory is read four floats at a
/// time, for one at a time would take it twice as long as the multiplications; the fours of a row change their places
/// from row to row, so that neither rows nor columns meet in one bank.
#pragma once
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
    const float *bias;           // [H, 2·half]: of the relative position r at r + half
    int half;                    // at least the longest sequence rounded up to whole tiles
};

/// One block's place: head h, its tile's first row, the sequence [begin, end).
struct Place {
    int h, first, begin, end, tx, ty;
    long long head; // where the head's channels begin

    __device__ Place(const int *tiles, int h, int depth)
        : h(h), first(tiles[3 * blockIdx.x]), begin(tiles[3 * blockIdx.x + 1]), end(tiles[3 * blockIdx.x + 2]),
          tx(threadIdx.x % SIDE), ty(threadIdx.x / SIDE), head((long long) h * depth) {}
};

template <int D, int R, Terms TERMS> struct Tiles {
    static constexpr int TILE = SIDE * R, E = D / SIDE; // E channels of a row belong to a thread
    static constexpr int V = E < 4 ? E : 4; // of which so many are neighbours
    static constexpr int PITCH = TILE + 4, SCORES = TILE * PITCH, NEAR = 2 * TILE - 1;

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

    /// The rows of a table as Relative has them.
    __device__ static void load_table(
        float *to, const Call &call, const float *table, const Place &at, int i0, int j0) {
        for (int i = 4 * threadIdx.x; i < NEAR * D; i += 4 * THREADS) {
            int o = i / D, relative = min(max(i0 - j0 + o - (TILE - 1) + call.reach - 1, 0), 2 * call.reach - 2);
            const float *row = table + (long long) call.rows[relative] * call.channels + at.head;
            load_four(to + place(o, i % D), row, call, i % D, true);
        }
    }

    /// What the scores of a tile need of relative positions, in shared memory; null what there is not. At place o that
    /// of i − j = i0 − j0 + o − (TILE − 1), between the queries from i0 and the keys from j0 on.
    struct Relative {
        static constexpr int FLOATS = TERMS == POSITIONS ? 2 * NEAR * D : TERMS == BIAS ? NEAR + 1 : 0;
        float *keys = nullptr, *queries = nullptr, *bias = nullptr;

        __device__ Relative(const Call &call, float *memory) {
            if (TERMS == POSITIONS && call.keys) keys = memory;
            if (TERMS == POSITIONS && call.queries) queries = memory + NEAR * D;
            if (TERMS == BIAS) bias = memory;
        }

        __device__ void load(const Call &call, const Place &at, int i0, int j0) {
            if (keys) load_table(keys, call, call.keys, at, i0, j0);
            if (queries) load_table(queries, call, call.queries, at, i0, j0);
            if (!bias) return;
            const float *from = call.bias + (long long) at.h * 2 * call.half + call.half + i0 - j0 - (TILE - 1);
            for (int o = threadIdx.x; o < NEAR; o += THREADS) bias[o] = from[o];
        }
    };

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

    /// Adds q_i·keys_{i−j} and k_j·queries_{i−j}.
    __device__ static void add_positions(
        const float *q, const float *k, const Relative &relative, const Place &at, float (&out)[R][R]) {
#pragma unroll
        for (int r = 0; r < R; r++)
#pragma unroll
            for (int c = 0; c < R; c++) {
                int i = at.ty + SIDE * r, j = at.tx + SIDE * c, o = i - j + TILE - 1;
                float sum = out[r][c];
#pragma unroll 2
                for (int d = 0; relative.keys && d < D; d += 4)
                    sum = dot(*(const float4 *) (q + place(i, d)), *(const float4 *) (relative.keys + place(o, d)), sum);
#pragma unroll 2
                for (int d = 0; relative.queries && d < D; d += 4)
                    sum = dot(*(const float4 *) (k + place(j, d)), *(const float4 *) (relative.queries + place(o, d)), sum);
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

    /// The score in place (r, c) of a thread of what products and add_positions left.
    __device__ static float scaled(float s, const Call &call, const Relative &relative, const Place &at, int r, int c) {
        if (TERMS != BIAS) return s * call.scale;
        return fmaf(s, call.scale, relative.bias[at.ty + SIDE * r - at.tx - SIDE * c + TILE - 1]);
    }

    /// out [N, C] = scale · values, the block's rows of the head.
    __device__ static void write(
        float *out, const Call &call, const Place &at, float scale, const float (&values)[R][E]) {
#pragma unroll
        for (int r = 0; r < R; r++)
#pragma unroll
            for (int e = 0; e < E; e += V) {
                int row = at.first + at.ty + SIDE * r, d = channel(at, e);
                if (row >= at.end || d >= call.depth) continue;
                float *to = out + (long long) row * call.channels + at.head + d;
                if (V == 4 && call.depth % 4 == 0 && (u64) to % sizeof(float4) == 0)
                    *(float4 *) to = {scale * values[r][e], scale * values[r][e + 1], scale * values[r][e + V - 2], scale * values[r][e + V - 1]};
                else
#pragma unroll
                    for (int i = 0; i < V; i++)
                        if (d + i < call.depth) to[i] = scale * values[r][e + i];
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
};
