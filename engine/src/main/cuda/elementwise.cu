/// Kernels that treat every element alike. Grid: any number of blocks; each thread takes every stride-th element.
#include "common.cuh"

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

/// out = x · keep / (1 − p). A thread takes four neighbours, which share one block of random words.
KERNEL dropout(long long n, const float *x, DROPOUT, float *out, int accumulate) {
    MAKE_DROPOUT;
    for (long long at = 4 * first(); at < n; at += 4 * stride())
        for (long long i = at; i < at + 4 && i < n; i++) put(out + i, dropout(i, x[i]), accumulate);
}

enum { FP32, BF16, FP16 };

/// The nearest bfloat16, ties to even: the upper half of the bits.
__device__ inline float bfloat16(float x) {
    u32 bits = __float_as_uint(x);
    return x != x ? x : __uint_as_float((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000u);
}

/// The nearest binary16, ties to even: 13 bits fewer, or a multiple of 2^-24 where that is less than normal.
__device__ inline float float16(float x) {
    u32 bits = __float_as_uint(x) & 0x7FFFFFFFu, sign = __float_as_uint(x) & 0x80000000u;
    float size = __uint_as_float(bits);
    if (x != x) return x;
    if (size >= 65520.0f) size = INFINITY;
    else if (size < 6.103515625e-5f) size = rintf(size * 16777216.0f) / 16777216.0f;
    else size = __uint_as_float((bits + 0xFFF + (bits >> 13 & 1)) & ~0x1FFFu);
    return __uint_as_float(__float_as_uint(size) | sign);
}

/// out = R(x), the nearest number of a precision; `precision` is the ordinal of Precision.java.
KERNEL round_to(int precision, long long n, const float *x, float *out, int accumulate) {
    for (long long i = first(); i < n; i += stride()) {
        float value = precision == BF16 ? bfloat16(x[i]) : precision == FP16 ? float16(x[i]) : x[i];
        put(out + i, value, accumulate);
    }
}
