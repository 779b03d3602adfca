/// Losses. Everything is computed in double, as in the plain loops: a batch has few logits.
#include "common.cuh"

constexpr int IGNORED = -100;

__device__ inline double weight_of(const float *weights, int c) { return weights ? (double) weights[c] : 1.0; }

/// totals = (Σ_r w_{label r}, Σ_c w_c): what the rows of a cross-entropy share. One block.
KERNEL cross_entropy_weights(int rows, int classes, const int *labels, const float *weights, double *totals) {
    double of_labels = 0.0, of_classes = 0.0;
    for (int r = threadIdx.x; r < rows; r += THREADS)
        if (labels[r] != IGNORED) of_labels += weight_of(weights, labels[r]);
    for (int c = threadIdx.x; c < classes; c += THREADS) of_classes += weight_of(weights, c);
    of_labels = block_sum(of_labels);
    of_classes = block_sum(of_classes);
    if (threadIdx.x == 0) totals[0] = of_labels, totals[1] = of_classes;
}

/// losses[r] = (1−s)·w_y·(−ln p_y) + s/K·Σ_c w_c·(−ln p_c), and the gradient of the mean loss: one block a row.
///
///     grid: rows    logits, dlogits (or null) [rows, classes]    losses [rows]
KERNEL cross_entropy(
    int classes, const float *logits, const int *labels, const float *weights, float smoothing, const double *totals,
    double *losses, float *dlogits) {
    int label = labels[blockIdx.x];
    long long row = (long long) blockIdx.x * classes;
    const float *z = logits + row;
    if (label == IGNORED) {
        if (dlogits)
            for (int c = threadIdx.x; c < classes; c += THREADS) dlogits[row + c] = 0.0f;
        if (threadIdx.x == 0) losses[blockIdx.x] = 0.0;
        return;
    }
    float largest = -INFINITY;
    for (int c = threadIdx.x; c < classes; c += THREADS) largest = fmaxf(largest, z[c]);
    double max = block_max(largest), sum = 0.0, smoothed = 0.0;
    for (int c = threadIdx.x; c < classes; c += THREADS) sum += exp(z[c] - max);
    double lse = max + log(block_sum(sum));
    double smooth = (double) smoothing / classes;                       // what every class receives
    double hit = (1.0 - (double) smoothing) * weight_of(weights, label); // what the label receives in addition
    if (smooth > 0.0)
        for (int c = threadIdx.x; c < classes; c += THREADS) smoothed += smooth * weight_of(weights, c) * (lse - z[c]);
    smoothed = block_sum(smoothed);
    if (threadIdx.x == 0) losses[blockIdx.x] = hit * (lse - z[label]) + smoothed;
    if (!dlogits) return;
    for (int c = threadIdx.x; c < classes; c += THREADS) {
        double p = exp(z[c] - lse);
        double d = hit * (c == label ? p - 1.0 : p) + smooth * (p * totals[1] - weight_of(weights, c));
        dlogits[row + c] = (float) (d / totals[0]);
    }
}

/// out[0] = Σ parts / divisor[0], or / count where the divisor is null: the mean at the end of a loss. One block.
KERNEL mean_of(int parts, const double *sums, const double *divisor, double count, float *out) {
    double sum = 0.0;
    for (int i = threadIdx.x; i < parts; i += THREADS) sum += sums[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) out[0] = (float) (sum / (divisor ? divisor[0] : count));
}

/// ln(1 + eᶻ) = −ln σ(−z)
__device__ inline double softplus(double z) { return fmax(z, 0.0) + log1p(exp(-fabs(z))); }

__device__ inline double logistic(double z) { return 1.0 / (1.0 + exp(-z)); }

/// parts[b] = Σ (1−t)·(−ln σ(−z)) + w·t·(−ln σ(z)) over the values of chunk b, and the gradient of the mean.
///
///     grid: ⌈n/chunk⌉    logits z, targets t, dlogits (or null) [n], n = rows · classes
KERNEL binary_cross_entropy(
    long long n, int classes, int chunk, const float *logits, const float *targets, const float *weights,
    double *parts, float *dlogits) {
    long long begin = (long long) blockIdx.x * chunk, end = min(n, begin + chunk);
    double sum = 0.0;
    for (long long i = begin + threadIdx.x; i < end; i += THREADS) {
        double z = logits[i], t = targets[i], positive = t * weight_of(weights, i % classes), negative = 1.0 - t;
        sum += negative * softplus(z) + positive * softplus(-z);
        if (dlogits) dlogits[i] = (float) ((negative * logistic(z) - positive * logistic(-z)) / n);
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}
