/// What every thread reads and writes, in kernels that `emulate FILE watched` compiled to say so (g++'s
/// -fsanitize=thread and alignment call the functions at the end, which are ours): errors that the results of one order
/// of the threads need not show.
///
/// Two accesses to the same bytes, one of which writes, have to be of one thread, or a barrier of the block lies between
/// them, or one of their warp (`__syncwarp`; that shuffles and products of a warp wait for each other orders no memory).
/// Blocks have no barrier at all.
#ifdef WATCHED
#include "emulator.h"
#include <cstdio>
#include <unordered_map>
#include <vector>

namespace emulator {
constexpr int WARP = 32, CELL = 2; // bytes of the smallest access
constexpr unsigned POISON = 0x7fc00bad; // CudaMemory.java: nobody has written here

extern "C" char __ehdr_start, __bss_start, _end; // the library, and where its variables begin
extern "C" char __start_own, __stop_own;         // the emulator's

struct Access {
    int block = -1, thread = 0;
    unsigned of_block = 0, of_warp = 0; // barriers that the thread has passed
    unsigned lanes = 0; // of its warp that have read since
};
struct Cell {
    Access write, read, far; // the last ones; far: a reader of another warp or block than `read`
};
struct Region {
    uintptr_t begin, end;
};
struct Line {
    uint64_t address;
    uint32_t block;
    uint16_t thread, bytes; // and 2^15 where it writes
};

static const Region *regions; // the device's memory
static long region_count, log_room, log_size;
static Line *lines;
static Region arguments;
static std::unordered_map<uintptr_t, Cell> memory;
static std::vector<Cell> dynamic_cells, static_cells;
static int blocks; // so far
static unsigned passed_block[512], passed_warp[512];
static char text[200];

[[noreturn]] static void fail(int error, const char *what, const Access *other = nullptr) {
    int n = snprintf(text, sizeof text, "block %d,%d thread %d %s", block.x, block.y, current->thread.x, what);
    if (other) snprintf(text + n, sizeof text - n, " thread %d", other->thread);
    stop(error);
}

static bool one_warp(const Access &x, const Access &y) {
    return x.block == y.block && x.thread / WARP == y.thread / WARP;
}

static bool ordered(const Access &before, const Access &now) {
    if (before.of_block != now.of_block || one_warp(before, now) && before.of_warp != now.of_warp) return true;
    return before.thread == now.thread && (before.lanes & ~(1u << now.thread % WARP)) == 0;
}

static void check(Cell &cell, const Access &now, bool writes, bool is_shared) {
    for (const Access *before : {&cell.write, writes ? &cell.read : nullptr, writes ? &cell.far : nullptr}) {
        if (!before || before->block < 0 || is_shared && before->block != now.block) continue;
        if (before->block != now.block) fail(15, "shares memory with another block's", before);
        if (!ordered(*before, now)) fail(14, writes ? "writes beside" : "reads beside", before);
    }
    if (!writes && is_shared && cell.write.block != now.block)
        fail(13, "reads shared memory that nobody has written");
    if (writes) cell.write = now;
    else {
        unsigned lanes = 1u << now.thread % WARP;
        if (!one_warp(cell.read, now)) cell.far = cell.read;
        else if (cell.read.of_block == now.of_block && cell.read.of_warp == now.of_warp) lanes |= cell.read.lanes;
        cell.read = now;
        cell.read.lanes = lanes;
    }
}

void watch_access(const void *x, int bytes, bool writes) {
    uintptr_t at = (uintptr_t) x;
    if (!current || lies_on_stacks(x) || at >= (uintptr_t) &__start_own && at < (uintptr_t) &__stop_own) return;
    if (at >= arguments.begin && at < arguments.end) return;
    int thread = current->thread.x;
    Access now = {blocks, thread, passed_block[thread], passed_warp[thread]};
    std::vector<Cell> *cells = nullptr;
    uintptr_t from = 0;
    if (at >= (uintptr_t) shared && at < (uintptr_t) shared + shared_bytes)
        cells = &dynamic_cells, from = (uintptr_t) shared;
    else if (at >= (uintptr_t) &__bss_start && at < (uintptr_t) &_end)
        cells = &static_cells, from = (uintptr_t) &__bss_start;
    if (cells) {
        for (int i = 0; i < bytes; i += CELL) check((*cells)[(at - from + i) / CELL], now, writes, true);
        return;
    }
    if (!writes && at >= (uintptr_t) &__ehdr_start && at < (uintptr_t) &__bss_start) return; // a constant
    static const Region *last = nullptr;
    auto has = [&](const Region *r) { return at >= r->begin && at + bytes <= r->end; };
    if (!last || last >= regions + region_count || last < regions || !has(last)) {
        last = regions + region_count;
        while (last-- > regions && !has(last)) {}
    }
    if (last < regions) fail(12, writes ? "writes beside the device's memory" : "reads beside the device's memory");
    for (uintptr_t word = at / 4 * 4; !writes && word < at + bytes; word += 4)
        if (*(const unsigned *) word == POISON) fail(16, "reads memory that nobody has written");
    for (int i = 0; i < bytes; i += CELL) check(memory[(at + i) / CELL], now, writes, false);
    if (lines) {
        if (log_size == log_room) fail(17, "does more than the log holds");
        lines[log_size++] = {at, block.y * grid.x + block.x, (uint16_t) thread, (uint16_t) (bytes | writes << 15)};
    }
}

void watch_launch() {
    memory.clear();
    dynamic_cells.assign(shared_bytes / CELL + 1, {});
    static_cells.resize((&_end - &__bss_start) / CELL + 1);
    log_size = 0;
}
void watch_block() {
    blocks++;
    std::fill(passed_block, passed_block + 512, 0);
    std::fill(passed_warp, passed_warp + 512, 0);
}
void watch_block_barrier() { passed_block[current->thread.x]++; }
void watch_warp_barrier() { passed_warp[current->thread.x]++; }
} // namespace emulator

