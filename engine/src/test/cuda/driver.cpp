/// NVIDIA's driver on the emulator: the calls that JCudaBinding makes, as a libcuda.so.1 of its own. What a stream was
/// asked for runs when somebody waits for it and not before, one kernel at a time, so whoever reads too early or
/// overwrites too early sees it in the results. The machine has one device of Ampere, or of Hopper where the
/// environment has MERAPI_EMULATED=hopper.
#include "emulator.h"
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

extern "C" int emulate(const char *name, int x, int y, int threads, int shared_bytes, void **arguments);

namespace {
enum Result { // of CUresult
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    INVALID_IMAGE = 200,
    INVALID_CONTEXT = 201,
    NO_BINARY = 209,
    NOT_FOUND = 500,
    NOT_READY = 600,
    ILLEGAL_ADDRESS = 700,
    LAUNCH_FAILED = 719,
    CAPTURE_UNSUPPORTED = 900
};
constexpr size_t TOTAL = 8L << 30, GUARD = 256, PLAIN_SHARED = 48 << 10;
constexpr unsigned char MARK = 0xA7;

struct Stream;
struct Event {
    Stream *stream;
    long position; // done when the stream has done so much
};
struct Function {
    std::string name;
    int arguments, shared_bytes; // that it may have
};
struct Module {
    std::map<std::string, Function> functions;
};
struct Launch {
    Function *function;
    unsigned x, y, threads, shared_bytes;
    uint64_t *call; // the grid, the arguments
};
typedef std::vector<Launch> Graph;
struct Stream {
    std::deque<std::function<int()>> work;
    long asked, done;
    Graph *capturing;
};

std::recursive_mutex mutex;
std::map<char *, size_t> memory; // of the device
size_t allocated;
int failed; // for ever, as on a device
std::vector<Stream *> streams;
thread_local bool bound, capturing; // the context, and a capture that forbids calls which wait

bool hopper() {
    const char *device = getenv("MERAPI_EMULATED");
    return device && std::string(device) == "hopper";
}

int shared_bytes() { return hopper() ? 227 << 10 : 99 << 10; }

int fail(const char *what, const std::string &name, int result) {
    fprintf(stderr, "emulated device: %s %s\n", what, name.c_str());
    return failed = result;
}

bool is_memory(const void *at, size_t bytes) {
    auto after = memory.upper_bound((char *) at);
    if (after == memory.begin()) return false;
    auto block = std::prev(after);
    return (char *) at + bytes <= block->first + block->second;
}

int run(const Launch &launch) {
    const Function &f = *launch.function;
    if (!is_memory(launch.call, 8 * (1 + f.arguments))) return fail("no memory with the call of", f.name, ILLEGAL_ADDRESS);
    unsigned x = (unsigned) *launch.call, y = (unsigned) (*launch.call >> 32);
    if (x > launch.x || y > launch.y) return fail("blocks beyond the grid of", f.name, LAUNCH_FAILED);
    std::vector<void *> arguments;
    for (int i = 1; i <= f.arguments; i++) arguments.push_back(launch.call + i);
    int error = emulate(f.name.c_str(), x, y, launch.threads, launch.shared_bytes, arguments.data());
    return error ? fail(("error " + std::to_string(error) + " of emulate in").c_str(), f.name, LAUNCH_FAILED) : SUCCESS;
}

int work(Stream *stream, long until) {
    while (stream->done < until && !failed) {
        std::function<int()> next = stream->work.front();
        stream->work.pop_front();
        stream->done++;
        if (int result = next()) failed = result;
    }
    return failed;
}

int work_off() {
    for (Stream *stream : streams) work(stream, stream->asked);
    return failed;
}

int later(Stream *stream, std::function<int()> what) {
    if (stream->capturing) return CAPTURE_UNSUPPORTED;
    stream->work.push_back(what);
    stream->asked++;
    return failed;
}

int copy(Stream *stream, void *to, const void *from, size_t bytes, bool down, bool up) {
    if (!up && !is_memory(from, bytes)) return INVALID_VALUE;
    if (!down && !is_memory(to, bytes)) return INVALID_VALUE;
    return later(stream, [=] {
        memmove(to, from, bytes);
        return SUCCESS;
    });
}

bool is_intact(char *block, size_t bytes) {
    for (size_t i = 0; i < GUARD; i++)
        if ((unsigned char) block[bytes + i] != MARK) return false;
    return true;
}
} // namespace

