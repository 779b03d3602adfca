/// What watch.cpp wants to know of blocks, barriers and copies; the kernels' own reads and writes come by themselves.
#pragma once

namespace emulator {
bool lies_on_stacks(const void *x); // a thread's own variable
#ifdef WATCHED
void watch_launch();
void watch_block();
void watch_block_barrier();
void watch_warp_barrier();
void watch_access(const void *x, int bytes, bool writes);
#else
inline void watch_launch() {}
inline void watch_block() {}
inline void watch_block_barrier() {}
inline void watch_warp_barrier() {}
inline void watch_access(const void *, int, bool) {}
#endif
} // namespace emulator
