package dev.merapi.cli;

import dev.merapi.engine.Device;
import picocli.CommandLine.Option;

/// Where it is computed: `--device` and `--threads`.
final class DeviceOptions {
    enum Kind {
        CPU,
        CUDA
    }

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "cpu",
            description = "cpu, or cuda: the first NVIDIA GPU.")
    Kind kind;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute; without it, one a processor. The results do not depend on it.")
    Integer threads;

    Device open() {
        if (kind == Kind.CUDA) return Device.cuda();
        if (threads != null && threads < 1) throw new UsageException("--threads: expected at least 1, got " + threads);
        return threads == null ? Device.best() : Device.best(threads);
    }
}