#define CALL                                                                                                           \
    std::lock_guard<std::recursive_mutex> lock(mutex);                                                                 \
    if (!bound) return INVALID_CONTEXT;                                                                                \
    if (failed) return failed;
#define CALL_THAT_WAITS                                                                                                \
    CALL if (capturing) return CAPTURE_UNSUPPORTED;

extern "C" {
// ── The device ───────────────────────────────────────────────────────────────────────────────────

int cuInit(unsigned) { return SUCCESS; }
int cuDriverGetVersion(int *version) { return *version = 12060, SUCCESS; }
int cuDeviceGetCount(int *count) { return *count = 1, SUCCESS; }
int cuDeviceGet(int *device, int) { return *device = 0, SUCCESS; }
int cuDevicePrimaryCtxRetain(void **context, int) { return *context = &mutex, SUCCESS; }
int cuDevicePrimaryCtxRelease_v2(int) { return SUCCESS; }
int cuCtxSetCurrent(void *context) { return bound = context == &mutex, bound ? SUCCESS : INVALID_CONTEXT; }
int cuDeviceGetName(char *name, int length, int) { return snprintf(name, length, "emulated"), SUCCESS; }
int cuDeviceTotalMem_v2(size_t *bytes, int) { return *bytes = TOTAL, SUCCESS; }

int cuDeviceGetAttribute(int *value, int which, int) {
    switch (which) {
    case 16: *value = 4; break;                 // multiprocessors
    case 75: *value = hopper() ? 9 : 8; break;  // compute capability
    case 97: *value = shared_bytes(); break;    // of a block that asks for it
    default: *value = 0;
    }
    return SUCCESS;
}

int cuGetErrorName(int result, const char **text) { return *text = result ? "an error" : "no error", SUCCESS; }
int cuGetErrorString(int result, const char **text) { return cuGetErrorName(result, text); }

// ── Memory ───────────────────────────────────────────────────────────────────────────────────────

int cuMemAlloc_v2(char **address, size_t bytes) {
    CALL_THAT_WAITS
    if (allocated + bytes > TOTAL) return OUT_OF_MEMORY;
    size_t whole = (bytes + GUARD + 255) / 256 * 256;
    char *block = (char *) aligned_alloc(256, whole);
    if (!block) return OUT_OF_MEMORY;
    memset(block, 0xFF, bytes); // NaN
    memset(block + bytes, MARK, GUARD);
    memory[block] = bytes;
    allocated += bytes;
    *address = block;
    return SUCCESS;
}

int cuMemFree_v2(char *address) {
    CALL_THAT_WAITS
    if (work_off()) return failed;
    auto block = memory.find(address);
    if (block == memory.end()) return INVALID_VALUE;
    if (!is_intact(address, block->second)) return fail("somebody wrote behind", "its memory", ILLEGAL_ADDRESS);
    allocated -= block->second;
    memory.erase(block);
    free(address);
    return SUCCESS;
}

int cuMemGetInfo_v2(size_t *free, size_t *total) { return *free = TOTAL - allocated, *total = TOTAL, SUCCESS; }

int cuMemAllocHost_v2(void **pointer, size_t bytes) {
    CALL_THAT_WAITS
    *pointer = malloc(bytes);
    return *pointer ? SUCCESS : OUT_OF_MEMORY;
}

int cuMemFreeHost(void *pointer) {
    CALL_THAT_WAITS
    if (work_off()) return failed;
    free(pointer);
    return SUCCESS;
}

int cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t bytes, Stream *stream) {
    CALL
    return copy(stream, to, from, bytes, false, true);
}

int cuMemcpyDtoDAsync_v2(void *to, const void *from, size_t bytes, Stream *stream) {
    CALL
    return copy(stream, to, from, bytes, false, false);
}

int cuMemcpyDtoHAsync_v2(void *to, const void *from, size_t bytes, Stream *stream) {
    CALL
    return copy(stream, to, from, bytes, true, false);
}

// ── Streams and events ───────────────────────────────────────────────────────────────────────────

int cuStreamCreate(Stream **stream, unsigned) {
    CALL
    streams.push_back(*stream = new Stream());
    return SUCCESS;
}

int cuStreamDestroy_v2(Stream *stream) {
    CALL_THAT_WAITS
    work(stream, stream->asked);
    streams.erase(std::find(streams.begin(), streams.end(), stream));
    delete stream;
    return failed;
}

int cuStreamSynchronize(Stream *stream) {
    CALL_THAT_WAITS
    return work(stream, stream->asked);
}

