package dev.merapi.cli;

import dev.merapi.train.SettingsException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/// Runs a command line. Whatever goes wrong becomes one line, `merapi: what, expected, got, remedy`, and an
/// exit code: 0 done, 1 failed, 2 wrong usage.
public final class Main {
    private static final int DONE = 0;
    private static final int FAILED = 1;
    private static final int WRONG_USAGE = 2;

    private Main() {}

    public static void main(String[] args) {
        System.exit(run(Console.ofProcess(), args));
    }

    static int run(Console console, String... args) {
        return run(console, Merapi.commandLine(console, null), args);
    }

    static int run(Console console, CommandLine line, String... args) {
        line.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8));
        line.setColorScheme(Help.defaultColorScheme(console.terminal() ? Help.Ansi.AUTO : Help.Ansi.OFF));
        line.setParameterExceptionHandler((e, unused) -> wrongUsage(e, console));
        line.setExecutionExceptionHandler((e, command, parsed) -> failed(e, debug(parsed), console));
        try {
            return line.execute(args);
        } catch (OutOfMemoryError e) {
            long megabytes = Runtime.getRuntime().maxMemory() >> 20;
            report(
                    console,
                    "out of memory, the heap has " + megabytes + " MB; take smaller batches or a smaller --max-length,"
                            + " or give more with MERAPI_JAVA_OPTIONS=-Xmx…");
            return FAILED;
        }
    }

    private static boolean debug(ParseResult parsed) {
        return parsed.asCommandLineList().getLast().getCommand() instanceof Verb verb && verb.debug;
    }

    private static int wrongUsage(ParameterException e, Console console) {
        CommandLine command = e.getCommandLine();
        List<String> similar = e instanceof UnmatchedArgumentException u ? u.getSuggestions() : List.of();
        String meant = similar.isEmpty() ? "" : "; did you mean " + similar.getFirst() + "?";
        report(
                console,
                e.getMessage() + meant + "; see " + command.getCommandSpec().qualifiedName() + " --help");
        return WRONG_USAGE;
    }

    private static int failed(Exception e, boolean debug, Console console) {
        if (e instanceof Console.Closed) return DONE;
        if (e instanceof ParameterException parameter) return wrongUsage(parameter, console);
        report(console, explain(e));
        if (debug) e.printStackTrace(console.err());
        return e instanceof UsageException || e instanceof SettingsException ? WRONG_USAGE : FAILED;
    }

    /// Our own exceptions and those of the libraries' contracts explain themselves; for others the kind and the
    /// place.
    private static String explain(Exception e) {
        if (e instanceof UncheckedIOException) return e.getMessage() + "; check the path and the room on the disk";
        if (e.getMessage() != null && (e instanceof IllegalArgumentException || isOurs(e))) return e.getMessage();
        StackTraceElement[] trace = e.getStackTrace();
        return "internal error, " + e + (trace.length == 0 ? "" : " at " + trace[0])
                + "; please report it with what --debug prints";
    }

    private static boolean isOurs(Exception e) {
        return e.getClass().getName().startsWith("dev.merapi.");
    }

    private static void report(Console console, String message) {
        console.err()
                .append("merapi: ")
                .append(message.strip().replaceAll("\\s*\\R\\s*", " "))
                .append('\n');
        console.err().flush();
    }
}
