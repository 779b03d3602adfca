/// Barriers that count bytes, bulk copies and products of warpgroups, see hopper.h.
#include "emulator.h"
#include <deque>
#include <map>
#include <vector>

namespace emulator {
constexpr int WARP = 32, WARPGROUP = 128, DEEP = 16; // of k in a product
constexpr Word MARK = 0x5EC7A5E1B0D1E500; // in the place of a barrier

// ── Barriers and copies ──────────────────────────────────────────────────────────────────────────

struct Phase {
    int arrivals, missing;
    long bytes; // that are expected and not there yet
    int parity;
};
struct Bulk {
    char *to;
    const char *from;
    int bytes;
    Word *barrier;
};
static std::map<Word *, Phase> phases;
static std::vector<Bulk> under_way;
static int some_arrived[16];
static unsigned some_generation[16];

static bool inside(const void *x, long bytes, int alignment) {
    long at = (const char *) x - shared;
    return at >= 0 && at + bytes <= shared_bytes && at % alignment == 0;
}

void barrier_make(Word *barrier, int arrivals) {
    if (!inside(barrier, sizeof(Word), sizeof(Word)) || arrivals < 1) stop(8);
    *barrier = MARK;
    phases[barrier] = {arrivals, arrivals, 0, 0};
}

static Phase &phase_of(Word *barrier) {
    auto found = phases.find(barrier);
    if (found == phases.end() || *barrier != MARK) stop(8);
    return found->second;
}

static void end_phase(Phase &phase) {
    if (phase.missing > 0 || phase.bytes != 0) return;
    phase.parity ^= 1;
    phase.missing = phase.arrivals;
    progress();
}

void barrier_arrive(Word *barrier, int bytes) {
    Phase &phase = phase_of(barrier);
    if (phase.missing == 0) stop(8);
    phase.bytes += bytes;
    phase.missing--;
    end_phase(phase);
}

void barrier_wait(Word *barrier, int parity) {
    for (Phase &phase = phase_of(barrier); phase.parity == parity; yield()) {
        if (phase.missing > 0) continue;
        std::vector<Bulk> others;
        for (const Bulk &copy : under_way)
            if (copy.barrier == barrier) {
                std::memcpy(copy.to, copy.from, copy.bytes);
                phase.bytes -= copy.bytes;
            } else others.push_back(copy);
        under_way = others;
        end_phase(phase);
        if (phase.parity != parity) return;
    }
}

void copy_bulk(void *to, const void *from, int bytes, Word *barrier) {
    if (bytes < 16 || bytes % 16 != 0 || !inside(to, bytes, 16) || (uintptr_t) from % 16 != 0) stop(5);
    phase_of(barrier);
    watch_access(from, bytes, false);
    std::memset(to, 0xFF, bytes); // at once, for whoever still reads what was there
    under_way.push_back({(char *) to, (const char *) from, bytes, barrier});
}

void some_barrier(int number, int count) {
    unsigned generation = some_generation[number];
    if (++some_arrived[number] == count) {
        some_arrived[number] = 0;
        some_generation[number]++;
        progress();
    } else
        while (some_generation[number] == generation) yield();
    watch_block_barrier();
}

// ── Products ─────────────────────────────────────────────────────────────────────────────────────

bool Product::operator==(const Product &o) const {
    return cols == o.cols && precision == o.precision && a_runs == o.a_runs && b_runs == o.b_runs && a == o.a && b == o.b;
}

/// What a warp reads of a product's operands.
struct Operands {
    double a[16][DEEP], b[256][DEEP];
    int readers = 0; // so far
};

/// A thread's products that it has not waited for.
struct Thread {
    struct Issued {
        int number, group;
    };
    std::deque<Issued> mine;
    int issued = 0, groups = 0;
    bool fenced = false;
    float *sums = nullptr; // where they go; NaN meanwhile
    std::vector<float> kept; // what they are
};
static std::map<int, Thread> threads_of; // by thread
static std::map<int, std::vector<Product>> products; // of a warpgroup
static std::map<std::pair<int, int>, Operands> read; // by warp and product

/// The number of a row (or column) and a depth of an operand: PTX ISA, "Matrix descriptor" and "Canonical layouts".
static double number(int precision, Word descriptor, bool runs, int row, int k) {
    long start = (descriptor & 0x3FFF) << 4, leading = (descriptor >> 16 & 0x3FFF) << 4;
    long stride = (descriptor >> 32 & 0x3FFF) << 4;
    if (descriptor >> 62 != 1 || (descriptor >> 49 & 7) != 0) stop(10); // 128-byte swizzle that begins at 0
    if (stride % 1024 != 0 || leading % 1024 != 0 || start % 1024 >= (runs ? 128 : 1)) stop(10);
    long at = runs ? start + row / 8 * stride + row % 8 * 128 + k * 2
                   : start + row / 64 * leading + k / 8 * stride + k % 8 * 128 + row % 64 * 2;
    at ^= (at >> 7 & 7) << 4;
    if (at + 2 > shared_bytes) stop(10);
    unsigned bits = *(const unsigned short *) (shared + at);
    return precision == 1 ? __uint_as_float(bits << 16) : from_float16_bits(bits);
}

static const Operands &operands(int thread, int which, const Product &product) {
    Operands &warp = read[{thread / WARP, which}];
    if (warp.readers++ > 0) return warp;
    for (int k = 0; k < DEEP; k++) {
        for (int row = 0; row < 16; row++)
            warp.a[row][k] =
                number(product.precision, product.a, product.a_runs, thread % WARPGROUP / WARP * 16 + row, k);
        for (int col = 0; col < product.cols; col++)
            warp.b[col][k] = number(product.precision, product.b, product.b_runs, col, k);
    }
    return warp;
}

/// Products are exact; the sum of a step and of what was there is rounded once, as those of mma.sync are here.
static void multiply(Thread &mine, int thread, int which) {
    const Product &product = products[thread / WARPGROUP][which];
    const Operands &warp = operands(thread, which, product);
    int g = thread % WARP / 4, t = thread % 4;
    for (int i = 0; i < product.cols / 2; i++) {
        const double *a = warp.a[g + i / 2 % 2 * 8], *b = warp.b[i / 4 * 8 + 2 * t + i % 2];
        double sum = mine.kept[i];
        for (int k = 0; k < DEEP; k++) sum += a[k] * b[k];
        mine.kept[i] = (float) sum;
    }
    if (warp.readers == WARP) read.erase({thread / WARP, which});
}

void wgmma(const Product &product, float *sums) {
    int thread = threadIdx.x;
    Thread &mine = threads_of[thread];
    std::vector<Product> &all = products[thread / WARPGROUP];
    if (!mine.fenced || !mine.mine.empty() && mine.sums != sums) stop(10);
    if (mine.issued == (int) all.size()) all.push_back(product);
    if (!(all[mine.issued] == product)) stop(10);
    if (mine.mine.empty()) {
        mine.sums = sums;
        mine.kept.assign(sums, sums + product.cols / 2);
        std::memset(sums, 0xFF, product.cols / 2 * sizeof(float));
    }
    mine.mine.push_back({mine.issued++, mine.groups});
}

void wgmma_fence() { threads_of[threadIdx.x].fenced = true; }

void wgmma_commit() { threads_of[threadIdx.x].groups++; }

void wgmma_wait(int newest) {
    int thread = threadIdx.x;
    Thread &mine = threads_of[thread];
    bool any = !mine.mine.empty();
    while (!mine.mine.empty() && mine.mine.front().group < mine.groups - newest) {
        multiply(mine, thread, mine.mine.front().number);
        mine.mine.pop_front();
    }
    if (any && mine.mine.empty()) std::copy(mine.kept.begin(), mine.kept.end(), mine.sums);
    mine.fenced = false;
}

// ── Blocks ───────────────────────────────────────────────────────────────────────────────────────

void begin_hopper() {
    phases.clear();
    under_way.clear();
    threads_of.clear();
    products.clear();
    read.clear();
    std::fill(some_arrived, some_arrived + 16, 0);
}

int end_of_thread() {
    auto found = threads_of.find(threadIdx.x);
    return found == threads_of.end() || found->second.mine.empty() ? 0 : 11;
}

int end_of_block() { return under_way.empty() ? 0 : 4; }
} // namespace emulator
