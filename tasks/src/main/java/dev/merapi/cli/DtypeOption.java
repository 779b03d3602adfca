package dev.merapi.cli;

import dev.merapi.engine.Device;
import dev.merapi.engine.kernel.Precision;
import dev.merapi.nn.model.LoadOptions;
import java.util.Locale;
import picocli.CommandLine.Option;

/// `--dtype`: in which numbers a model's weights are held where nothing is trained.
final class DtypeOption {
    /// Under the names that transformers has, and their abbreviations.
    enum Dtype {
        FLOAT32(Precision.FP32),
        BFLOAT16(Precision.BF16),
        FLOAT16(Precision.FP16);

        private final Precision precision;

        Dtype(Precision precision) {
            this.precision = precision;
        }

        static Dtype of(String name) {
            for (Dtype dtype : values())
                if (name.equalsIgnoreCase(dtype.name()) || name.equalsIgnoreCase(dtype.precision.name())) return dtype;
            throw new UsageException("--dtype: expected float32, bfloat16 or float16, got " + name);
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            defaultValue = "float32",
            description = "Hold the weights in float32, or in bfloat16 or float16: a half of the memory, faster for"
                    + " short texts, slightly other results. On a CPU.")
    Dtype dtype;

    LoadOptions load(Device device) {
        return of(LoadOptions.pretrained(), device);
    }

    /// The same options with this type.
    LoadOptions of(LoadOptions options, Device device) {
        if (!device.kernels().holds(dtype.precision))
            throw new UsageException(
                    "--dtype: expected float32 with --device cuda, got " + dtype + "; leave one of the options out");
        return options.device(device).dtype(dtype.precision);
    }

    boolean isFloat32() {
        return dtype == Dtype.FLOAT32;
    }
}
