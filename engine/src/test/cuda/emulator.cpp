/// The blocks, fibers and barriers of emulator.h, and the one function that the tests call.
#include "emulator.h"
#include "watch.h"
#include <cstdio>
#include <deque>
#include <map>
#include <string>
#include <sys/mman.h>
#include <vector>

namespace emulator {
constexpr int MOST = 512, WARP = 32; // threads of a block
constexpr size_t STACK = 64 << 10, GUARD = 256, ALIGNMENT = 1024;
constexpr unsigned char MARK = 0xC5;

#define OWN __attribute__((section("own"))) // variables that a kernel's source, but no kernel reads
OWN Fiber *current;
OWN dim3 block, grid, block_size;
OWN char *shared;
OWN int shared_bytes;

static std::map<std::string, Call> &kernels() {
    static std::map<std::string, Call> all;
    return all;
}
Registration::Registration(const char *name, Call call) { kernels()[name] = call; }

OWN static Fiber fibers[MOST];
static int threads; // of the blocks of this launch
static char *stacks;
static void *main_stack;
static Call running;
static void **arguments;
static bool turned, descending; // the order of the blocks, see `order`, and of this block's threads between barriers

struct Barrier {
    int arrived = 0, alive = 0;
    unsigned generation = 0;
};
static Barrier of_block, of_warps[MOST / WARP];
OWN static uint64_t words[MOST];
static long idle; // switches since anything happened

extern "C" void switch_stack(void **from, void *to);
asm(R"(
.text
.globl switch_stack
switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
)");

static int error; // of this launch

void stop(int why) {
    error = why;
    void *ignored;
    switch_stack(&ignored, main_stack);
    __builtin_unreachable();
}

void yield() {
    int at = current - fibers, step = descending ? threads - 1 : 1;
    if (++idle > 4L * threads * threads) stop(3); // nobody can go on
    for (int next = (at + step) % threads; next != at; next = (next + step) % threads)
        if (!fibers[next].done) {
            Fiber *before = current;
            current = fibers + next;
            switch_stack(&before->stack_pointer, current->stack_pointer);
            return;
        }
}

void progress() { idle = 0; }

static void release(Barrier &barrier) {
    barrier.arrived = 0;
    barrier.generation++;
    idle = 0;
}

static void wait(Barrier &barrier) {
    unsigned generation = barrier.generation;
    if (++barrier.arrived == barrier.alive) release(barrier);
    else
        while (barrier.generation == generation) yield();
}

void block_barrier() {
    wait(of_block);
    watch_block_barrier();
}
void warp_barrier() { wait(of_warps[(current - fibers) / WARP]); }
uint64_t &lane_word(int lane) { return words[(current - fibers) / WARP * WARP + lane]; }

static void leave(Barrier &barrier) {
    if (--barrier.alive > 0 && barrier.arrived == barrier.alive) release(barrier);
}

// ── What feeds tensor cores ──────────────────────────────────────────────────────────────────────

static void check(const void *x, int error) {
    long at = (const char *) x - shared;
    if (at < 0 || at + 16 > shared_bytes || (uintptr_t) x % 16 != 0) stop(error);
}

struct Copy {
    char *to;
    const char *from;
    int bytes, group;
};
static std::deque<Copy> copies[MOST]; // under way
static int groups[MOST]; // that each thread has made

static void finish(std::deque<Copy> &mine) {
    Copy copy = mine.front();
    mine.pop_front();
    watch_access(copy.to, 16, true);
    memset(copy.to, 0, 16);
    memcpy(copy.to, copy.from, copy.bytes);
}

void copy_async(void *to, const void *from, int bytes) {
    check(to, 5);
    if ((uintptr_t) from % 16 != 0) stop(5);
    watch_access(from, bytes, false);
    watch_access(to, 16, true);
    memset(to, 0xFF, 16); // at once, for whoever still reads what was there
    int thread = current - fibers;
    copies[thread].push_back({(char *) to, (const char *) from, bytes, groups[thread]});
}

void commit_copies() { groups[current - fibers]++; }

void wait_copies(int newest) { // nothing comes before somebody waits for it
    std::deque<Copy> &mine = copies[current - fibers];
    while (!mine.empty() && mine.front().group < groups[current - fibers] - newest) finish(mine);
}

void load_matrices(uint32_t (&x)[4], const void *row, bool transposed) {
    check(row, 6);
    watch_access(row, 16, false);
    int lane = current->thread.x % WARP;
    memcpy(&lane_word(lane), &row, sizeof row);
    warp_barrier();
    const char *rows[WARP];
    for (int l = 0; l < WARP; l++) memcpy(&rows[l], &lane_word(l), sizeof(char *));
    for (int i = 0; i < 4; i++) {
        int banks = 0; // groups of four
        for (int r = 0; r < 8; r++) banks |= 1 << (uintptr_t) rows[8 * i + r] / 16 % 8;
        if (banks != 0xFF) stop(7);
        if (!transposed) memcpy(&x[i], rows[8 * i + lane / 4] + lane % 4 * 4, 4);
        else
            for (int half = 0; half < 2; half++)
                memcpy((char *) &x[i] + 2 * half, rows[8 * i + lane % 4 * 2 + half] + lane / 4 * 2, 2);
    }
    warp_barrier();
}

double *lane_numbers(int lane) {
    OWN static double numbers[MOST][12];
    return numbers[(current - fibers) / WARP * WARP + lane];
}

// ── Blocks ───────────────────────────────────────────────────────────────────────────────────────

static void run_thread() {
    running(arguments);
    if (!copies[current - fibers].empty()) stop(4);
    if (int why = end_of_thread()) stop(why);
    current->done = true;
    idle = 0;
    leave(of_block);
    leave(of_warps[(current - fibers) / WARP]);
    if (of_block.alive > 0) yield();
    void *ignored;
    switch_stack(&ignored, main_stack);
}

static void run_block() {
    of_block = {0, threads, 0};
    for (Barrier &warp : of_warps) warp = {0, WARP, 0};
    for (int t = 0; t < threads; t++) {
        copies[t].clear();
        groups[t] = 0;
        void **top = (void **) (stacks + (t + 1) * STACK) - 2;
        *top = (void *) run_thread; // where the first switch returns to; the stack is then aligned as after a call
        fibers[t] = {top - 6, {(unsigned) t, 0, 0}, false};
    }
    begin_hopper();
    watch_block();
    idle = 0;
    current = descending ? fibers + threads - 1 : fibers;
    switch_stack(&main_stack, current->stack_pointer);
}

bool lies_on_stacks(const void *x) { return x >= stacks && x < stacks + MOST * STACK; }
} // namespace emulator

