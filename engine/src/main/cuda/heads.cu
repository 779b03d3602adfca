/// The steps of attention that is written out (HeadSteps.java): products of each piece, biases, softmax, dropout.
///
/// A piece is a sequence of t tokens under one head: rows [t, D] of x [H, N, D], and scores [t, t] which begin at
/// `squares` + head · t².
#include "common.cuh"

constexpr int TILE = 32;

/// Where a token's row of scores is: the block of a grid of tokens × heads has one.
struct Row {
    int n, h, begin, t, i; // token, head, the sequence's begin and length, the token's place in it
    long long square, scores; // where the piece's scores begin, and this row's

    /// places [N]: begin, t and squares of each token's sequence
    __device__ Row(const int *places)
        : n(blockIdx.x), h(blockIdx.y), begin(places[3 * n]), t(places[3 * n + 1]), i(n - begin),
          square(places[3 * n + 2] + (long long) h * t * t), scores(square + (long long) i * t) {}
};

/// y[j, i] = x[i, j], rows of `width`. Grid: any.
KERNEL heads_swap(int m, int n, int width, const float *x, float *y, int accumulate) {
    for (long long at = first(); at < (long long) m * n * width; at += stride()) {
        long long row = at / width, j = row / m, i = row % m; // of y [n, m]
        put(y + at, x[(i * n + j) * width + at % width], accumulate);
    }
}

/// One tile of c [rows, cols] = a·b with the inner size k: a(r, l) and b(l, c) are addresses. `A_ALONG` and `B_ALONG`
/// say whether neighbouring l lie side by side.
template <bool A_ALONG, bool B_ALONG, typename A, typename B, typename C>
__device__ inline void product(int row0, int col0, int rows, int cols, int k, A a, B b, C c, int accumulate) {
    __shared__ float left[TILE][TILE + 1], right[TILE][TILE + 1]; // [row][l], [l][col]
    constexpr int EACH = TILE * TILE / THREADS;
    float sums[EACH] = {};
    for (int l0 = 0; l0 < k; l0 += TILE) {
        __syncthreads();
        for (int at = threadIdx.x; at < TILE * TILE; at += THREADS) {
            int fast = at % TILE, slow = at / TILE;
            int r = A_ALONG ? slow : fast, l = A_ALONG ? fast : slow;
            left[r][l] = row0 + r < rows && l0 + l < k ? *a(row0 + r, l0 + l) : 0.0f;
            int o = B_ALONG ? fast : slow, col = B_ALONG ? slow : fast;
            right[o][col] = col0 + col < cols && l0 + o < k ? *b(l0 + o, col0 + col) : 0.0f;
        }
        __syncthreads();
        for (int l = 0; l < TILE; l++)
#pragma unroll
            for (int e = 0; e < EACH; e++) {
                int at = threadIdx.x + THREADS * e;
                sums[e] = fmaf(left[at / TILE][l], right[l][at % TILE], sums[e]);
            }
    }
#pragma unroll
    for (int e = 0; e < EACH; e++) {
        int at = threadIdx.x + THREADS * e, row = row0 + at / TILE, col = col0 + at % TILE;
        if (row < rows && col < cols) put(c(row, col), sums[e], accumulate);
    }
}

/// Which tile of which sequence a block has: begin, t, squares, and the tile's first row and column.
#define TILE_OF                                                                                                       \
    const int *tile = tiles + 5 * blockIdx.x;                                                                         \
    int begin = tile[0], t = tile[1], row0 = tile[3], col0 = tile[4];                                                 \
    long long square = tile[2] + (long long) blockIdx.y * t * t, rows = ((long long) blockIdx.y * tokens + begin) * width

/// S = A·Bᵀ of each piece. Grid: tiles of [t, t] × heads.
KERNEL heads_nt(const int *tiles, int tokens, int width, const float *a, const float *b, float *s, int accumulate) {
    TILE_OF;
    product<true, true>(
        row0, col0, t, t, width, [=](int r, int l) { return a + rows + (long long) r * width + l; },
        [=](int l, int c) { return b + rows + (long long) c * width + l; },
        [=](int r, int c) { return s + square + (long long) r * t + c; }, accumulate);
}

/// Y = S·B of each piece. Grid: tiles of [t, D] × heads.
KERNEL heads_nn(const int *tiles, int tokens, int width, const float *s, const float *b, float *y, int accumulate) {
    TILE_OF;
    product<true, false>(
        row0, col0, t, width, t, [=](int r, int l) { return s + square + (long long) r * t + l; },
        [=](int l, int c) { return b + rows + (long long) l * width + c; },
        [=](int r, int c) { return y + rows + (long long) r * width + c; }, accumulate);
}

/// Y = Sᵀ·B of each piece. Grid: tiles of [t, D] × heads.
KERNEL heads_tn(const int *tiles, int tokens, int width, const float *s, const float *b, float *y, int accumulate) {
    TILE_OF;
    product<false, false>(
        row0, col0, t, width, t, [=](int r, int l) { return s + square + (long long) l * t + r; },
        [=](int l, int c) { return b + rows + (long long) l * width + c; },
        [=](int r, int c) { return y + rows + (long long) r * width + c; }, accumulate);
}

