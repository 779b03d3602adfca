package dev.merapi.cli;

import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/// A verb that a later version will have.
@Command(hidden = true)
final class LaterVerb extends Verb {
    @Spec
    CommandSpec spec;

    @Unmatched
    List<String> rest;

    LaterVerb(Console console) {
        super(console);
    }

    @Override
    public void run() {
        throw new UsageException(
                "verb " + spec.name() + " is not in this version; see merapi --help for those that are");
    }
}
