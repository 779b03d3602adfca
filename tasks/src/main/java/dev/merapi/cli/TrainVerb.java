package dev.merapi.cli;

import dev.merapi.data.Dataset;
import dev.merapi.engine.Device;
import dev.merapi.metrics.Evaluation;
import dev.merapi.tasks.FineTuning;
import dev.merapi.tasks.Pretrained;
import dev.merapi.train.BestBy;
import dev.merapi.train.Stop;
import dev.merapi.train.TrainEvent.End;
import dev.merapi.train.TrainListener;
import dev.merapi.train.TrainingSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `merapi train TASK`: fine-tunes, keeps the best evaluation's model.
@Command(
        name = "train",
        description = "Fine-tunes a model and keeps its best state in --output-dir.",
        footer = {"", "Ctrl-C and SIGTERM finish the step at hand and save the state; --resume-from-checkpoint goes on."
        })
final class TrainVerb extends Verb {
    @Mixin
    TaskArgument task;

    @Option(names = "--train", paramLabel = "FILE", required = true, description = "Examples to learn from.")
    Path train;

    @Option(
            names = "--dev",
            paramLabel = "FILE",
            description = "Examples to evaluate on; without them --split cuts some off.")
    Path dev;

    @Option(names = "--test", paramLabel = "FILE", description = "Examples to evaluate the kept model on.")
    Path test;

    @Option(
            names = "--output-dir",
            paramLabel = "FOLDER",
            required = true,
            description = "Becomes the folder of the best model.")
    Path outputDir;

    @Mixin
    ModelOption model;

    @Option(
            names = "--from-config",
            description = "Begin with random weights: of --model only config.json and the tokenizer are read.")
    boolean fromConfig;

    @Mixin
    DataOptions data;

    @Mixin
    TrainingOptions training;

    @Mixin
    TaskOptions options;

    @Mixin
    DeviceOptions device;

    @Mixin
    LoggingOptions logging;

    @Option(names = "--json", description = "JSON lines instead of columns.")
    boolean json;

    @Spec
    CommandSpec spec;

    private final Encoders encoders; // that several runs share; null: this is the only one

    TrainVerb(Console console, Encoders encoders) {
        super(console);
        this.encoders = encoders;
    }

    @Option(
            names = "--split",
            paramLabel = "A,B,…",
            split = ",",
            hideParamSyntax = true,
            showDefaultValue = Visibility.NEVER,
            description = "Cut --train by these shares into examples to learn from, to evaluate on and, where there"
                    + " are three, to test on; stratified by label. ordinal without --dev: 0.7,0.1,0.2, at random.")
    List<Double> split = List.of();

    @Option(
            names = "--folds",
            paramLabel = "K",
            description = "Train K models, each without one of K parts of --train, alike in their labels; predict these"
                    + " parts into oof.csv, and --test by all models into submission.csv. 0 for a single model.")
    int folds;

    @Option(
            names = "--grid",
            paramLabel = "FILE",
            description =
                    "JSON of options and lists of values; every combination is a run in --output-dir, and a row in"
                            + " its grid.csv.")
    Path grid;

    @Option(
            names = "--trials",
            paramLabel = "N",
            showDefaultValue = Visibility.NEVER,
            description =
                    "Random search: draw N of the grid's runs by --seed; its values may then also be distributions,"
                            + " {\"uniform\": [a, b]} or {\"loguniform\": [a, b]}.")
    Integer trials;

    @Option(names = "--resume-from-checkpoint", description = "Go on where a run with the same options was stopped.")
    boolean resume;

    @Override
    public void run() {
        options.check(task.task);
        TrainingSettings settings = training.settings();
        if (grid != null) {
            BestBy metric = settings.orBestBy(task.task.bestBy()).metricForBestModel();
            List<String> given = spec.root().commandLine().getParseResult().originalArgs();
            if (trials != null && trials < 1) throw new UsageException("--trials: expected at least 1, got " + trials);
            Grid runs = Grid.read(grid, trials == null ? 0 : trials, settings.seed());
            new GridRun(console, runs, given, outputDir, logging.loggingDir, metric, resume).run();
            return;
        }
        if (trials != null) throw new UsageException("--trials: expected --grid FILE beside it, got none; add it");
        if (folds != 0) {
            folds(settings);
            return;
        }
        List<TrainListener> listeners = new ArrayList<>();
        try (Stop stop = Stop.onTermination();
                Device device = this.device.open().warmUp();
                ProgressBars bars = new ProgressBars(console.err())) {
            TrainingData examples = TrainingData.read(task.task, data, train, dev, test, split, settings.seed());
            if (console.terminal()) listeners.add(bars);
            listeners.add(new TrainReport(console, json, logging.loggingSteps));
            FineTuning run = new FineTuning(
                    start(),
                    examples.train(),
                    examples.dev(),
                    settings,
                    outputDir,
                    resume,
                    device,
                    stop,
                    listeners,
                    logging.folder(outputDir));
            TaskOptions.Trained trained = options.train(task.task, run);
            boolean kept = trained.outcome().bestEpoch() > 0 && settings.trial().fastDevRun() == 0;
            boolean saved = kept
                    || trained.outcome().end() == End.COMPLETED
                            && settings.trial().fastDevRun() == 0;
            if (saved) examples.writeDown(outputDir);
            if (!json && kept) {
                trained.evaluation()
                        .ifPresent(evaluation ->
                                new EvaluationReport(evaluation).table().forEach(console::print));
                console.print("the report is " + outputDir.resolve("report.html"));
                console.print("the model is in " + outputDir);
            }
            if (examples.test() != null && trained.outcome().end() != End.STOPPED)
                report(trained.model().evaluate(examples.test()));
        }
    }

    private Pretrained start() {
        return encoders == null || fromConfig ? model.pretrained(fromConfig) : encoders.of(model);
    }

    private void report(Evaluation test) {
        EvaluationReport report = new EvaluationReport(test);
        if (json) {
            console.print(report.json().put("event", "test").toString());
            return;
        }
        console.print("on the test data:");
        report.table().forEach(console::print);
    }

    private void folds(TrainingSettings settings) {
        if (dev != null || !split.isEmpty())
            throw new UsageException("--folds: expected no --dev and no --split beside it; the folds are both");
        List<TrainListener> listeners = new ArrayList<>();
        try (Stop stop = Stop.onTermination();
                Device device = this.device.open().warmUp();
                ProgressBars bars = new ProgressBars(console.err())) {
            Dataset examples = data.readTraining(task.task, train);
            Dataset unseen = test == null ? null : data.read(task.task, test, examples.labels());
            if (console.terminal()) listeners.add(bars);
            listeners.add(new TrainReport(console, json, logging.loggingSteps));
            FineTuning run = new FineTuning(
                    start(),
                    examples,
                    examples,
                    settings,
                    outputDir,
                    resume,
                    device,
                    stop,
                    listeners,
                    logging.folder(outputDir));
            new FoldsTraining(console, json, folds).train(task.task, options, run, unseen);
        }
    }
}
