/// The numbers of Precision.java: float32 rounded to fewer digits, and their bits.
#pragma once
#include "common.cuh"

enum Precision { FP32, BF16, FP16, TF32 }; // the ordinals of Precision.java

#ifdef __CUDACC__ // on a CPU the emulator has the same functions
/// The bits of the nearest bfloat16, ties to even.
__device__ inline u32 bfloat16_bits(float x) {
    unsigned short bits;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return bits;
}

/// The bits of the nearest binary16, ties to even.
__device__ inline u32 float16_bits(float x) {
    unsigned short bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return bits;
}

/// The number whose 16 bits they are.
__device__ inline float from_float16_bits(u32 bits) {
    float x;
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"((unsigned short) bits));
    return x;
}
#endif

/// The bits of the nearest number with 11 bits of significand, ties away from zero: TF32.
__device__ inline u32 tensorfloat32_bits(float x) {
    return x != x ? 0x7FFFE000u : (__float_as_uint(x) + 0x1000) & ~0x1FFFu;
}

/// The bits of the nearest number of a precision, in the lower half where it has 16.
__device__ inline u32 bits_of(int precision, float x) {
    switch (precision) {
    case BF16: return bfloat16_bits(x);
    case FP16: return float16_bits(x);
    case TF32: return tensorfloat32_bits(x);
    default: return __float_as_uint(x);
    }
}

__device__ inline float from_bits(int precision, u32 bits) {
    return precision == BF16 ? __uint_as_float(bits << 16)
        : precision == FP16 ? from_float16_bits(bits)
                            : __uint_as_float(bits);
}

/// The nearest number of a precision.
__device__ inline float rounded(int precision, float x) { return from_bits(precision, bits_of(precision, x)); }
