package dev.merapi.cli;

import dev.merapi.engine.Device;
import dev.merapi.engine.cuda.CudaException;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `merapi doctor`: what this machine offers, what of it is used, and why.
@Command(name = "doctor", description = "Says what this machine offers, which kernels were chosen, and why.")
final class DoctorVerb extends Verb {
    @Option(names = "--json", description = "One JSON line.")
    boolean json;

    DoctorVerb(Console console) {
        super(console);
    }

    @Override
    public void run() {
        Map<String, String> findings = new LinkedHashMap<>();
        Runtime runtime = Runtime.getRuntime();
        findings.put(
                "java", "%s, %s".formatted(System.getProperty("java.vm.version"), System.getProperty("java.vendor")));
        try (Device device = Device.best()) {
            findings.put("kernels", device.kernels().name());
            findings.put("threads", Integer.toString(device.threads()));
            findings.put("reason", device.reason());
        }
        findings.put(
                "system",
                "%s %s, %d processors"
                        .formatted(
                                System.getProperty("os.name"),
                                System.getProperty("os.arch"),
                                runtime.availableProcessors()));
        findings.put("heap", "at most %d MB".formatted(runtime.maxMemory() >> 20));
        findings.put("cuda", cuda());
        findings.put("merapi", Merapi.VERSION);
        if (json) {
            JsonLine line = new JsonLine();
            findings.forEach(line::put);
            console.print(line.toString());
        } else findings.forEach((name, value) -> console.print("%-8s %s".formatted(name, value)));
    }

    /// The GPU that `--device cuda` would use, or why there is none.
    private static String cuda() {
        try (Device device = Device.cuda()) {
            return device.kernels().name().replaceFirst("^cuda, ", "") + "; use it with --device cuda";
        } catch (CudaException e) {
            return "none: " + e.getMessage().replaceFirst("^cuda: ", "").replaceFirst("( or|;) use --device cpu$", "");
        }
    }
}
