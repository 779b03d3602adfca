package dev.merapi.cli;

import dev.merapi.nn.model.Pooling;
import dev.merapi.report.Environment;
import dev.merapi.tasks.OrdinalRegression;
import dev.merapi.tokenizer.Truncation;
import dev.merapi.train.BestBy;
import dev.merapi.train.OptimizerType;
import dev.merapi.train.SchedulerType;
import java.util.List;
import java.util.Map;
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
    static final String VERSION = Environment.VERSION;

    @Spec
    CommandSpec spec;

    /// The command with all its verbs, on these streams.
    ///
    /// @param encoders that trainings share; null for none
    static CommandLine commandLine(Console console, Encoders encoders) {
        CommandLine line = new CommandLine(new Merapi());
        for (Verb verb : new Verb[] {
            new DemoVerb(console),
            new TrainVerb(console, encoders),
            new EvaluateVerb(console),
            new PredictVerb(console),
            new ForwardVerb(console),
            new EmbedVerb(console),
            new TokenizeVerb(console),
            new InspectVerb(console),
            new ConvertVerb(console),
            new DownloadVerb(console),
            new BenchVerb(console),
            new DoctorVerb(console),
        }) line.addSubcommand(verb);
        line.registerConverter(Task.class, new Kebab<>(Task.class));
        line.registerConverter(Truncation.class, new Kebab<>(Truncation.class));
        line.registerConverter(SchedulerType.class, new Kebab<>(SchedulerType.class));
        line.registerConverter(OptimizerType.class, new Kebab<>(OptimizerType.class));
        line.registerConverter(OrdinalRegression.Method.class, new Kebab<>(OrdinalRegression.Method.class));
        line.registerConverter(BestBy.class, new Kebab<>(BestBy.class));
        line.registerConverter(DataOptions.Format.class, new Kebab<>(DataOptions.Format.class));
        line.registerConverter(Pooling.Mode.class, new Kebab<>(Pooling.Mode.class));
        line.registerConverter(LoggingOptions.ReportTo.class, new Kebab<>(LoggingOptions.ReportTo.class));
        line.registerConverter(ConvertVerb.Floats.class, new Kebab<>(ConvertVerb.Floats.class));
        line.registerConverter(DtypeOption.Dtype.class, DtypeOption.Dtype::of);
        line.registerConverter(DeviceOptions.Kind.class, new Kebab<>(DeviceOptions.Kind.class));
        return line;
    }

    @Override
    public void run() {
        List<String> verbs = spec.subcommands().entrySet().stream()
                .filter(verb -> !verb.getValue().getCommandSpec().usageMessage().hidden())
                .map(Map.Entry::getKey)
                .toList();
        throw new ParameterException(spec.commandLine(), "no verb given; expected one of " + String.join(", ", verbs));
    }
}
