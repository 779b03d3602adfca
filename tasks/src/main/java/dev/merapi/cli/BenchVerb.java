package dev.merapi.cli;

import dev.merapi.engine.Device;
import dev.merapi.engine.Limits;
import dev.merapi.engine.kernel.ProfilingKernels;
import dev.merapi.nn.model.LoadOptions;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `merapi bench`: how fast this machine is, and how much of that is used.
@Command(
        name = "bench",
        description =
                "Measures this machine for a minute: its limits, matrix products, a model's inference and training.",
        footer = {
            "",
            "The limit is the processor's multiply-adds or the memory, whichever takes longer. Measure on an idle"
                    + " machine.",
            "--profile says instead which kernels a forward pass and a training step spend their time in.",
            "--dtype measures the forward pass with such weights, beside the same in float32, and no training."
        })
final class BenchVerb extends Verb {
    @Mixin
    ModelOption model;

    @Option(names = "--profile", description = "Where the time goes, by kernel.")
    boolean profile;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "16",
            description = "Sequences of a large batch; 1 is measured too.")
    int batchSize;

    @Option(names = "--length", paramLabel = "N", defaultValue = "128", description = "Tokens of each sequence.")
    int length;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "4",
            description = "For each figure, after half as long to warm up.")
    double seconds;

    @Mixin
    DtypeOption dtype;

    @Mixin
    DeviceOptions device;

    @Option(names = "--json", description = "JSON lines.")
    boolean json;

    BenchVerb(Console console) {
        super(console);
    }

    @Override
    public void run() {
        if (batchSize < 1 || length < 1)
            throw new UsageException(
                    "--batch-size, --length: expected at least 1, got " + batchSize + " and " + length);
        try (Device device = this.device.open()) {
            Limits limits = Limits.measure(device.threads());
            List<GemmSpeed.Row> products = profile ? List.of() : GemmSpeed.rows(device.kernels(), seconds / 16);
            limits = limits.or(Limits.measure(device.threads())); // something else may have run the first time
            print(BenchReport.machine(device, limits));
            for (GemmSpeed.Row row : products) print(BenchReport.product(row, limits));
            if (profile) profile(device, limits);
            else if (!dtype.isFloat32()) besideFloat32(device);
            else {
                double[] all = speeds(device);
                if (device.threads() > 1) scaling(device.threads(), products, all);
            }
        }
    }

    /// @return seconds of the large batch, forward and training
    private double[] speeds(Device device) {
        BenchModel bench = load(device, false);
        double[] large = new double[2];
        for (int[] size : new int[][] {{batchSize, length}, {1, length}, {1, Math.min(32, length)}}) {
            double time = bench.forward(size[0], size[1]).measure(seconds);
            if (large[0] == 0) large[0] = time;
            print(BenchReport.speed("forward", model, size, time));
        }
        BenchModel.Repeatable step = bench.training(batchSize, length);
        large[1] = step.measure(seconds);
        print(BenchReport.speed("training", model, new int[] {batchSize, length}, large[1]));
        print(BenchReport.allocation(step.allocatedBytes(), device.slabBytes()));
        return large;
    }

    /// Forward passes with weights of 16 bits and of 32, in turns.
    private void besideFloat32(Device device) {
        BenchModel whole = load(device, false), narrow = load(device, true);
        for (int[] size :
                new int[][] {{batchSize, length}, {1, length}, {1, Math.min(32, length)}, {1, Math.min(8, length)}}) {
            BenchModel.Repeatable a = whole.forward(size[0], size[1]), b = narrow.forward(size[0], size[1]);
            a.times(seconds / 2);
            b.times(seconds / 2);
            double[] float32 = new double[4], half = new double[4]; // medians of short turns: both see the same noise
            for (int turn = 0; turn < 4; turn++) {
                if (turn % 2 == 0) float32[turn] = BenchModel.median(a.times(seconds / 4));
                half[turn] = BenchModel.median(b.times(seconds / 4));
                if (turn % 2 == 1) float32[turn] = BenchModel.median(a.times(seconds / 4));
            }
            print(BenchReport.dtype(
                    dtype.dtype.toString(), model, size, BenchModel.median(half), BenchModel.median(float32)));
        }
    }

    /// The same on one thread: how many times faster are all of them?
    private void scaling(int threads, List<GemmSpeed.Row> products, double[] all) {
        try (Device device = Device.best(1)) {
            GemmSpeed.Row one = GemmSpeed.rows(device.kernels(), seconds / 16).getFirst();
            BenchModel bench = load(device, false);
            print(BenchReport.scaling(
                    threads,
                    products.getFirst().packed() / one.packed(),
                    bench.forward(batchSize, length).measure(seconds / 2) / all[0],
                    bench.training(batchSize, length).measure(seconds / 2) / all[1]));
        }
    }

    /// @param asTold in the type that the option names, else in float32
    private BenchModel load(Device device, boolean asTold) {
        LoadOptions options = LoadOptions.labels("a", "b", "c").device(device);
        return new BenchModel(model.load(asTold ? dtype.of(options, device) : options));
    }

    private void profile(Device device, Limits limits) {
        ProfilingKernels kernels = new ProfilingKernels(device.kernels());
        BenchModel bench = load(Device.of(kernels), true);
        int[] size = {batchSize, length};
        List<BenchReport.Work> works = new ArrayList<>();
        works.add(new BenchReport.Work("forward", bench.forward(batchSize, length)));
        if (dtype.isFloat32()) works.add(new BenchReport.Work("training", bench.training(batchSize, length)));
        for (BenchReport.Work work : works) {
            work.run().measure(seconds / 2);
            kernels.profile().clear();
            double[] times = work.run().times(seconds);
            print(BenchReport.speed(work.name(), model, size, BenchModel.median(times)));
            for (BenchReport.Line line : BenchReport.profile(kernels.profile(), times, limits)) print(line);
        }
    }

    private void print(BenchReport.Line line) {
        console.print(json ? line.json().toString() : line.text());
    }
}
