/// What feeds Hopper's tensor cores, an instruction of PTX each (PTX ISA 8.0, chapters 9.7.8, 9.7.12 and 9.7.14;
/// sm_90a alone). On a CPU the emulator has the same functions.
///
/// A warpgroup is four neighbouring warps, the first of which is a multiple of four. Its products read both operands
/// from shared memory and go on while their threads do something else: wgmma_fence, products, wgmma_commit,
/// wgmma_wait. Until then nobody may touch their sums, or write where they read.
#pragma once
#include "tensor.cuh"

/// A line of an operand is 128 bytes. Piece p (16 bytes) of line l lies at piece p ^ (l mod 8), so that neither eight
/// pieces of a line nor one of each of eight lines meet in a bank: "128-byte swizzle". Eight lines are 1024 bytes and
/// begin at a multiple of that.
constexpr int LINE_BYTES = 128;
constexpr int GROUP_BYTES = 8 * LINE_BYTES;

#ifdef __CUDACC__
/// Makes a barrier in shared memory: a phase ends when `arrivals` threads have arrived and all bytes that they expect
/// are there. The first phase has parity 0, the next 1, and so on.
__device__ inline void barrier_make(u64 *barrier, int arrivals) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(in_shared(barrier)), "r"(arrivals) : "memory");
}

/// The barriers that this thread has made are there for bulk copies, too.
__device__ inline void barriers_made() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

/// Arrives, and expects bytes of copies in this phase.
__device__ inline void barrier_expect(u64 *barrier, int bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(in_shared(barrier)), "r"(bytes) : "memory");
}

__device__ inline void barrier_arrive(u64 *barrier) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(in_shared(barrier)) : "memory");
}

/// Waits for the end of the phase of this parity; at once if the next one is under way.
__device__ inline void barrier_wait(u64 *barrier, int parity) {
    u32 ended;
    do {
        asm volatile("{\n"
                     ".reg .pred ended;\n"
                     "mbarrier.try_wait.parity.shared::cta.b64 ended, [%1], %2;\n"
                     "selp.u32 %0, 1, 0, ended;\n"
                     "}"
                     : "=r"(ended)
                     : "r"(in_shared(barrier)), "r"(parity)
                     : "memory");
    } while (!ended);
}

/// Begins to copy to shared memory; the barrier counts the bytes when they are there. Addresses and length are
/// multiples of 16.
__device__ inline void copy_bulk(void *to, const void *from, int bytes, u64 *barrier) {
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
                     in_shared(to)),
                 "l"(from), "r"(bytes), "r"(in_shared(barrier))
                 : "memory");
}

/// A barrier of COUNT threads, whole warps, which all name it alike; `__syncthreads` is number 0.
template <int NUMBER, int COUNT> __device__ inline void sync_some() {
    asm volatile("bar.sync %0, %1;" ::"n"(NUMBER), "n"(COUNT) : "memory");
}

/// Products after it see what this thread wrote to their sums.
__device__ inline void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }

/// Makes a group of the warpgroup's products since the last group.
__device__ inline void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

/// Waits until at most the newest GROUPS groups are under way.
template <int GROUPS> __device__ inline void wgmma_wait() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(GROUPS) : "memory");
}

/// Keeps the compiler from reading sums before the wait that stands before this.
template <int N> __device__ inline void settle(float (&sums)[N]) {
#pragma unroll
    for (int i = 0; i < N; i++) asm volatile("" : "+f"(sums[i])::"memory");
}

/// Describes an operand of 128-byte lines. Lines are rows of the operand and run along k (16 numbers of them are
/// read): `stride` bytes from eight rows to the next eight. Or lines are one k each and run along the rows: `stride`
/// from eight k to the next, `leading` from 64 rows to the next.
__device__ inline u64 describe(const void *start, int leading, int stride) {
    return (in_shared(start) & 0x3FFFFu) >> 4 | (u64) (leading >> 4) << 16 | (u64) (stride >> 4) << 32 | 1ull << 62;
}

#define TEN(TENS)                                                                                                     \
    "%" #TENS "0, %" #TENS "1, %" #TENS "2, %" #TENS "3, %" #TENS "4, %" #TENS "5, %" #TENS "6, %" #TENS              \
    "7, %" #TENS "8, %" #TENS "9, "
#define SUMS_64 TEN() TEN(1) TEN(2) "%30, %31"
#define SUMS_128 TEN() TEN(1) TEN(2) TEN(3) TEN(4) TEN(5) "%60, %61, %62, %63"
#define SUMS_256                                                                                                      \
    TEN() TEN(1) TEN(2) TEN(3) TEN(4) TEN(5) TEN(6) TEN(7) TEN(8) TEN(9) TEN(10) TEN(11)                              \
    "%120, %121, %122, %123, %124, %125, %126, %127"
#define R4(I) "+f"(c[I]), "+f"(c[I + 1]), "+f"(c[I + 2]), "+f"(c[I + 3])
#define R16(I) R4(I), R4(I + 4), R4(I + 8), R4(I + 12)
#define R32(I) R16(I), R16(I + 16)
#define R64(I) R32(I), R32(I + 32)
#define WGMMA(COLS, TYPE, A, B, A_TURNED, B_TURNED, ...)                                                              \
    asm volatile("{\n"                                                                                                \
                 ".reg .pred add;\n"                                                                                  \
                 "setp.eq.u32 add, 0, 0;\n"                                                                           \
                 "wgmma.mma_async.sync.aligned.m64n" #COLS "k16.f32." TYPE "." TYPE " {" SUMS_##COLS                  \
                 "}, %" #A ", %" #B ", add, 1, 1, %" #A_TURNED ", %" #B_TURNED ";\n"                                  \
                 "}"                                                                                                  \
                 : __VA_ARGS__                                                                                        \
                 : "l"(a), "l"(b), "n"(!A_RUNS), "n"(!B_RUNS))

/// Begins C += A·B of a warpgroup, 64 × COLS sums in float32, 16 of k. With g = lane/4 and t = lane mod 4, the sums
/// of warp w of the four are in rows 16w + g and 16w + g + 8: columns 8j + 2t and the next in c[4j], c[4j+1], of
/// the lower row in c[4j+2], c[4j+3].
///
/// A_RUNS, B_RUNS: its lines run along k.
template <int PRECISION, int COLS, bool A_RUNS, bool B_RUNS>
__device__ inline void wgmma(float (&c)[COLS / 2], u64 a, u64 b) {
    if constexpr (PRECISION == BF16 && COLS == 64) WGMMA(64, "bf16", 32, 33, 34, 35, R32(0));
    if constexpr (PRECISION == FP16 && COLS == 64) WGMMA(64, "f16", 32, 33, 34, 35, R32(0));
    if constexpr (PRECISION == BF16 && COLS == 128) WGMMA(128, "bf16", 64, 65, 66, 67, R64(0));
    if constexpr (PRECISION == FP16 && COLS == 128) WGMMA(128, "f16", 64, 65, 66, 67, R64(0));
    if constexpr (PRECISION == BF16 && COLS == 256) WGMMA(256, "bf16", 128, 129, 130, 131, R64(0), R64(64));
    if constexpr (PRECISION == FP16 && COLS == 256) WGMMA(256, "f16", 128, 129, 130, 131, R64(0), R64(64));
}
#endif
