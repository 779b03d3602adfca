package dev.merapi.engine.cuda;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/// The driver through JCuda. Nothing of CUDA has to be installed but `libcuda.so.1`, which comes with NVIDIA's
/// driver. JCuda hides the numbers behind its objects; here the objects are kept in lists and the places in
/// them are the handles.
final class JCudaBinding implements Driver {
    private final CUdevice device = new CUdevice();
    private final CUcontext context = new CUcontext();
    private final CUstream stream = new CUstream(), mail = new CUstream(), replies = new CUstream();
    private final List<CUmodule> modules = new ArrayList<>();
    private final List<CUfunction> functions = new ArrayList<>();
    private final List<CUevent> events = new ArrayList<>();
    private final Map<ByteBuffer, Pointer> pinned = new IdentityHashMap<>();
    private final Map<Long, CUgraphExec> graphs = new HashMap<>();
    private long lastGraph;
    private final String name;
    private final long totalBytes;
    private final int multiprocessors, capability, sharedBytes;

    private JCudaBinding() {
        check("cuInit", JCudaDriver.cuInit(0));
        int[] number = new int[1];
        check("cuDriverGetVersion", JCudaDriver.cuDriverGetVersion(number));
        Refusals.requireDriver(number[0]);
        check("cuDeviceGetCount", JCudaDriver.cuDeviceGetCount(number));
        Refusals.requireDevice(number[0]);
        check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, 0));
        byte[] text = new byte[256];
        check("cuDeviceGetName", JCudaDriver.cuDeviceGetName(text, text.length, device));
        name = new String(text, StandardCharsets.UTF_8).split("\0", 2)[0];
        capability = 10 * attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
                + attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        Refusals.requireCapability(name, capability);
        long[] bytes = new long[1];
        check("cuDeviceTotalMem", JCudaDriver.cuDeviceTotalMem(bytes, device));
        totalBytes = bytes[0];
        multiprocessors = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
        sharedBytes = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
        check("cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
        try {
            bind();
            for (CUstream each : new CUstream[] {stream, mail, replies})
                check("cuStreamCreate", JCudaDriver.cuStreamCreate(each, CUstream_flags.CU_STREAM_NON_BLOCKING));
        } catch (CudaException e) {
            JCudaDriver.cuDevicePrimaryCtxRelease(device);
            throw e;
        }
    }

    /// The first device.
    ///
    /// @throws CudaException if there is none, or no driver
    static Driver open() {
        try {
            JCudaDriver.setExceptionsEnabled(false);
        } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
            if (e.getMessage().startsWith("jcuda/")) throw e; // no JCuda at all
            throw Refusals.unloadable(e.getMessage() + e.getCause(), e); // a second attempt repeats why as its cause
        }
        return new JCudaBinding();
    }

    @Override
    public String device() {
        return name;
    }

    @Override
    public long totalBytes() {
        return totalBytes;
    }

    @Override
    public int multiprocessors() {
        return multiprocessors;
    }

    @Override
    public int capability() {
        return capability;
    }

    @Override
    public int sharedBytes() {
        return sharedBytes;
    }

    private int attribute(int which) {
        int[] value = new int[1];
        check("cuDeviceGetAttribute", JCudaDriver.cuDeviceGetAttribute(value, which, device));
        return value[0];
    }

    // ── Memory ───────────────────────────────────────────────────────────────────────────────────

    @Override
    public long allocate(long bytes) {
        bind();
        Allocation allocation = new Allocation();
        int result = JCudaDriver.cuMemAlloc(allocation, bytes);
        if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY) return 0;
        check("cuMemAlloc", result);
        return allocation.address();
    }

    @Override
    public void free(long address) {
        bind();
        check("cuMemFree", JCudaDriver.cuMemFree(at(address)));
    }

    @Override
    public ByteBuffer pinned(int bytes) {
        bind();
        Pointer pointer = new Pointer();
        check("cuMemAllocHost", JCudaDriver.cuMemAllocHost(pointer, bytes));
        ByteBuffer buffer = pointer.getByteBuffer(0, bytes);
        synchronized (pinned) {
            pinned.put(buffer, pointer);
        }
        return buffer;
    }

    @Override
    public void freePinned(ByteBuffer buffer) {
        bind();
        check("cuMemFreeHost", JCudaDriver.cuMemFreeHost(pointer(buffer)));
        synchronized (pinned) {
            pinned.remove(buffer);
        }
    }

    @Override
    public void upload(long to, ByteBuffer from, long bytes) {
        bind();
        check("cuMemcpyHtoDAsync", JCudaDriver.cuMemcpyHtoDAsync(at(to), pointer(from), bytes, stream));
    }

    @Override
    public void mail(long to, ByteBuffer from, int at, int bytes) {
        bind();
        Pointer begin = pointer(from).withByteOffset(at);
        check("cuMemcpyHtoDAsync", JCudaDriver.cuMemcpyHtoDAsync(at(to), begin, bytes, mail));
    }

    @Override
    public void copy(long to, long from, long bytes) {
        bind();
        check("cuMemcpyDtoDAsync", JCudaDriver.cuMemcpyDtoDAsync(at(to), at(from), bytes, stream));
    }

    @Override
    public void reply(ByteBuffer to, int at, long from, int bytes) {
        bind();
        Pointer begin = pointer(to).withByteOffset(at);
        check("cuMemcpyDtoHAsync", JCudaDriver.cuMemcpyDtoHAsync(begin, at(from), bytes, replies));
    }

    private Pointer pointer(ByteBuffer buffer) {
        synchronized (pinned) {
            return pinned.get(buffer);
        }
    }

    /// The device's address as JCuda wants it.
    private static CUdeviceptr at(long address) {
        return new CUdeviceptr().withByteOffset(address);
    }

    /// JCuda shows an address to subclasses only.
    private static final class Allocation extends CUdeviceptr {
        long address() {
            return getNativePointer() + getByteOffset();
        }
    }

    // ── The stream ───────────────────────────────────────────────────────────────────────────────

    @Override
    public void synchronize() {
        bind();
        check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize(stream));
    }

    @Override
    public synchronized long newEvent() {
        bind();
        CUevent event = new CUevent();
        check("cuEventCreate", JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING));
        events.add(event);
        return events.size() - 1;
    }

    @Override
    public void record(long event) {
        bind();
        check("cuEventRecord", JCudaDriver.cuEventRecord(event(event), stream));
    }

    @Override
    public void await(long event) {
        bind();
        check("cuEventSynchronize", JCudaDriver.cuEventSynchronize(event(event)));
    }

    @Override
    public void awaitMail(long event) {
        bind();
        check("cuEventRecord", JCudaDriver.cuEventRecord(event(event), mail));
        check("cuStreamWaitEvent", JCudaDriver.cuStreamWaitEvent(stream, event(event), 0));
    }

    @Override
    public void awaitLaunches(long event) {
        bind();
        check("cuEventRecord", JCudaDriver.cuEventRecord(event(event), stream));
        check("cuStreamWaitEvent", JCudaDriver.cuStreamWaitEvent(replies, event(event), 0));
    }

    @Override
    public void recordReply(long event) {
        bind();
        check("cuEventRecord", JCudaDriver.cuEventRecord(event(event), replies));
    }

    private synchronized CUevent event(long handle) {
        return events.get((int) handle);
    }

    // ── Kernels ──────────────────────────────────────────────────────────────────────────────────

    @Override
    public synchronized long module(byte[] image) {
        bind();
        CUmodule module = new CUmodule();
        byte[] terminated = Arrays.copyOf(image, image.length + 1); // text ends with a zero
        check("cuModuleLoadData", JCudaDriver.cuModuleLoadData(module, terminated));
        modules.add(module);
        return modules.size() - 1;
    }

    @Override
    public synchronized long function(long module, String kernel) {
        bind();
        CUfunction function = new CUfunction();
        check(
                "cuModuleGetFunction of " + kernel,
                JCudaDriver.cuModuleGetFunction(function, modules.get((int) module), kernel));
        functions.add(function);
        return functions.size() - 1;
    }

    @Override
    public void allowShared(long function, int bytes) {
        bind();
        int attribute = CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        check("cuFuncSetAttribute", JCudaDriver.cuFuncSetAttribute(function(function), attribute, bytes));
    }

    @Override
    public void launch(long function, Grid grid, long call) {
        bind();
        Pointer parameters = Pointer.to(Pointer.to(new long[] {call}));
        check(
                "cuLaunchKernel",
                JCudaDriver.cuLaunchKernel(
                        function(function),
                        grid.x(),
                        grid.y(),
                        1,
                        grid.threads(),
                        1,
                        1,
                        grid.sharedBytes(),
                        stream,
                        parameters,
                        null));
    }

    // ── Graphs ───────────────────────────────────────────────────────────────────────────────────

    @Override
    public void beginCapture() {
        bind();
        int mode = CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL; // other threads may allocate meanwhile
        check("cuStreamBeginCapture", JCudaDriver.cuStreamBeginCapture(stream, mode));
    }

    @Override
    public long endCapture() {
        bind();
        CUgraph graph = new CUgraph();
        check("cuStreamEndCapture", JCudaDriver.cuStreamEndCapture(stream, graph));
        CUgraphExec ready = new CUgraphExec();
        int result = JCudaDriver.cuGraphInstantiate(ready, graph, 0);
        JCudaDriver.cuGraphDestroy(graph);
        check("cuGraphInstantiate", result);
        synchronized (graphs) {
            graphs.put(++lastGraph, ready);
            return lastGraph;
        }
    }

    @Override
    public void launchGraph(long graph) {
        bind();
        check("cuGraphLaunch", JCudaDriver.cuGraphLaunch(graph(graph), stream));
    }

    @Override
    public void freeGraph(long graph) {
        bind();
        check("cuGraphExecDestroy", JCudaDriver.cuGraphExecDestroy(graph(graph)));
        synchronized (graphs) {
            graphs.remove(graph);
        }
    }

    private CUgraphExec graph(long handle) {
        synchronized (graphs) {
            return graphs.get(handle);
        }
    }

    private synchronized CUfunction function(long handle) {
        return functions.get((int) handle);
    }

    /// A context belongs to a thread until it takes another.
    private void bind() {
        check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent(context));
    }

    private static void check(String what, int result) {
        if (result == CUresult.CUDA_SUCCESS) return;
        String[] text = new String[1];
        JCudaDriver.cuGetErrorString(result, text);
        throw Refusals.of(what, result, CUresult.stringFor(result), text[0]);
    }

    @Override
    public synchronized void close() {
        bind();
        for (CUgraphExec graph : graphs.values()) JCudaDriver.cuGraphExecDestroy(graph);
        for (CUevent event : events) JCudaDriver.cuEventDestroy(event);
        for (CUmodule module : modules) JCudaDriver.cuModuleUnload(module);
        JCudaDriver.cuStreamDestroy(replies);
        JCudaDriver.cuStreamDestroy(mail);
        JCudaDriver.cuStreamDestroy(stream);
        JCudaDriver.cuDevicePrimaryCtxRelease(device);
    }
}
