package dev.merapi.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/// The run as CSV, a line a step (`step`), an epoch (`epoch`: the mean loss) and an evaluation (`eval`: on the
/// development
/// data); a cell that does not apply is empty.
public final class CsvLog implements TrainListener {
    /// The header, names in transformers' words.
    public static final String HEADER =
            "event,epoch,step,loss,learning_rate,grad_norm,rows,tokens,seconds,accuracy,micro_f1,macro_f1,weighted_f1";

    private static final int COLUMNS = HEADER.split(",").length;

    private final List<String> lines = new ArrayList<>(List.of(HEADER));

    /// A log of nothing but the header.
    public CsvLog() {}

    @Override
    public void on(TrainEvent event) {
        switch (event) {
            case TrainEvent.StepEnd step ->
                add(
                        "step",
                        step.epoch(),
                        step.step(),
                        step.loss(),
                        step.learningRate(),
                        step.gradientNorm(),
                        step.rows(),
                        step.tokens(),
                        rounded(step.seconds()));
            case TrainEvent.EpochEnd epoch ->
                add(
                        "epoch",
                        epoch.epoch(),
                        epoch.step(),
                        epoch.loss(),
                        "",
                        "",
                        "",
                        "",
                        rounded(epoch.speed().seconds()));
            case TrainEvent.Evaluated evaluated ->
                add(
                        "eval",
                        evaluated.epoch(),
                        evaluated.step(),
                        evaluated.metrics().loss(),
                        "",
                        "",
                        evaluated.metrics().rows(),
                        "",
                        rounded(evaluated.seconds()),
                        evaluated.metrics().accuracy(),
                        evaluated.metrics().microF1(),
                        evaluated.metrics().macroF1(),
                        evaluated.metrics().weightedF1());
            case TrainEvent.RunStart _, TrainEvent.CheckpointSaved _, TrainEvent.RunEnd _ -> {}
        }
    }

    private void add(Object... cells) {
        StringJoiner line = new StringJoiner(",");
        for (int i = 0; i < COLUMNS; i++) line.add(i < cells.length ? cells[i].toString() : "");
        lines.add(line.toString());
    }

    private static String rounded(double seconds) {
        return String.format(Locale.ROOT, "%.4f", seconds);
    }

    /// What happened so far.
    public String text() {
        return String.join("\n", lines) + "\n";
    }
}
