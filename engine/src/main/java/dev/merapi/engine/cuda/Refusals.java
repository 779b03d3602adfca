package dev.merapi.engine.cuda;

/// What the CUDA driver refuses, for people: what was asked, what came, and the remedy, in one line.
final class Refusals {
    static final int OLDEST_DRIVER = 12_000; // 1000·major + 10·minor: of CUDA 12.0, whose PTX the kernels are
    static final int LEAST_CAPABILITY = 80;
    static final String INSTEAD = " or use --device cpu";

    private static final String MEMORY = "free memory of the GPU and of the host, use smaller batches";
    private static final String DRIVER =
            "install NVIDIA's driver of CUDA 12.0 or newer, and start the machine anew after an update,";

    private Refusals() {}

    /// @param call   of the driver
    /// @param result its CUresult
    /// @param name   of the result
    /// @param text   the driver's own words for it; null: none
    static CudaException of(String call, int result, String name, String text) {
        String got = text == null ? name : name + " (" + text.strip().replaceAll("\\s+", " ") + ")";
        return new CudaException("cuda: " + call + ": expected success, got " + got + "; " + remedy(result) + INSTEAD);
    }

    private static String remedy(int result) {
        return switch (result) {
            case 2 -> MEMORY;
            case 3, 803, 804 -> DRIVER;
            case 34 -> "take the CUDA toolkit's stubs out of LD_LIBRARY_PATH, so that the driver's library is found";
            case 46, 805, 806, 807, 808, 809, 810 ->
                "wait until other processes have left the GPU (nvidia-smi shows them)";
            case 100, 101 -> "see whether nvidia-smi lists a GPU and CUDA_VISIBLE_DEVICES lets it through,";
            case 200, 218, 222, 300 -> "take the engine and its jar of the classifier cuda from one version, " + DRIVER;
            case 209 -> "take a GPU of compute capability 8.0 or newer";
            case 214, 220, 714, 802 -> "have the machine looked after: dmesg says what is wrong with the GPU;";
            case 700, 702, 710, 715, 716, 717, 718, 719 ->
                "what this process has on the GPU is lost, what was saved is not: start it anew, report the error,";
            case 701 -> "use shorter sequences, report the error,";
            default -> "merapi doctor says what there is; report the error";
        };
    }

    /// Why JCuda's library cannot be loaded.
    ///
    /// @param why all that the failure says
    static CudaException unloadable(String why, Throwable cause) {
        return new CudaException(
                why.contains("undefined symbol")
                        ? "cuda: the driver is too old for JCuda 12.6.0: expected one of CUDA 12.0 or newer; install it"
                                + INSTEAD
                        : why.contains("libcuda.so")
                                ? "cuda: no NVIDIA driver: libcuda.so.1 cannot be loaded; install the driver" + INSTEAD
                                : "cuda: JCuda's library cannot be loaded; put jcuda and jcuda-natives 12.6.0"
                                        + " (org.jcuda, linux-x86_64) on the class path" + INSTEAD,
                cause);
    }

    /// @param version that the driver says it is of
    static void requireDriver(int version) {
        if (version >= OLDEST_DRIVER) return;
        throw new CudaException("cuda: the driver is of CUDA " + version / 1000 + "." + version % 1000 / 10
                + ", expected 12.0 or newer; install a newer one" + INSTEAD);
    }

    /// @param count of the devices that the driver lets this process see
    static void requireDevice(int count) {
        if (count > 0) return;
        throw new CudaException("cuda: the driver sees no device, expected one; see whether nvidia-smi lists a GPU and"
                + " CUDA_VISIBLE_DEVICES lets it through," + INSTEAD);
    }

    /// @param capability 10·major + minor
    static void requireCapability(String device, int capability) {
        if (capability >= LEAST_CAPABILITY) return;
        throw new CudaException("cuda: " + device + " has compute capability " + capability / 10 + "." + capability % 10
                + ", expected at least 8.0 (Ampere, of 2020); take a newer GPU" + INSTEAD);
    }
}
