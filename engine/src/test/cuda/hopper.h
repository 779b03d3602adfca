/// The functions of hopper.cuh, after their description in the PTX ISA, as late as it allows: a bulk copy arrives when
/// somebody waits for its barrier and all have arrived there, and NaN is where it goes until then; a product reads its
/// operands when it is waited for, and its sums are NaN until then.
#pragma once

namespace emulator {
typedef unsigned long long Word;
void barrier_make(Word *barrier, int arrivals);
void barrier_arrive(Word *barrier, int bytes);
void barrier_wait(Word *barrier, int parity);
void copy_bulk(void *to, const void *from, int bytes, Word *barrier);
void some_barrier(int number, int count);

/// A product of a warpgroup as its instruction names it.
struct Product {
    int cols, precision;
    bool a_runs, b_runs;
    Word a, b;
    bool operator==(const Product &) const;
};
void wgmma(const Product &product, float *sums);
void wgmma_fence();
void wgmma_commit();
void wgmma_wait(int newest);

/// At the beginning of a block, at the end of a thread and of the block; the ends give 0 or an error.
void begin_hopper();
int end_of_thread();
int end_of_block();
} // namespace emulator

inline void barrier_make(unsigned long long *barrier, int arrivals) { emulator::barrier_make(barrier, arrivals); }
inline void barriers_made() {}
inline void barrier_expect(unsigned long long *barrier, int bytes) { emulator::barrier_arrive(barrier, bytes); }
inline void barrier_arrive(unsigned long long *barrier) { emulator::barrier_arrive(barrier, 0); }
inline void barrier_wait(unsigned long long *barrier, int parity) { emulator::barrier_wait(barrier, parity); }
inline void copy_bulk(void *to, const void *from, int bytes, unsigned long long *barrier) {
    emulator::copy_bulk(to, from, bytes, barrier);
}
template <int NUMBER, int COUNT> void sync_some() { emulator::some_barrier(NUMBER, COUNT); }
inline void wgmma_fence() { emulator::wgmma_fence(); }
inline void wgmma_commit() { emulator::wgmma_commit(); }
template <int GROUPS> void wgmma_wait() { emulator::wgmma_wait(GROUPS); }
template <int N> void settle(float (&)[N]) {}

inline unsigned long long describe(const void *start, int leading, int stride) {
    unsigned long long at = (const char *) start - emulator::shared;
    return (at & 0x3FFFF) >> 4 | (unsigned long long) (leading >> 4) << 16 | (unsigned long long) (stride >> 4) << 32
        | 1ull << 62;
}

template <int PRECISION, int COLS, bool A_RUNS, bool B_RUNS>
void wgmma(float (&c)[COLS / 2], unsigned long long a, unsigned long long b) {
    emulator::wgmma({COLS, PRECISION, A_RUNS, B_RUNS, a, b}, c);
}