int cuEventCreate(Event **event, unsigned) {
    CALL
    *event = new Event();
    return SUCCESS;
}

int cuEventDestroy_v2(Event *event) {
    CALL
    delete event;
    return SUCCESS;
}

int cuEventRecord(Event *event, Stream *stream) {
    CALL
    if (stream->capturing) return CAPTURE_UNSUPPORTED;
    *event = {stream, stream->asked};
    return SUCCESS;
}

int cuEventSynchronize(Event *event) {
    CALL_THAT_WAITS
    return event->stream ? work(event->stream, event->position) : SUCCESS;
}

int cuEventQuery(Event *event) {
    CALL
    return !event->stream || event->stream->done >= event->position ? SUCCESS : NOT_READY;
}

int cuStreamWaitEvent(Stream *stream, Event *event, unsigned) {
    CALL
    Event now = *event;
    return now.stream ? later(stream, [=] { return work(now.stream, now.position); }) : SUCCESS;
}

// ── Kernels ──────────────────────────────────────────────────────────────────────────────────────

/// Reads from PTX which kernels there are and how many arguments each has: `.visible .entry NAME( // 7 arguments`.
int cuModuleLoadData(Module **module, const char *image) {
    CALL_THAT_WAITS
    if (*image == 0x7F) return NO_BINARY; // machine code
    static const std::string ENTRY = ".visible .entry ";
    std::string ptx = image;
    Module *loaded = new Module();
    for (size_t at = ptx.find(ENTRY); at != std::string::npos; at = ptx.find(ENTRY, at + 1)) {
        size_t begin = at + ENTRY.size(), end = ptx.find('(', begin);
        int arguments;
        if (sscanf(ptx.c_str() + end, "( // %d arguments", &arguments) != 1) return delete loaded, INVALID_IMAGE;
        std::string name = ptx.substr(begin, end - begin);
        loaded->functions[name] = {name, arguments, (int) PLAIN_SHARED};
    }
    *module = loaded;
    return SUCCESS;
}

int cuModuleUnload(Module *module) {
    CALL_THAT_WAITS
    if (work_off()) return failed;
    delete module;
    return SUCCESS;
}

int cuModuleGetFunction(Function **function, Module *module, const char *name) {
    CALL
    auto found = module->functions.find(name);
    if (found == module->functions.end()) return NOT_FOUND;
    *function = &found->second;
    return SUCCESS;
}

int cuFuncSetAttribute(Function *function, int which, int value) {
    CALL
    if (which != 8 || value > shared_bytes()) return INVALID_VALUE; // 8: the most dynamic shared memory
    function->shared_bytes = value;
    return SUCCESS;
}

int cuLaunchKernel(
    Function *function, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned, unsigned, unsigned shared_bytes,
    Stream *stream, void **parameters, void **) {
    CALL
    if (x == 0 || x > 0x7FFFFFFF || y == 0 || y > 65535 || z != 1 || threads == 0 || threads > 1024) return INVALID_VALUE;
    if (shared_bytes > (unsigned) function->shared_bytes) return INVALID_VALUE;
    Launch launch = {function, x, y, threads, shared_bytes, *(uint64_t **) parameters[0]};
    if (stream->capturing) {
        stream->capturing->push_back(launch);
        return SUCCESS;
    }
    return later(stream, [=] { return run(launch); });
}

// ── Graphs ───────────────────────────────────────────────────────────────────────────────────────

int cuStreamBeginCapture_v2(Stream *stream, int) {
    CALL_THAT_WAITS
    stream->capturing = new Graph();
    capturing = true;
    return SUCCESS;
}

int cuStreamEndCapture(Stream *stream, Graph **graph) {
    CALL
    *graph = stream->capturing;
    stream->capturing = nullptr;
    capturing = false;
    return *graph ? SUCCESS : INVALID_VALUE;
}

int cuGraphInstantiateWithFlags(Graph **ready, Graph *graph, unsigned long long) {
    CALL
    *ready = new Graph(*graph);
    return SUCCESS;
}

int cuGraphLaunch(Graph *graph, Stream *stream) {
    CALL
    return later(stream, [launches = *graph] {
        for (const Launch &launch : launches)
            if (int result = run(launch)) return result;
        return (int) SUCCESS;
    });
}

int cuGraphDestroy(Graph *graph) { return delete graph, SUCCESS; }
int cuGraphExecDestroy(Graph *graph) { return delete graph, SUCCESS; }
}
