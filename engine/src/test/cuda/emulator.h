/// Runs CUDA C++ on a CPU: what the kernels use of CUDA, for a C++ compiler that knows nothing of it. One block
/// runs at a time; its threads are fibers that take turns at every barrier, so every index, every bound and every
/// missing barrier that lets one thread run ahead of another shows in the results.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>
#include "watch.h"

#define __global__
#define __device__
#define __shared__ static // blocks run one after the other
#define __launch_bounds__(...)
#define __align__(BYTES) __attribute__((aligned(BYTES)))
#define DYNAMIC_SHARED(TYPE, NAME) TYPE *NAME = (TYPE *) emulator::shared

struct dim3 { unsigned x, y, z; };
struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(16) uint4 { unsigned x, y, z, w; };

namespace emulator {
struct Fiber {
    void *stack_pointer;
    dim3 thread;
    bool done;
};
extern Fiber *current;
extern dim3 block, grid, block_size;
extern char *shared;
extern int shared_bytes;

void block_barrier();
void warp_barrier();
/// A place for the word of this warp's lane `lane`.
uint64_t &lane_word(int lane);
/// Lets the next thread run; whoever calls it again and again waits for `progress`.
void yield();
void progress();
/// Ends the launch with an error, see `emulate`.
[[noreturn]] void stop(int error);

typedef void (*Call)(void **arguments);
struct Registration {
    Registration(const char *name, Call call);
};

template <auto KERNEL_FUNCTION, typename... A, std::size_t... I>
void call_with(void (*)(A...), void **arguments, std::index_sequence<I...>) {
    KERNEL_FUNCTION(*(A *) arguments[I]...);
}
template <auto KERNEL_FUNCTION, typename... A> Call caller(void (*)(A...)) {
    return [](void **arguments) {
        call_with<KERNEL_FUNCTION>((void (*)(A...)) nullptr, arguments, std::index_sequence_for<A...>());
    };
}

template <typename T> T exchange(T x, int lane, int from) {
    static_assert(sizeof(T) <= sizeof(uint64_t));
    std::memcpy(&lane_word(lane), &x, sizeof(T));
    warp_barrier();
    T other;
    std::memcpy(&other, &lane_word(from), sizeof(T));
    warp_barrier();
    return other;
}
} // namespace emulator

#define REGISTER(NAME) static emulator::Registration registration_##NAME(#NAME, emulator::caller<NAME>(NAME));

#define threadIdx (emulator::current->thread)
#define blockIdx emulator::block
#define gridDim emulator::grid
#define blockDim emulator::block_size

inline void __syncthreads() { emulator::block_barrier(); }
inline void __syncwarp() {
    emulator::warp_barrier();
    emulator::watch_warp_barrier();
}
template <typename T> T __shfl_xor_sync(unsigned, T x, int mask) {
    int lane = threadIdx.x % 32;
    return emulator::exchange(x, lane, lane ^ mask);
}

inline unsigned __float_as_uint(float x) {
    unsigned bits;
    std::memcpy(&bits, &x, sizeof x);
    return bits;
}
inline float __uint_as_float(unsigned bits) {
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

using std::max;
using std::min;
inline long long min(long long a, int b) { return a < b ? a : b; }

#include "tensor.h"
#include "hopper.h"
