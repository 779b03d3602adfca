package dev.merapi.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The root command: knows the verbs.
@Command(
        name = "merapi",
        mixinStandardHelpOptions = true,
        version = "merapi " + Merapi.VERSION,
        synopsisSubcommandLabel = "VERB",
        description = "Fine-tunes and runs BERT models, in Java alone.",
        commandListHeading = "%nVerbs:%n",
        footer = "%nmerapi VERB --help describes a verb's options.")
final class Merapi implements Runnable {
    static final String VERSION = "0.1.0";

    @Spec
    CommandSpec spec;

    /// The command with all its verbs, on these streams.
    static CommandLine commandLine(Console console) {
        CommandLine line = new CommandLine(new Merapi());
        for (Verb verb : new Verb[] {
            new TokenizeVerb(console), new DoctorVerb(console),
        }) line.addSubcommand(verb);
        return line;
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "no verb given; expected one of " + String.join(", ", spec.subcommands().keySet()));
    }
}
