package dev.merapi.report;

import dev.merapi.engine.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/// What a run ran on, by name: what one needs to know to run it again.
///
/// @param findings in the order to show them in
public record Environment(Map<String, String> findings) {
    private static final Path CPUS = Path.of("/proc/cpuinfo");

    /// Of Merapi.
    public static final String VERSION = "0.1.0";

    public static Environment of(Device device) {
        Map<String, String> findings = new LinkedHashMap<>();
        findings.put("Merapi", VERSION);
        findings.put(
                "JDK",
                System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version") + ", "
                        + System.getProperty("java.vendor"));
        findings.put("kernels", device.kernels().name() + ": " + device.reason());
        findings.put("threads", device.threads() + " of " + Runtime.getRuntime().availableProcessors() + " processors");
        findings.put("processor", processor());
        findings.put(
                "system",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                        + System.getProperty("os.arch"));
        findings.put("heap", Html.format("at most %,d MB", Runtime.getRuntime().maxMemory() >> 20));
        return new Environment(findings);
    }

    /// What Linux calls the processor; elsewhere its kind.
    private static String processor() {
        String kind = System.getProperty("os.arch");
        if (!Files.isReadable(CPUS)) return kind;
        try (Stream<String> lines = Files.lines(CPUS)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(kind);
        } catch (IOException | UncheckedIOException e) {
            return kind;
        }
    }
}