/// In which order threads and blocks take their turns from now on. 0: blocks ascend, threads ascend in every second
/// block and descend in the others; 1: all the other way round.
extern "C" void order(int which) { emulator::turned = which; }

/// Runs a grid. 0: done; 1: no such kernel; 2: a block wrote behind its shared memory; 3: threads wait for a
/// barrier that others never reach; 4: a thread ended before its copies; 5: a copy of 16 bytes is not aligned or goes
/// beside the shared memory; 6: so does a load of matrices; 7: rows of a matrix lie in the same bank;
/// 8: a barrier was not made, was overwritten, or more arrive than it expects; 9: no such number of threads;
/// 10: the threads of a warpgroup disagree about a product, it was not fenced off, or its operands do not lie as tensor
/// cores read them; 11: a thread ended before its products; from 12 on: what watch.cpp has found.
extern "C" int emulate(const char *name, int x, int y, int threads, int shared_bytes, void **arguments) {
    using namespace emulator;
    auto found = kernels().find(name);
    if (found == kernels().end()) return 1;
    if (threads < WARP || threads > MOST || threads % WARP != 0) return 9;
    if (!stacks)
        stacks = (char *) mmap(
            nullptr, MOST * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    std::vector<unsigned char> memory(shared_bytes + GUARD + ALIGNMENT);
    emulator::shared = (char *) (((uintptr_t) memory.data() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    running = found->second;
    emulator::arguments = arguments;
    emulator::shared_bytes = shared_bytes;
    emulator::threads = threads;
    block_size = {(unsigned) threads, 1, 1};
    grid = {(unsigned) x, (unsigned) y, 1};
    watch_launch();
    long count = (long) x * y;
    for (long n = 0; n < count; n++) {
        long which = turned ? count - 1 - n : n;
        int bx = which % x, by = which / x;
        memset(shared, 0xFF, shared_bytes); // NaN: nobody has written yet
        memset(shared + shared_bytes, MARK, GUARD);
        block = {(unsigned) bx, (unsigned) by, 0};
        descending = (bx + by + turned) % 2;
        error = 0;
        run_block();
        if (!error) error = end_of_block();
        if (error) return error;
        for (size_t i = 0; i < GUARD; i++)
            if ((unsigned char) shared[shared_bytes + i] != MARK) return 2;
    }
    return 0;
}
