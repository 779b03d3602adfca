/// What feeds tensor cores, an instruction of PTX each (PTX ISA 8.0, chapter 9.7; compute capability 8.0). On a
/// CPU the emulator has the same functions, with the layouts of that chapter.
#pragma once
#include "precision.cuh"

#ifdef __CUDACC__
__device__ inline u32 in_shared(const void *x) { return (u32) __cvta_generic_to_shared(x); }

/// Begins to copy 16 bytes to shared memory, or zeros where `bytes` is 0. Both addresses are multiples of 16.
__device__ inline void copy_async(void *to, const void *from, int bytes) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(in_shared(to)), "l"(from), "r"(bytes) : "memory");
}

/// Makes a group of this thread's copies since the last group; it may be empty.
__device__ inline void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

/// Waits until at most the newest GROUPS of this thread's groups are under way.
template <int GROUPS> __device__ inline void wait_copies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(GROUPS) : "memory");
}

/// Four matrices of 8 rows of 16 bytes: lanes 8i … 8i+7 name the rows of matrix i. Of matrix i, lane l gets into
/// x[i] bytes 4(l mod 4) … +3 of row l/4.
__device__ inline void load_matrices(u32 (&x)[4], const void *row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(in_shared(row))
                 : "memory");
}

/// The same of matrices of 8 × 8 numbers of 16 bits, transposed: lane l gets column l/4 of rows 2(l mod 4) and
/// the one below.
__device__ inline void load_transposed(u32 (&x)[4], const void *row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(in_shared(row))
                 : "memory");
}

/// Two numbers of 16 bits in a register, `low` in its lower half.
template <int PRECISION> __device__ inline u32 pair_bits(float low, float high) {
    u32 bits;
    if constexpr (PRECISION == BF16) asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
    else asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
    return bits;
}

/// 2ˣ to two units in the last place.
__device__ inline float power_of_two(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

/// C += A·B of a warp, sums in float32. With g = lane/4 and t = lane mod 4, and a register holding two numbers of
/// 16 bits (k = 2t, 2t+1 of the 8) or one of TF32 (k = t of the 4):
///
///     A [16, k]: a[0] row g, lower half of k    a[1] row g+8    a[2], a[3] the same of the upper half
///     B [k, 8]:  column g: b0 lower half of k, b1 upper half
///     C [16, 8]: row g, columns 2t and 2t+1: c[0], c[1]; row g+8: c[2], c[3]
template <int PRECISION> __device__ inline void multiply_add(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
#define MMA(SHAPE)                                                                                                    \
    asm volatile("mma.sync.aligned." SHAPE " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"          \
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                                                      \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1))
    if constexpr (PRECISION == BF16) MMA("m16n8k16.row.col.f32.bf16.bf16.f32");
    else if constexpr (PRECISION == FP16) MMA("m16n8k16.row.col.f32.f16.f16.f32");
    else MMA("m16n8k8.row.col.f32.tf32.tf32.f32");
#undef MMA
}
#endif
