package dev.merapi.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// What all verbs share: the console, `--help` and `--debug`.
@Command(mixinStandardHelpOptions = true, sortOptions = false, showDefaultValues = true)
abstract class Verb implements Runnable {
    final Console console;

    @Option(names = "--debug", description = "Print the stack trace of an error.")
    boolean debug;

    Verb(Console console) {
        this.console = console;
    }
}
