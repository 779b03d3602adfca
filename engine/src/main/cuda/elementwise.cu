/// Kernels that treat every element alike. Grid: any number of blocks; each thread takes every stride-th element.
#include "precision.cuh"

KERNEL fill(long long n, float value, float *out) {
    for (long long i = first(); i < n; i += stride()) out[i] = value;
}

KERNEL copy(long long n, const float *x, float *out, int accumulate) {
    for (long long i = first(); i < n; i += stride()) put(out + i, x[i], accumulate);
}

KERNEL add(long long n, const float *x, const float *y, float *out) {
    for (long long i = first(); i < n; i += stride()) out[i] = x[i] + y[i];
}

KERNEL multiply(long long n, const float *x, const float *y, float *out, int accumulate) {
    for (long long i = first(); i < n; i += stride()) put(out + i, x[i] * y[i], accumulate);
}

KERNEL scale(long long n, float a, const float *x, float *out, int accumulate) {
    for (long long i = first(); i < n; i += stride()) put(out + i, a * x[i], accumulate);
}

/// The same with an a [1] that the host need not know.
KERNEL scale_by(long long n, const float *a, const float *x, float *out, int accumulate) {
    for (long long i = first(); i < n; i += stride()) put(out + i, *a * x[i], accumulate);
}

/// out = x · keep / (1 − p). A thread takes four neighbours, which share one block of random words.
KERNEL dropout(long long n, const float *x, DROPOUT, float *out, int accumulate) {
    MAKE_DROPOUT;
    for (long long at = 4 * first(); at < n; at += 4 * stride())
        for (long long i = at; i < at + 4 && i < n; i++) put(out + i, dropout(i, x[i]), accumulate);
}

/// out = R(x), the nearest number of a precision; `precision` is the ordinal of Precision.java.
KERNEL round_to(int precision, long long n, const float *x, float *out, int accumulate) {
    for (long long i = first(); i < n; i += stride()) put(out + i, rounded(precision, x[i]), accumulate);
}