/// S[i,j] ← S[i,j]·scale + bias[bucket(j − i), h].
///
///     grid: tokens × heads    bucket_of [2·middle + 1]: of the distance d at d + middle
KERNEL heads_add_bias(const int *places, int heads, int middle, const int *bucket_of, float scale, const float *bias, float *s) {
    Row row(places);
    for (int j = threadIdx.x; j < row.t; j += THREADS)
        s[row.scores + j] = s[row.scores + j] * scale + bias[bucket_of[middle + j - row.i] * heads + row.h];
}

/// parts[n, bucket, h] = Σ dS[i,j] over the row of token n, the distances j − i of the bucket ascending.
///
///     grid: tokens × heads    of_bucket [groups[buckets]]: the distances by bucket    parts [N, buckets, H]
KERNEL heads_bias_parts(
    const int *places, int heads, int buckets, const int *groups, const int *of_bucket, const float *ds, float *parts) {
    Row row(places);
    for (int bucket = threadIdx.x; bucket < buckets; bucket += THREADS) {
        float sum = 0.0f;
        for (int g = groups[bucket]; g < groups[bucket + 1]; g++) {
            int j = row.i + of_bucket[g];
            if (j >= 0 && j < row.t) sum += ds[row.scores + j];
        }
        parts[((long long) row.n * buckets + bucket) * heads + row.h] = sum;
    }
}

/// S[i,j] ← S[i,j] + terms[h, i or j, row(i − j)].
///
///     grid: tokens × heads    row_of [2·middle + 1]: of i − j at i − j + middle    terms [H, N, positions]
KERNEL heads_add_relative(
    const int *places, int tokens, int middle, const int *row_of, int by_key, int positions, const float *terms, float *s) {
    Row row(places);
    for (int j = threadIdx.x; j < row.t; j += THREADS) {
        long long token = (long long) row.h * tokens + (by_key ? row.begin + j : row.n);
        s[row.scores + j] += terms[token * positions + row_of[middle + row.i - j]];
    }
}

/// dterms[h, n, p] += Σ dS over the relative positions i − j of the table's row p, ascending, n being i or j.
///
///     grid: tokens × heads    of_row [groups[positions]]: the relative positions by row
KERNEL heads_relative_backward(
    const int *places, int tokens, int by_key, int positions, const int *groups, const int *of_row, const float *ds,
    float *dterms) {
    Row row(places);
    for (int p = threadIdx.x; p < positions; p += THREADS) {
        float sum = 0.0f;
        for (int g = groups[p]; g < groups[p + 1]; g++) {
            int other = by_key ? row.i + of_row[g] : row.i - of_row[g]; // i of the key, j of the query
            if (other < 0 || other >= row.t) continue;
            sum += by_key ? ds[row.square + (long long) other * row.t + row.i] : ds[row.scores + other];
        }
        dterms[((long long) row.h * tokens + row.n) * positions + p] += sum;
    }
}

/// Rows of softmax(scale·S), in place. Grid: tokens × heads.
KERNEL heads_softmax(const int *places, float scale, float *s) {
    Row row(places);
    float largest = -INFINITY;
    for (int j = threadIdx.x; j < row.t; j += THREADS) {
        s[row.scores + j] *= scale;
        largest = fmaxf(largest, s[row.scores + j]);
    }
    largest = block_max(largest);
    double sum = 0.0;
    for (int j = threadIdx.x; j < row.t; j += THREADS) {
        float e = expf(s[row.scores + j] - largest);
        s[row.scores + j] = e;
        sum += e;
    }
    float inverse = (float) (1.0 / block_sum(sum));
    for (int j = threadIdx.x; j < row.t; j += THREADS) s[row.scores + j] *= inverse;
}

/// dS = scale · P ∘ (dP − rowsum(P ∘ dP)). Grid: tokens × heads.
KERNEL heads_softmax_backward(
    const int *places, float scale, const float *p, const float *dp, float *ds, int accumulate) {
    Row row(places);
    double sum = 0.0;
    for (int j = threadIdx.x; j < row.t; j += THREADS) sum += (double) p[row.scores + j] * dp[row.scores + j];
    sum = block_sum(sum);
    for (int j = threadIdx.x; j < row.t; j += THREADS) {
        long long at = row.scores + j;
        put(ds + at, p[at] * (float) (dp[at] - sum) * scale, accumulate);
    }
}

/// The dropout of the probabilities: element (h·N + n)·W + j. Grid: tokens × heads.
KERNEL heads_dropout(
    const int *places, int tokens, int width, const float *x, DROPOUT, float *y, int accumulate) {
    Row row(places);
    MAKE_DROPOUT;
    u64 element = ((u64) row.h * tokens + row.n) * width;
    for (int group = 4 * threadIdx.x; group < row.t; group += 4 * THREADS) // four neighbours share random words
        for (int j = group; j < group + 4 && j < row.t; j++)
            put(y + row.scores + j, dropout(element + j, x[row.scores + j]), accumulate);
}