using emulator::watch_access;

/// From now on: `count` regions (begin, end) of the device's memory, the launch's arguments, and a log of `room` lines, or
/// null, of what is done to the device's memory.
extern "C" void watch(const void *regions, long count, const char *arguments, long bytes, void *log, long room) {
    emulator::regions = (const emulator::Region *) regions;
    emulator::region_count = count;
    emulator::arguments = {(uintptr_t) arguments, (uintptr_t) arguments + bytes};
    emulator::lines = (emulator::Line *) log;
    emulator::log_room = room;
}
extern "C" long watched_lines() { return emulator::log_size; }
extern "C" const char *watched_text() { return emulator::text; }

#define ACCESS(N)                                                                                                     \
    extern "C" void __tsan_read##N(void *x) { watch_access(x, N, false); }                                            \
    extern "C" void __tsan_write##N(void *x) { watch_access(x, N, true); }                                            \
    extern "C" void __tsan_unaligned_read##N(void *x) { watch_access(x, N, false); }                                  \
    extern "C" void __tsan_unaligned_write##N(void *x) { watch_access(x, N, true); }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
extern "C" void __tsan_read_range(void *x, long bytes) { watch_access(x, bytes, false); }
extern "C" void __tsan_write_range(void *x, long bytes) { watch_access(x, bytes, true); }
extern "C" void __tsan_init() {}

/// An address is not aligned to its type (or null).
extern "C" void __ubsan_handle_type_mismatch_v1(void *where, void *x) {
    struct { const char *file; unsigned line; } place;
    std::memcpy(&place, where, sizeof place);
    snprintf(
        emulator::text, sizeof emulator::text, "reads or writes neighbours at once that are not aligned, %s:%u",
        place.file, place.line);
    if (emulator::current) emulator::stop(18);
}
#endif
