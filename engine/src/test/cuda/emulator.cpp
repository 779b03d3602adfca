/// The blocks, fibers and barriers of emulator.h, and the one function that the tests call.
#include "emulator.h"
#include <cstdio>
#include <map>
#include <string>
#include <sys/mman.h>
#include <vector>

namespace emulator {
constexpr int THREADS = 256, WARP = 32;
constexpr size_t STACK = 64 << 10, GUARD = 256;
constexpr unsigned char MARK = 0xC5;

Fiber *current;
dim3 block, grid;
char *shared;

static std::map<std::string, Call> &kernels() {
    static std::map<std::string, Call> all;
    return all;
}
Registration::Registration(const char *name, Call call) { kernels()[name] = call; }

static Fiber fibers[THREADS];
static char *stacks;
static void *main_stack;
static Call running;
static void **arguments;
static bool descending; // the order in which the threads of this block run between two barriers

struct Barrier {
    int arrived = 0, alive = 0;
    unsigned generation = 0;
};
static Barrier of_block, of_warps[THREADS / WARP];
static uint64_t words[THREADS];
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

static bool deadlock;

static void yield() {
    int at = current - fibers, step = descending ? THREADS - 1 : 1;
    if (++idle > 4L * THREADS * THREADS) { // nobody can go on
        deadlock = true;
        void *ignored;
        switch_stack(&ignored, main_stack);
    }
    for (int next = (at + step) % THREADS; next != at; next = (next + step) % THREADS)
        if (!fibers[next].done) {
            Fiber *before = current;
            current = fibers + next;
            switch_stack(&before->stack_pointer, current->stack_pointer);
            return;
        }
}

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

void block_barrier() { wait(of_block); }
void warp_barrier() { wait(of_warps[(current - fibers) / WARP]); }
uint64_t &lane_word(int lane) { return words[(current - fibers) / WARP * WARP + lane]; }

static void leave(Barrier &barrier) {
    if (--barrier.alive > 0 && barrier.arrived == barrier.alive) release(barrier);
}

static void run_thread() {
    running(arguments);
    current->done = true;
    idle = 0;
    leave(of_block);
    leave(of_warps[(current - fibers) / WARP]);
    if (of_block.alive > 0) yield();
    void *ignored;
    switch_stack(&ignored, main_stack);
}

static void run_block() {
    of_block = {0, THREADS, 0};
    for (Barrier &warp : of_warps) warp = {0, WARP, 0};
    for (int t = 0; t < THREADS; t++) {
        void **top = (void **) (stacks + (t + 1) * STACK) - 2;
        *top = (void *) run_thread; // where the first switch returns to; the stack is then aligned as after a call
        fibers[t] = {top - 6, {(unsigned) t, 0, 0}, false};
    }
    idle = 0;
    current = descending ? fibers + THREADS - 1 : fibers;
    switch_stack(&main_stack, current->stack_pointer);
}
} // namespace emulator

/// Runs a grid. 0: done; 1: no such kernel; 2: a block wrote behind its shared memory; 3: threads wait for a
/// barrier that others never reach.
extern "C" int emulate(const char *name, int x, int y, int shared_bytes, void **arguments) {
    using namespace emulator;
    auto found = kernels().find(name);
    if (found == kernels().end()) return 1;
    if (!stacks)
        stacks = (char *) mmap(
            nullptr, THREADS * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    std::vector<unsigned char> memory(shared_bytes + GUARD + 64);
    emulator::shared = (char *) (((uintptr_t) memory.data() + 63) / 64 * 64);
    running = found->second;
    emulator::arguments = arguments;
    grid = {(unsigned) x, (unsigned) y, 1};
    for (int by = 0; by < y; by++)
        for (int bx = 0; bx < x; bx++) {
            memset(shared, 0xFF, shared_bytes); // NaN: nobody has written yet
            memset(shared + shared_bytes, MARK, GUARD);
            block = {(unsigned) bx, (unsigned) by, 0};
            descending = (bx + by) % 2;
            deadlock = false;
            run_block();
            if (deadlock) return 3;
            for (size_t i = 0; i < GUARD; i++)
                if ((unsigned char) shared[shared_bytes + i] != MARK) return 2;
        }
    return 0;
}
