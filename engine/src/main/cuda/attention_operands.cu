/// What the kernels of attention read besides q, k and v, and what becomes of the parts of sums that they leave.
#include "precision.cuh"

constexpr int EACH = 8; // numbers of 16 bits in a piece of 16 bytes

// ── Before the kernels ───────────────────────────────────────────────────────────────────────────

/// The bias by relative position, as the kernels read it: to[h, r + half] = bias[bucket of j − i = −r, h], that of the
/// farthest distance there is where r is beyond it.
///
///     bias [buckets, H]    bucket_of [2·reach − 1]: of j − i at j − i + reach − 1    to [H, 2·half]    grid: any
KERNEL attention_bias(int heads, int reach, int half, const int *bucket_of, const float *bias, float *to) {
    for (long long n = first(); n < (long long) heads * 2 * half; n += stride()) {
        int distance = half - (int) (n % (2 * half));
        int bucket = bucket_of[min(max(distance + reach - 1, 0), 2 * reach - 2)];
        to[n] = bias[(long long) bucket * heads + n / (2 * half)];
    }
}

/// Eight numbers of a row of `cols` from `from` on, rounded; zeros behind its end.
__device__ inline uint4 lowered_piece(int precision, const float *x, int from, int cols) {
    float values[EACH] = {};
    if (cols % EACH == 0 && (u64) x % sizeof(float4) == 0) {
        *(float4 *) values = *(const float4 *) (x + from);
        *(float4 *) (values + 4) = *(const float4 *) (x + from + 4);
    } else
        for (int i = 0; i < EACH; i++)
            if (from + i < cols) values[i] = x[from + i];
    u32 words[4];
    for (int i = 0; i < 4; i++)
        words[i] = bits_of(precision, values[2 * i]) | bits_of(precision, values[2 * i + 1]) << 16;
    return {words[0], words[1], words[2], words[3]};
}

/// The operands of one call, rounded: [rows, H, ⌈D/8⌉] pieces each, zeros beyond D. The y of a block says which
/// operand it has.
///
///     grid: any × operands    q, k, v [N, C]    keys [of_keys, C], queries [of_queries, C]    to: one behind the other
KERNEL attention_lower(
    int precision, int heads, int depth, int tokens, int of_keys, int of_queries, const float *q, const float *k,
    const float *v, const float *keys, const float *queries, uint4 *to) {
    int pieces = (depth + EACH - 1) / EACH, which = blockIdx.y;
    const float *x = which == 0 ? q : which == 1 ? k : which == 2 ? v : which == 3 ? keys : queries;
    long long rows = which < 3 ? tokens : which == 3 ? of_keys : of_queries; // 0 where there is no table
    to += ((long long) min(which, 3) * tokens + (which == 4 ? of_keys : 0)) * heads * pieces;
    for (long long n = first(); n < rows * heads * pieces; n += stride())
        to[n] = lowered_piece(precision, x + n / pieces * depth, n % pieces * EACH, depth);
}

/// dcontext rounded, and delta[h, i] = R(dcontext_i) · context_i. `together` neighbours, a power of two and at least
/// the pieces of a head, have one row.
///
///     grid: any    context, dcontext [N, C]    to [N, H, ⌈D/8⌉]    delta [H, N]
KERNEL attention_lower_delta(
    int precision, int heads, int depth, int tokens, int together, const float *context, const float *dcontext, uint4 *to,
    float *delta) {
    int pieces = (depth + EACH - 1) / EACH, each_block = THREADS / together, piece = threadIdx.x % together;
    long long rows = (long long) tokens * heads;
    for (long long row0 = (long long) blockIdx.x * each_block; row0 < rows; row0 += (long long) gridDim.x * each_block) {
        long long row = row0 + threadIdx.x / together;
        float sum = 0.0f;
        if (row < rows && piece < pieces) {
            const float *gradient = dcontext + row * depth;
            to[row * pieces + piece] = lowered_piece(precision, gradient, piece * EACH, depth);
            for (int d = piece * EACH; d < min(depth, (piece + 1) * EACH); d++)
                sum = fmaf(rounded(precision, gradient[d]), context[row * depth + d], sum);
        }
        for (int offset = together / 2; offset > 0; offset /= 2) sum += __shfl_xor_sync(ALL, sum, offset);
        if (row < rows && piece == 0) delta[row % heads * tokens + row / heads] = sum;
    }
}

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

// ── Behind them ──────────────────────────────────────────────────────────────────────────────────

/// dbias[bucket, h] = Σ over the tiles and the relative positions of the bucket of what the tiles of queries left.
///
///     grid: buckets × H    relative [groups[buckets]]: the relative positions by bucket    parts [tiles, H, span]
KERNEL attention_bias_backward(
    int heads, int count, const int *tiles, int tile, int span, const int *groups, const int *relative, const float *parts,
    float *dbias) {
    int bucket = blockIdx.x, h = blockIdx.y, begin_group = groups[bucket], members = groups[bucket + 1] - begin_group;
    float sum = 0.0f;
    for (long long n = threadIdx.x; n < (long long) count * members; n += THREADS) {
        int t = (int) (n / members), first = tiles[3 * t], begin = tiles[3 * t + 1], end = tiles[3 * t + 2];
        int place = relative[begin_group + (int) (n % members)] - (first - (end - 1));
        if (place >= 0 && place < end - begin + tile - 1) sum += parts[((long long) t * heads + h) * span + place];
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) dbias[bucket * heads + h] = sum;
}

/// table[row, (head0 + h)·D + d] = R(scale · Σ) over the tiles t and the relative positions of the row, in ascending
/// order, of what the tiles left. `sign`: −1 where their rows were keys, which has the relative positions turned.
///
///     relative [groups[P]]: the relative positions by row    parts [tiles, heads, span, D]    table [P, C]    grid: any
KERNEL attention_table(
    int precision, int table_rows, int channels, int depth, int heads, int head0, int count, const int *tiles, int tile,
    int span, int sign, float scale, const int *groups, const int *relative, const float *parts, float *table) {
    int width = heads * depth;
    for (long long n = first(); n < (long long) table_rows * width; n += stride()) {
        int row = n / width, h = n % width / depth, d = n % width % depth;
        float sum = 0.0f;
        for (int t = 0; t < count; t++) {
            int first = tiles[3 * t], begin = tiles[3 * t + 1], end = tiles[3 * t + 2];
            const float *part = parts + ((long long) t * heads + h) * span * depth + d;
            for (int g = groups[row]; g < groups[row + 1]; g++) {
                int place = sign * relative[g] - (first - (end - 1));
                if (place >= 0 && place < end - begin + tile - 1) sum += part[(long long) place * depth];
            }
        }
        table[(long long) row * channels + (long long) head0 * depth + n % width] = rounded(precision, scale * sum);
    }
}
