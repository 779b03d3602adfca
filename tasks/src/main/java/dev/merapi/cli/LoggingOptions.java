package dev.merapi.cli;

import java.nio.file.Path;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/// Where a training reports to beside standard output.
final class LoggingOptions {
    /// Who is told.
    enum ReportTo {
        NONE,
        TENSORBOARD
    }

    @Option(names = "--logging-steps", paramLabel = "N", description = "A line after every so many steps; 0 for none.")
    int loggingSteps;

    @Option(
            names = "--report-to",
            paramLabel = "WHOM",
            showDefaultValue = Visibility.NEVER,
            description = "none (the default) or tensorboard: also write event files that TensorBoard reads.")
    ReportTo reportTo;

    @Option(
            names = "--logging-dir",
            paramLabel = "FOLDER",
            description = "Of TensorBoard's event files; it turns them on. Else they are in <output-dir>-run/events.")
    Path loggingDir;

    /// Of event files; null for none.
    Path folder(Path outputDir) {
        if (reportTo == ReportTo.NONE && loggingDir != null)
            throw new UsageException("--logging-dir: expected no --report-to none beside it; leave one out");
        if (loggingDir != null) return loggingDir;
        if (reportTo != ReportTo.TENSORBOARD) return null;
        Path folder = outputDir.toAbsolutePath().normalize();
        return folder.resolveSibling(folder.getFileName() + "-run").resolve("events");
    }
}
